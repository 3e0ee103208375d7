/**
 * `npm run bench [-- --rounds N --seconds N --only NAME,NAME --json FILE]`: the same two sites carried by plain
 * routing, wireguard-go and Causeway, interleaved round by round, as medians with the least and the greatest; and
 * the dataplane alone, in memory (`--only memory`). `npm run bench -- qos`: a call and bulk on a full link, beside HTB and TBF.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describeSites } from '../lab/description.ts'
import { openLab } from '../lab/lab.ts'
import { type Carrier, causeway, plainRouting, rival, wireguardGo } from './carriers.ts'
import { inMemoryTable, measureInMemory } from './in-memory.ts'
import { type Effort, type Frames, measureCarrier } from './measure.ts'
import { measureQos, qosTable } from './qos.ts'
import { qosPeers } from './qos-peers.ts'
import { type Sample, tables } from './report.ts'
import { wireguardBinary } from './wireguard-binary.ts'

const pings = 300
const tcpSeconds = 5
const caveat = `
What the figures mean: both gateways, both hosts and iperf3 share this machine's cores, so throughput is
what one machine can do for all of them together, and only the ratios of paired rounds travel to other
machines. CPU is user and system time of the gateways' processes (both sites), without the kernel's
softirq work, divided by what arrived. RTT is of an idle link. They say nothing about real NICs, loss,
delay, many flows or many peers. GRO of a gateway's WAN NIC is off, as veth has it; Causeway's own set-up turns
it on, and "+ GRO" is wireguard-go given the same.`

const qosCaveat = `
What the figures mean: an emulated link of 10 Mbit/s, 5 ms and 400 ms of queue, which 8 TCP connections and a UDP stream of 15 Mbit/s
fill, all marked CS1, while a call of 50 packets of 200 bytes a second, marked EF, crosses it. Delays are the call's, beyond the median
on the idle link; "link" is all frames that left it, "TCP" what the connections' receivers got, both of 10 Mbit/s. "In clear" is the kernel
as a router without a tunnel: nothing is added to its packets, and it sees their DSCP. Medians of the rounds, in which all take turns.
They say nothing about real modems, links whose rate changes, or how many packets a second either could handle.`
const qosEffort = { rounds: 3, busySeconds: 20, idleSeconds: 5 }

const memoryRounds = 101
const memoryCaveat = `
The in-memory half runs one packet a buffer, of 512 UDP flows over 1,000 routes and 200 neighbours, from a port in
memory to a port in memory: classify, route, seal, tx, or overlay, open, route, tx. Bytes are those of the inner packet.
It counts this thread's CPU time, and says nothing about NICs, their drivers, caches that other work has emptied, or
trains. "AEAD" is the bare cipher over as many bytes, "loop" copy + headers + cipher, without a graph.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
})

async function carriers(only: readonly string[] | undefined): Promise<Carrier[]> {
  const all: Readonly<Record<string, () => Promise<Carrier>>> = {
    plain: async () => plainRouting,
    'wireguard-2022': async () =>
      wireguardGo('wireguard-go 2022', await wireguardBinary('bookworm')),
    'wireguard-2023': async () => wireguardGo(rival, await wireguardBinary('trixie')),
    'wireguard-2023-gro': async () =>
      wireguardGo(`${rival} + GRO`, await wireguardBinary('trixie'), 'on'),
    causeway: async () => causeway,
  }
  const names = only?.filter((name) => name !== 'memory') ?? Object.keys(all)
  return Promise.all(
    names.map((name) => {
      const make = all[name]
      if (make === undefined) throw new Error(`no such carrier: ${name}`)
      return make()
    }),
  )
}

async function sample(carrier: Carrier, round: number, effort: Effort): Promise<Sample[]> {
  await using lab = await openLab(describeSites(2))
  const measured = await measureCarrier(lab, carrier, effort)
  return (['veth', 'real'] as const satisfies readonly Frames[]).map((frames) => {
    const figures = measured[frames]!
    const { gbitPerSecond, rttP50Ms } = figures
    const line = `${gbitPerSecond.toFixed(2)} Gbit/s, RTT ${rttP50Ms} ms`
    console.error(`round ${round}  ${carrier.name.padEnd(18)} ${frames}  ${line}`)
    return { carrier: carrier.name, round, frames, figures }
  })
}

async function compareQos(): Promise<void> {
  const peers = qosPeers()
  const busySeconds = Number(values.seconds ?? qosEffort.busySeconds)
  const effort = { ...qosEffort, rounds: Number(values.rounds), busySeconds }
  const samples = await measureQos(peers, effort, ({ peer, round, figures }) => {
    const { p95Ms, linkShare } = figures
    const line = `call ${p95Ms.toFixed(1)} ms, link ${(linkShare * 100).toFixed(1)} %`
    console.error(`round ${round}  ${peer}: ${line}`)
  })
  console.log(`\n${qosTable(samples, peers)}\n${qosCaveat}`)
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(samples, null, 2))
}

async function compareCarriers(only: readonly string[] | undefined): Promise<void> {
  if (only === undefined || only.includes('memory')) {
    console.log(`${inMemoryTable(await measureInMemory(memoryRounds))}\n${memoryCaveat}\n`)
  }
  const effort = { tcpSeconds: Number(values.seconds ?? tcpSeconds), pings }
  const samples: Sample[] = []
  const compared = await carriers(only)
  for (let round = 1; round <= Number(values.rounds); round++) {
    // Every other round runs backwards, so that a drift of the machine favours nobody.
    const order = round % 2 === 1 ? compared : compared.toReversed()
    for (const carrier of order) samples.push(...(await sample(carrier, round, effort)))
  }
  if (samples.length > 0) console.log(`\n${tables(samples, rival)}\n${caveat}`)
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(samples, null, 2))
}

const [what] = positionals
if (what === 'qos') await compareQos()
else if (what === undefined) await compareCarriers(values.only?.split(','))
else throw new Error(`no such bench: ${what}`)
