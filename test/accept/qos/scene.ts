/** Berlin, whose one link carries 10 Mbit/s each way, and Lisbon, whose link carries ten times that: emulated, with deep queues. */
import { describeManyLinks } from '../../lab/description.ts'
import { awaitReachable, hostAddress, startServers } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { startPace } from '../../lab/pace.ts'
import type { Program } from '../../lab/program.ts'
import type { Check } from '../line.ts'

export const narrow = 'berlin'
export const wide = 'lisbon'
export const narrowBps = 10_000_000
const wideBps = 100_000_000
const delayMs = 5
/** What routers keep, alas. */
const deepMs = 400
const mtuBytes = 1_514
/** Of a whole frame on the narrow link. */
export const mtuMs = (mtuBytes * 8_000) / narrowBps
const startTimeoutMs = 10_000

export interface FullOptions {
  /** Nobody knows what the links carry. */
  readonly isRateUnknown: boolean
  /** Of each link; 400 unless told. */
  readonly queueMs?: number
  /** What carries the sites' traffic, in the place of Causeway. */
  readonly start?: (lab: Lab) => Promise<unknown>
}

export async function openNarrow({
  isRateUnknown,
  queueMs = deepMs,
  start,
}: FullOptions): Promise<Lab> {
  const lab = await openLab(
    describeManyLinks({
      uplinks: 1,
      seed: 7,
      segments: [{ name: 'office', vni: 100, breakout: true }],
      link: (site) => {
        const bps = site === narrow ? narrowBps : wideBps
        const way = { delayMs, rateBps: bps, queueMs }
        const rate = `${bps / 1_000_000}M`
        const more = isRateUnknown ? {} : { up: rate, down: rate }
        return { emulated: { up: way, down: way }, more }
      },
    }),
  )
  try {
    await (start === undefined ? lab.start() : start(lab))
    await startServers(lab)
    await awaitReachable(lab, narrow, wide)
    return lab
  } catch (error) {
    await lab[Symbol.asyncDispose]()
    throw error
  }
}

const flows = 8
/** Half as much again as the narrow link carries. */
export const blast = { ratePps: 1_500, bytes: 1_200, port: 9_200 }

export interface Load extends AsyncDisposable {
  readonly tcp: Program
}

/**
 * Eight TCP connections and a UDP stream of half as much again as the link carries, of one class; returns once it runs.
 * @param to a place of the lab, at `address`
 */
export async function fill(
  lab: Lab,
  from: string,
  to: string,
  address: string,
  dscp: number,
): Promise<Load> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(lab.spawn(to, ['iperf3', '--server', '--forceflush']))
  await server.line((line) => line.includes('Server listening'), startTimeoutMs)
  const marks = ['--parallel', String(flows), '--tos', String(dscp << 2)]
  const argv = ['iperf3', '--client', address, ...marks, '--time', '600', '--forceflush']
  const tcp = stack.use(lab.spawn(from, argv))
  // What has one queue for all would let none of them begin once the stream fills it.
  let begun = 0
  await tcp.line((line) => line.includes(' connected to ') && ++begun === flows, startTimeoutMs)
  stack.use(await startPace(lab, from, to, address, { ...blast, dscp }))
  // After three seconds all of them have found the end of the link.
  await tcp.line((line) => /\[SUM\]\s+2\.\d+-3\./.test(line), startTimeoutMs)
  const parts = stack.move()
  return { tcp, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

export interface LinkReading {
  readonly bytes: number
  readonly atMs: number
}

/** Of frames with their Ethernet headers, as the internet's end of the link counts them. @param link its name there: the site's */
export async function linkBytes(
  lab: Lab,
  link: string,
  way: 'out' | 'in' = 'out',
): Promise<LinkReading> {
  const atMs = performance.now()
  const text = await lab.exec('internet', ['ip', '-s', '-j', 'link', 'show', 'dev', link])
  const [{ stats64 }] = JSON.parse(text) as [
    { readonly stats64: Readonly<Record<'rx' | 'tx', { readonly bytes: number }>> },
  ]
  return {
    bytes: stats64[way === 'out' ? 'rx' : 'tx'].bytes,
    atMs: (atMs + performance.now()) / 2,
  }
}

export function bpsBetween(before: LinkReading, after: LinkReading): number {
  return ((after.bytes - before.bytes) * 8_000) / (after.atMs - before.atMs)
}

const leastFull = 0.9

/** Whether there was something to wait for: on an idle link every call is clear. */
export function fullCheck(
  name: string,
  before: LinkReading,
  after: LinkReading,
  bps = narrowBps,
): Check {
  const share = bpsBetween(before, after) / bps
  return {
    check: `${name}: the link meanwhile`,
    target: `≥ ${leastFull * 100} % used`,
    figure: `${(share * 100).toFixed(0)} %`,
    isOk: share >= leastFull,
  }
}

export function hostOf(lab: Lab, site: string): readonly [place: string, address: string] {
  return [`${site}-host`, hostAddress(lab, site)]
}
