/**
 * A flood of handshakes, as much as this machine sends, and junk: established traffic goes on, the gateway process does
 * a bounded amount of work, and a new session comes up all the same. The senders sit in the internet and forge their
 * addresses; initiations have a right mac1, so that nothing but rates and cookies stands in their way.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { mac1Key } from '../../../firmware/wire/handshake.ts'
import { startCapture } from '../../lab/capture.ts'
import { bare, describeSites } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import {
  awaitReachable,
  hostAddress,
  ping,
  type StreamAccount,
  sendStream,
} from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { datagramOf } from '../../lab/pcap.ts'
import type { Program } from '../../lab/program.ts'
import { freshDrops } from '../../lab/status.ts'
import { type Check, fullTarget, type Line, mostIn } from '../line.ts'

const ratePps = 2_000
const payloadBytes = 200
/** The short form shows that all of it works, on a machine that does other things as well; the whole one how much. */
const quickPps = 10_000
const overlayPort = 51820
const leastShare = 0.9
const mostCpu = 0.4
const leastRefused = 5_000
const newSessionMs = 30_000
const floodSeconds = 60
const floodProgram = join(import.meta.dirname, '../../../native/out/test/flood')
const ticksPerSecond = 100

interface Flooded {
  readonly sent: number
  readonly refused: number
  readonly ms: number
}

/** What established traffic came to, and how much of a core the two processes took meanwhile. */
interface Passage {
  readonly account: StreamAccount
  readonly gatewayCpu: number
  readonly datapathCpu: number
}

/** What the rounds came to. */
interface Found {
  readonly calm: readonly Passage[]
  readonly stormy: readonly Passage[]
  readonly floods: readonly Flooded[]
  readonly junked: Passage
  readonly junkFlood: Flooded
  readonly newMs: number
  readonly reasons: Readonly<Record<string, number>>
}

export const flood: Line = {
  name: 'flood',
  title: 'a flood of handshakes and junk: established traffic ≥ 90 %, bounded work, new sessions',
  faults: {
    'lossy-path': 'established traffic, handshake flood',
    'busy-gateway': 'CPU of the gateway process',
    'no-handshakes': 'a new session',
    'weak-flood': 'flood of handshakes',
  },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openLab(describeSites(3))
    await lab.start()
    const [target, from, other] = lab.sites.map(({ name }) => name) as [string, string, string]
    await awaitReachable(lab, from, target)
    await awaitReachable(lab, other, target)
    const recording = await record(lab, from, target)
    const { gateway } = lab.processes.get(target)!
    const spinner = fault === 'busy-gateway' ? [spin(lab, target)] : []
    const gatewayPids = [gateway.pid, ...spinner]
    const seconds = isQuick ? 1.5 : 10
    const pps = isQuick ? quickPps : 0
    const floods: Flooded[] = []
    const calm: Passage[] = []
    const stormy: Passage[] = []
    for (let round = 0; round < (isQuick ? 1 : 3); round++) {
      calm.push(await pass(lab, from, target, seconds, gatewayPids))
      const kinds = fault === 'weak-flood' ? 'j' : 'sssosr'
      await using flooding = await startFlood(lab, target, { kinds, pps, recording })
      if (fault === 'lossy-path' && round === 0) await losePackets(lab)
      stormy.push(await pass(lab, from, target, seconds, gatewayPids))
      floods.push(await floodedBy(flooding, true))
      await settle(lab, from, target)
    }
    const { reasons } = await freshDrops(lab, target)
    const junkOnly = { kinds: 'j', count: isQuick ? 4e4 : 1e6, pps: 2 * pps, recording }
    const junk = await startFlood(lab, target, junkOnly)
    const junked = await pass(lab, from, target, seconds, gatewayPids)
    const junkFlood = await floodedBy(junk)
    await settle(lab, from, target)
    const wanted = { kinds: 's', pps, recording }
    const newMs = await timeNewSession(lab, other, target, wanted, fault === 'no-handshakes')
    rmSync(recording, { force: true })
    return verdict(isQuick, { calm, stormy, floods, junked, junkFlood, newMs, reasons })
  },
}

