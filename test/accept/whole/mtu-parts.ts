/**
 * What the mtu line is made of: WAN links of another MTU while the lab runs, what hosts have learned about their paths,
 * TCP that is watched five times a second, and faults on the way.
 */
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Family } from '../../lab/description.ts'
import { hostAddress, startNode } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'

export const families: readonly Family[] = [4, 6]
export const [from, to] = ['berlin', 'lisbon'] as const
/** RFC 8200 §5: no path of IPv6 may carry less, whatever carries the path. */
const leastMtu6 = 1280
const settleMs = 10_000
const lookEveryMs = 100
const intervalSeconds = 0.2
const discardPort = 9
const tcpGraceMs = 10_000

/** wire.md: 40 bytes, and the outer IP and UDP headers. */
export const overheadOf = (outer: Family): number => 40 + (outer === 4 ? 28 : 48)

/** What a sender is told that fits. */
export function toldMtu(wanMtu: number, outer: Family, family: Family): number {
  const innerMtu = wanMtu - overheadOf(outer)
  return family === 6 ? Math.max(innerMtu, leastMtu6) : innerMtu
}

/** Both ends of every WAN link, and waits until the gateways go by it. @throws LAB_TIMEOUT */
export async function setWanMtu(lab: Lab, mtu: number, outer: Family): Promise<void> {
  for (const { name, wan } of lab.sites) {
    await lab.exec('internet', ['ip', 'link', 'set', name, 'mtu', String(mtu)])
    await lab.exec(`${name}-nics`, ['ip', 'link', 'set', wan.nic, 'mtu', String(mtu)])
  }
  for (const [near, far] of [
    [from, to],
    [to, from],
  ] as const) {
    await awaitTold(lab, near, far, toldMtu(mtu, outer, 4))
  }
}

async function awaitTold(lab: Lab, near: string, far: string, mtu: number): Promise<void> {
  const deadlineMs = performance.now() + settleMs
  while (performance.now() < deadlineMs) {
    await forgetPaths(lab, 4)
    await probe(lab, near, far, 4, mtu + 1)
    if ((await learnedMtu(lab, near, far, 4)) === mtu) return
    await new Promise((next) => setTimeout(next, lookEveryMs))
  }
  throw new CausewayError('LAB_TIMEOUT', `${near} is not told ${mtu} towards ${far}`)
}

/** What hosts have learned about paths is forgotten. */
export async function forgetPaths(lab: Lab, family: Family): Promise<void> {
  for (const site of [from, to]) {
    await lab.exec(`${site}-host`, ['ip', `-${family}`, 'route', 'flush', 'cache'])
  }
}

/** A few datagrams that make packets of `bytes`; as long as it knows no better, the kernel sends them whole. */
export async function sendUdp(lab: Lab, family: Family, bytes: number): Promise<void> {
  const size = bytes - (family === 4 ? 20 : 40) - 8
  const args = [hostAddress(lab, to, family), discardPort, 1, 100, 3, size]
  const source = startNode(lab, from, 'udp-source.ts', args)
  await source.line((line) => line.includes('"sent"'), settleMs)
}

/** The MTU that a host's kernel has noted for the way to another; null without one. */
export async function learnedMtu(
  lab: Lab,
  near: string,
  far: string,
  family: Family,
): Promise<number | null> {
  const address = hostAddress(lab, far, family)
  const stdout = await lab.exec(`${near}-host`, ['ip', `-${family}`, 'route', 'get', address])
  const mtu = / mtu (\d+)/.exec(stdout)?.[1]
  return mtu === undefined ? null : Number(mtu)
}

export interface Answered {
  readonly count: number
  /** The sender's own kernel refuses: EMSGSIZE. */
  readonly isRefused: boolean
}

/** Sends `count` echo requests that make packets of `bytes` and may not be cut. */
export async function probe(
  lab: Lab,
  near: string,
  far: string,
  family: Family,
  bytes: number,
  count = 1,
): Promise<Answered> {
  const size = bytes - (family === 4 ? 20 : 40) - 8
  const options = [
    '-n',
    '-M',
    'do',
    '-i',
    '0.02',
    '-W',
    '1',
    '-c',
    String(count),
    '-s',
    String(size),
  ]
  const address = hostAddress(lab, far, family)
  const argv = ['ping', ...options, address]
  const { stdout, stderr } = await lab.attempt(`${near}-host`, argv)
  return {
    count: Number(/(\d+) received/.exec(stdout)?.[1] ?? 0),
    isRefused: /message too long/i.test(stderr),
  }
}

export interface TcpFigures {
  readonly gbitPerSecond: number
  readonly retransmits: number
  readonly segments: number
  /** Intervals in which nothing was sent. */
  readonly stalls: number
}

interface IperfReport {
  readonly error?: string
  readonly intervals: readonly { readonly sum: { readonly bytes: number } }[]
  readonly end: {
    readonly sum_received: { readonly bits_per_second: number; readonly bytes: number }
    readonly sum_sent: { readonly retransmits?: number }
  }
}

/** One stream. @param mss of its segments, to count them */
export async function measureTcp(
  lab: Lab,
  family: Family,
  seconds: number,
  mss: number,
): Promise<TcpFigures> {
  const address = hostAddress(lab, to, family)
  const argv = ['iperf3', '--client', address, '--time', String(seconds), '--json']
  const options = ['--interval', String(intervalSeconds), '--connect-timeout', '3000']
  const nothing = { gbitPerSecond: 0, retransmits: 0, segments: 0, stalls: 1 }
  const timeoutMs = seconds * 1000 + tcpGraceMs
  const ended = await lab
    .attempt(`${from}-host`, [...argv, ...options], { timeoutMs })
    .catch((error: CausewayError) => error.message)
  // A stream that never ends is what is to be found here, not an accident.
  if (typeof ended === 'string') return nothing
  const report = JSON.parse(ended.stdout || '{"error":"it said nothing"}') as IperfReport
  if (report.error !== undefined) return nothing
  return {
    gbitPerSecond: report.end.sum_received.bits_per_second / 1e9,
    retransmits: report.end.sum_sent.retransmits ?? 0,
    segments: Math.ceil(report.end.sum_received.bytes / mss),
    // The last one may be a sliver.
    stalls: report.intervals.slice(0, -1).filter(({ sum }) => sum.bytes === 0).length,
  }
}

/** Faults on the way or at a host, by name; each begins once everything works. */
export const faults: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
  /** The sender's firewall keeps packet-too-big from it, as badly kept ones do. */
  'deaf-sender': (lab) =>
    rule(lab, `${from}-host`, 'input', [
      'icmp type destination-unreachable icmp code 4 drop',
      'icmpv6 type packet-too-big drop',
    ]),
  /** The way carries less data than its links say, and more of what looks for that: not even probes of the MTU see it. */
  'black-hole': (lab) =>
    rule(lab, 'internet', 'forward', ['udp dport 51820 @th,64,8 0xd1 meta length > 1000 drop']),
  /** Short datagrams are lost, as the second pieces of packets are. */
  'half-packets': (lab) => rule(lab, 'internet', 'forward', ['meta length 140-190 drop']),
}

async function rule(
  lab: Lab,
  where: string,
  hook: 'input' | 'forward',
  rules: readonly string[],
): Promise<void> {
  const chain = [`type filter hook ${hook} priority 0`, ...rules].join('\n')
  await lab.exec(where, ['nft', `table inet planted {\nchain drops {\n${chain}\n}\n}`])
}
