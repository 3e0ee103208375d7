/**
 * The figures of one carrier in one lab: TCP throughput of one stream, round trips, and the CPU time that the
 * gateways' processes spent on each gigabyte.
 */
import { readFileSync } from 'node:fs'
import { CausewayError } from '../../firmware/model/errors.ts'
import { awaitReachable, hostAddress, ping } from '../lab/hosts.ts'
import type { Lab } from '../lab/lab.ts'
import { setWanFrames } from '../lab/links.ts'
import type { Carrier } from './carriers.ts'

export type Frames = 'veth' | 'real'

export interface Figures {
  readonly gbitPerSecond: number
  readonly retransmits: number
  readonly rttP50Ms: number
  readonly rttP99Ms: number
  /** User and system time of the gateways' processes; null where there are none. */
  readonly cpuSecondsPerGb: number | null
}

export interface Effort {
  readonly tcpSeconds: number
  /** 0: no round trips are measured. */
  readonly pings: number
}

const warmUpSeconds = 1
const pingIntervalMs = 5
/** USER_HZ: the unit of times in /proc, the same on every Linux that Debian runs on. */
const ticksPerSecond = 100
const startTimeoutMs = 10_000

/** Brings the carrier up in a fresh lab of two sites and measures it with each kind of frames in turn. */
export async function measureCarrier(
  lab: Lab,
  carrier: Carrier,
  effort: Effort,
  kinds: readonly Frames[] = ['veth', 'real'],
): Promise<Record<Frames, Figures | undefined>> {
  const pids = await carrier.start(lab)
  const [from, to] = lab.sites.map(({ name }) => name)
  await awaitReachable(lab, from!, to!)
  const server = lab.spawn(`${to}-host`, ['iperf3', '--server', '--forceflush'])
  await server.line((line) => line.includes('Server listening'), startTimeoutMs)
  const figures: Record<Frames, Figures | undefined> = { veth: undefined, real: undefined }
  for (const frames of kinds) {
    await setWanFrames(lab, frames, carrier.nicGro)
    figures[frames] = await measure(lab, pids, effort, from!, to!)
  }
  return figures
}

async function measure(
  lab: Lab,
  pids: readonly number[],
  effort: Effort,
  from: string,
  to: string,
): Promise<Figures> {
  await iperf(lab, from, to, warmUpSeconds)
  const cpuBefore = cpuSeconds(pids)
  const { bitsPerSecond, bytes, retransmits } = await iperf(lab, from, to, effort.tcpSeconds)
  const cpuSpent = cpuSeconds(pids) - cpuBefore
  const rtts = await ping(lab, from, to, { count: effort.pings, intervalMs: pingIntervalMs })
  rtts.sort((a, b) => a - b)
  return {
    gbitPerSecond: bitsPerSecond / 1e9,
    retransmits,
    rttP50Ms: quantile(rtts, 0.5),
    rttP99Ms: quantile(rtts, 0.99),
    cpuSecondsPerGb: pids.length === 0 ? null : cpuSpent / (bytes / 1e9),
  }
}

interface IperfResult {
  readonly bitsPerSecond: number
  readonly bytes: number
  readonly retransmits: number
}

/** One TCP stream, counted where it arrives. */
async function iperf(lab: Lab, from: string, to: string, seconds: number): Promise<IperfResult> {
  const argv = ['iperf3', '--client', hostAddress(lab, to), '--time', String(seconds), '--json']
  const { stdout } = await lab.attempt(`${from}-host`, argv, { timeoutMs: seconds * 1000 + 30_000 })
  const report = JSON.parse(stdout) as {
    error?: string
    end?: {
      sum_received: { bits_per_second: number; bytes: number }
      sum_sent: { retransmits?: number }
    }
  }
  if (report.error !== undefined || report.end === undefined) {
    throw new CausewayError('LAB_PROGRAM', `iperf3: ${report.error ?? 'no result'}`)
  }
  return {
    bitsPerSecond: report.end.sum_received.bits_per_second,
    bytes: report.end.sum_received.bytes,
    retransmits: report.end.sum_sent.retransmits ?? 0,
  }
}

/** User and system time of processes, all threads: proc(5), stat fields 14 and 15. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  }, 0)
}

/** @param sorted ascending; NaN when empty */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}