function verdict(isQuick: boolean, found: Found): Check[] {
  const { calm, stormy, floods, junked, junkFlood, newMs, reasons } = found
  const base = shareOf(calm)
  const mostOf = (passages: readonly Passage[], key: 'gatewayCpu' | 'datapathCpu'): number =>
    Math.max(...passages.map((one) => one[key]))
  const kpps = (list: readonly Flooded[]): string =>
    list.map(({ sent, ms }) => (sent / ms).toFixed(0)).join(', ')
  const [cookies = 0, ...others] = ['cookie', 'source', 'rate'].map(
    (reason) => reasons[`handshake_${reason}`] ?? 0,
  )
  const refused = others.reduce((sum, count) => sum + count, cookies)
  const share = (passages: readonly Passage[]): Pick<Check, 'target' | 'figure' | 'isOk'> => {
    const kept = shareOf(passages) / base
    return {
      target: `≥ ${leastShare * 100} % of what arrives without`,
      figure: `${(kept * 100).toFixed(2)} % (without: ${(base * 100).toFixed(2)} % delivered)`,
      isOk: base > 0.5 && kept >= leastShare,
    }
  }
  const most = mostIn(isQuick, mostCpu)
  const cpu = (name: string, passages: readonly Passage[], more: string): Check => ({
    check: `CPU of the gateway process, ${name}`,
    target: `≤ ${most * 100} % of a core${fullTarget(isQuick, `≤ ${mostCpu * 100} %`)}`,
    figure: `${percent(mostOf(passages, 'gatewayCpu'))} (datapath ${percent(mostOf(passages, 'datapathCpu'))}); ${more}`,
    isOk: mostOf(passages, 'gatewayCpu') <= most,
  })
  return [
    {
      check: 'flood of handshakes, turned away by rates and cookies',
      target: `> ${leastRefused}`,
      figure: `${refused}; sent at ${kpps(floods)} kpps; cookies ${cookies}`,
      isOk: refused > leastRefused && cookies > 0,
    },
    { check: 'established traffic, handshake flood', ...share(stormy) },
    cpu('handshake flood', stormy, `calm ${percent(mostOf(calm, 'gatewayCpu'))}`),
    { check: `established traffic, ${junkFlood.sent} datagrams of junk`, ...share([junked]) },
    cpu('junk', [junked], `${kpps([junkFlood])} kpps`),
    {
      check: 'a new session comes up during the flood',
      target: `≤ ${newSessionMs / 1000} s`,
      figure: Number.isFinite(newMs) ? `${(newMs / 1000).toFixed(1)} s` : 'not at all',
      isOk: newMs <= newSessionMs,
    },
  ]
}

function shareOf(passages: readonly Passage[]): number {
  const sum = (pick: (account: StreamAccount) => number): number =>
    passages.reduce((total, { account }) => total + pick(account), 0)
  return sum(({ delivered }) => delivered) / sum(({ sent }) => sent)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** Sends a stream past whatever goes on. The processes' CPU counts from its beginning to its end. */
async function pass(
  lab: Lab,
  from: string,
  to: string,
  seconds: number,
  gatewayPids: readonly number[],
): Promise<Passage> {
  const { datapath } = lab.processes.get(to)!
  const startMs = performance.now()
  const before = [cpuTicks(gatewayPids), cpuTicks([datapath.pid])]
  const stream = { ratePps, count: Math.round(ratePps * seconds), bytes: payloadBytes }
  const account = await sendStream(lab, from, to, stream)
  const elapsed = ((performance.now() - startMs) / 1000) * ticksPerSecond
  return {
    account,
    gatewayCpu: (cpuTicks(gatewayPids) - before[0]!) / elapsed,
    datapathCpu: (cpuTicks([datapath.pid]) - before[1]!) / elapsed,
  }
}

/** Fields 14 and 15 of /proc/PID/stat: user and system time. */
function cpuTicks(pids: readonly number[]): number {
  const stats = pids.map((pid) =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' '),
  )
  return stats.reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0)
}

/** What passes between two sites in a second, as the flood program reads it. */
async function record(lab: Lab, from: string, to: string): Promise<string> {
  await using capture = await startCapture(lab, 'internet', to, `udp port ${overlayPort}`)
  await sendStream(lab, from, to, { ratePps: 1_000, count: 500, bytes: payloadBytes })
  const { frames } = await capture.finish()
  const address = addressOf(lab, to)
  const parts = frames.flatMap((frame) => {
    const datagram = datagramOf(frame)
    if (datagram?.destination !== address || datagram.payload.length > 1_400) return []
    const head = Buffer.alloc(8)
    head.set(datagram.source.split('.').map(Number), 0)
    head.writeUInt16BE(datagram.sourcePort, 4)
    head.writeUInt16BE(datagram.payload.length, 6)
    return [head, datagram.payload]
  })
  const file = join(tmpdir(), `causeway-flood-${lab.id}`)
  writeFileSync(file, Buffer.concat(parts))
  return file
}

