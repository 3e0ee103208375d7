/**
 * A full link with one or another deciding who leaves next (qos-peers.ts): what a call on it meets, how much of the link is used, and
 * how alike TCP connections fare. All are open at once, and take their turns round by round.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { talk } from '../accept/qos/call.ts'
import { fill, hostOf, narrow, narrowBps, wide } from '../accept/qos/scene.ts'
import type { Lab } from '../lab/lab.ts'
import { align } from '../lab/table.ts'
import type { QosPeer } from './qos-peers.ts'
import { spreadOf } from './report.ts'

const lowPriority = 8

/** Delays in ms: beyond the median on the idle link. */
export interface QosFigures {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly jitterMs: number
  /** Of 1, of the call's packets. */
  readonly lost: number
  /** Parts of the link's rate: all frames that left it, and what TCP's receivers got of the connections. */
  readonly linkShare: number
  readonly tcpShare: number
  /** R. Jain's index of the connections; 1 where all get the same. */
  readonly jain: number
  /** Part of what left the link that this one let through: 0 where it did not stand before it. */
  readonly carriedShare: number
}

export interface QosSample {
  readonly peer: string
  readonly round: number
  readonly figures: QosFigures
}

export interface QosEffort {
  readonly rounds: number
  readonly idleSeconds: number
  readonly busySeconds: number
  /** All at once, instead of in turns: shows that they work, at a link this slow. */
  readonly isAtOnce?: boolean
}

/** @param heard is told of each measurement */
export async function measureQos(
  peers: readonly QosPeer[],
  effort: QosEffort,
  heard: (sample: QosSample) => void = () => {},
): Promise<QosSample[]> {
  await using stack = new AsyncDisposableStack()
  const opened = await Promise.allSettled(
    peers.map(async (peer) => ({ peer, lab: stack.use(await peer.open()) })),
  )
  const open = opened.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  const samples: QosSample[] = []
  const take = async ({ peer, lab }: (typeof open)[number], round: number): Promise<void> => {
    const sample = { peer: peer.name, round, figures: await measurePeer(lab, peer, effort) }
    heard(sample)
    samples.push(sample)
  }
  for (let round = 1; round <= effort.rounds; round++) {
    // Every other round runs backwards, so that a drift of the machine favours nobody.
    const order = round % 2 === 1 ? open : open.toReversed()
    if (effort.isAtOnce === true) await Promise.all(order.map((one) => take(one, round)))
    else for (const one of order) await take(one, round)
  }
  return samples
}

async function measurePeer(lab: Lab, peer: QosPeer, effort: QosEffort): Promise<QosFigures> {
  const ride = { from: narrow, to: wide }
  const alone = await talk(lab, ride, effort.idleSeconds)
  const [from] = hostOf(lab, narrow)
  const [to, address] = hostOf(lab, wide)
  await using load = await fill(lab, from, to, address, lowPriority)
  const ports = portsOf(load.tcp.tail)
  const before = await read(lab, peer, ports)
  const [full] = await Promise.all([
    talk(lab, ride, effort.busySeconds),
    passed(effort.busySeconds * 1_000),
  ])
  const after = await read(lab, peer, ports)
  const base = alone.delayMs?.median ?? Number.NaN
  const delay = full.delayMs
  const most = (narrowBps / 8_000) * (after.atMs - before.atMs)
  const tcp = after.tcp.map((bytes, at) => bytes - before.tcp[at]!)
  const left = after.leftBytes - before.leftBytes
  return {
    p50Ms: (delay?.median ?? Number.NaN) - base,
    p95Ms: (delay?.p95 ?? Number.NaN) - base,
    p99Ms: (delay?.p99 ?? Number.NaN) - base,
    jitterMs: delay?.jitter ?? Number.NaN,
    lost: full.sent === 0 ? 1 : full.lost / full.sent,
    linkShare: left / most,
    tcpShare: tcp.reduce((sum, bytes) => sum + bytes, 0) / most,
    jain: jainOf(tcp),
    carriedShare: (after.carriedBytes - before.carriedBytes) / left,
  }
}

/** Those of iperf3's connections, in its own order; its control connection is none of them. */
function portsOf(said: string): string[] {
  return [...said.matchAll(/^\[ *\d+\] local \S+ port (\d+) connected/gm)].map((match) => match[1]!)
}

interface Reading {
  readonly atMs: number
  readonly leftBytes: number
  readonly carriedBytes: number
  /** Received, by connection. */
  readonly tcp: readonly number[]
}

async function read(lab: Lab, peer: QosPeer, ports: readonly string[]): Promise<Reading> {
  const [to] = hostOf(lab, wide)
  const [said, wan, carriedBytes] = await Promise.all([
    lab.exec(to, ['ss', '-Htni', 'state', 'established', 'sport', '=', ':5201']),
    lab.wan(narrow, 'wan0').read(),
    peer.carriedBytes(lab),
  ])
  const received = new Map(
    [...said.matchAll(/:(\d+)\s*\n.*?\bbytes_received:(\d+)/g)].map(
      ([, port, bytes]) => [port!, Number(bytes)] as const,
    ),
  )
  const { leftBytes } = wan.up
  const tcp = ports.map((port) => received.get(port) ?? 0)
  return { atMs: wan.atNs / 1e6, leftBytes, carriedBytes, tcp }
}

/** R. Jain, "The Art of Computer Systems Performance Analysis". */
export function jainOf(values: readonly number[]): number {
  const sum = values.reduce((one, other) => one + other, 0)
  const squares = values.reduce((one, other) => one + other * other, 0)
  return (sum * sum) / (values.length * squares)
}

/** The medians of a peer's rounds; null where it has none. */
export function medianOf(samples: readonly QosSample[], peer: string): QosFigures | null {
  const own = samples.filter((sample) => sample.peer === peer).map(({ figures }) => figures)
  if (own.length === 0) return null
  const keys = Object.keys(own[0]!) as (keyof QosFigures)[]
  const medians = keys.map((key) => [key, spreadOf(own.map((figures) => figures[key])).median])
  return Object.fromEntries(medians) as unknown as QosFigures
}

export function qosTable(samples: readonly QosSample[], peers: readonly QosPeer[]): string {
  const head = ['', 'call p50', 'p95', 'p99 ms', 'jitter ms', 'lost', 'link', 'of it TCP', 'Jain']
  const rows = peers.map(({ name }) => {
    const figures = medianOf(samples, name)
    return figures === null ? [name, ...head.slice(1).map(() => '–')] : [name, ...cells(figures)]
  })
  return align([head, ...rows])
}

function cells(figures: QosFigures): string[] {
  const { p50Ms, p95Ms, p99Ms, jitterMs, lost, linkShare, tcpShare, jain } = figures
  return [
    ...[p50Ms, p95Ms, p99Ms].map((ms) => ms.toFixed(1)),
    jitterMs.toFixed(2),
    ...[lost, linkShare, tcpShare].map((share) => `${(share * 100).toFixed(1)} %`),
    jain.toFixed(3),
  ]
}
