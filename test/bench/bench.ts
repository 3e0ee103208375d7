/**
 * `npm run bench [-- --rounds N --seconds N --only NAME,NAME --json FILE]`: the same two sites carried by plain
 * routing, wireguard-go and Causeway, interleaved round by round, as medians with the least and the greatest; and
 * the dataplane alone, in memory (`--only memory`).
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describeSites } from '../lab/description.ts'
import { openLab } from '../lab/lab.ts'
import { type Carrier, causeway, plainRouting, rival, wireguardGo } from './carriers.ts'
import { inMemoryTable, measureInMemory } from './in-memory.ts'
import { type Effort, type Frames, measureCarrier } from './measure.ts'
import { type Sample, tables } from './report.ts'
import { wireguardBinary } from './wireguard-binary.ts'

const pings = 300
const caveat = `
What the figures mean: both gateways, both hosts and iperf3 share this machine's cores, so throughput is
what one machine can do for all of them together, and only the ratios of paired rounds travel to other
machines. CPU is user and system time of the gateways' processes (both sites), without the kernel's
softirq work, divided by what arrived. RTT is of an idle link. They say nothing about real NICs, loss,
delay, many flows or many peers. GRO of a gateway's WAN NIC is off, as veth has it; Causeway's own set-up turns
it on, and "+ GRO" is wireguard-go given the same.`

const memoryRounds = 101
const memoryCaveat = `
The in-memory half runs one packet a buffer, of 512 UDP flows over 1,000 routes and 200 neighbours, from a port in
memory to a port in memory: classify, route, seal, tx, or overlay, open, route, tx. Bytes are those of the inner packet.
It counts this thread's CPU time, and says nothing about NICs, their drivers, caches that other work has emptied, or
trains. "AEAD" is the bare cipher over as many bytes, "loop" copy + headers + cipher, without a graph.`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
})

async function carriers(): Promise<Carrier[]> {
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

const only = values.only?.split(',')
if (only === undefined || only.includes('memory')) {
  console.log(`${inMemoryTable(await measureInMemory(memoryRounds))}\n${memoryCaveat}\n`)
}
const effort = { tcpSeconds: Number(values.seconds), pings }
const samples: Sample[] = []
const compared = await carriers()
for (let round = 1; round <= Number(values.rounds); round++) {
  // Every other round runs backwards, so that a drift of the machine favours nobody.
  const order = round % 2 === 1 ? compared : compared.toReversed()
  for (const carrier of order) samples.push(...(await sample(carrier, round, effort)))
}
if (samples.length > 0) console.log(`\n${tables(samples, rival)}\n${caveat}`)
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(samples, null, 2))