function addressOf(lab: Lab, site: string): string {
  return bare(lab.sites.find(({ name }) => name === site)!.wan.address)
}

/** As an attacker knows it: a peer's configuration has the public key. */
function mac1KeyOf(lab: Lab, site: string): string {
  const peer = lab.sites.find(({ name }) => name !== site)!.name
  const text = readFileSync(`/etc/causeway/${lab.names.instance(peer)}/device.yaml`, 'utf8')
  const { peers } = parse(text) as { peers: readonly { name: string; wireKey: string }[] }
  const { wireKey } = peers.find(({ name }) => name === site)!
  return mac1Key(Buffer.from(wireKey, 'base64')).toString('hex')
}

interface Wanted {
  /** As the flood program has them. */
  readonly kinds: string
  readonly count?: number
  /** 0: as fast as it goes. */
  readonly pps: number
  readonly recording: string
}

async function startFlood(lab: Lab, site: string, wanted: Wanted): Promise<Program> {
  const { kinds, count = 0, pps, recording } = wanted
  const place = [addressOf(lab, site), overlayPort, mac1KeyOf(lab, site)]
  const args = [...place, kinds, count, floodSeconds, pps]
  const argv = [floodProgram, ...args.map(String), recording]
  const program = lab.spawn('internet', argv, { title: 'flood' })
  await program.line((line) => line.includes('"flooding"'), 10_000)
  return program
}

async function floodedBy(program: Program, isToStop = false): Promise<Flooded> {
  if (isToStop) program.signal('SIGTERM')
  return JSON.parse(await program.line((line) => line.includes('"flooded"'), 70_000)) as Flooded
}

/** A site whose datapath died in the flood starts anew; how long until its host reaches the target's. */
async function timeNewSession(
  lab: Lab,
  site: string,
  target: string,
  wanted: Wanted,
  isCutOff: boolean,
): Promise<number> {
  await lab.processes.get(site)!.datapath.stop('SIGKILL')
  if (isCutOff) {
    // Neither end hears of the other's attempts.
    const here = addressOf(lab, site)
    const isToHere = `ip daddr ${here} udp dport ${overlayPort}`
    await plantDrop(lab, 'internet', 'forward', `${isToHere} @th,64,8 { 0xd4, 0xd5, 0xd6, 0xd7 }`)
  }
  await using flooding = await startFlood(lab, target, wanted)
  await lab.restart(site, 'datapath')
  const startMs = performance.now()
  const argv = ['ping', '-n', '-c', '1', '-i', '0.1', '-w', '2', hostAddress(lab, target)]
  while (performance.now() - startMs < (isCutOff ? 8_000 : newSessionMs)) {
    if ((await lab.attempt(`${site}-host`, argv)).code === 0) {
      const tookMs = performance.now() - startMs
      await floodedBy(flooding, true)
      return tookMs
    }
    await new Promise((next) => setTimeout(next, 100))
  }
  return Number.POSITIVE_INFINITY
}

/** What the flood left in the NIC's queue is worked off before the next part. */
async function settle(lab: Lab, from: string, to: string): Promise<void> {
  for (let look = 0; look < 20; look++) {
    const [ms = Number.POSITIVE_INFINITY] = await ping(lab, from, to, { count: 1, intervalMs: 200 })
    if (ms < 50) return
  }
}

async function losePackets(lab: Lab): Promise<void> {
  const isStream = `udp dport ${overlayPort} @th,64,8 0xd1 udp length > 250`
  await plantDrop(lab, 'internet', 'forward', `${isStream} numgen inc mod 5 == 1`)
}

/** Stands for a gateway that works as hard as it can: its time counts as the gateway's. */
function spin(lab: Lab, site: string): number {
  return lab.spawn(site, [process.execPath, '-e', 'for (;;) {}'], { title: 'spinner' }).pid
}
