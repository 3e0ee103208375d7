/** A call over a link that is full of bulk: how much later its packets come than on the idle link, and whether all come. */
import { setTimeout as passed } from 'node:timers/promises'
import { plantDrop } from '../../lab/faults.ts'
import type { FlowAccount } from '../../lab/gaps.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Pace, startPace } from '../../lab/pace.ts'
import { type Check, fullTarget, type Line, mostIn } from '../line.ts'
import { fill, fullCheck, hostOf, linkBytes, mtuMs, narrow, openNarrow, wide } from './scene.ts'

const expedited = 46
const lowPriority = 8
export const addedMs = 5 + mtuMs
/** 200 bytes of IPv4, as G.711 with 20 ms a packet has. */
const call = { ratePps: 50, bytes: 172, dscp: expedited, port: 9_100 }
const seconds = { full: { idle: 10, busy: 30 }, quick: { idle: 2, busy: 4 } }

/** From a site's host to an address of a place. */
export interface Leg {
  readonly from: string
  readonly to: string
  readonly address: string
}

/** Of sites. */
export interface Way {
  readonly from: string
  readonly to: string
}

interface Ride extends Way {
  readonly name: string
  /** What fills the link goes where the call goes, or out to the Internet beside it. */
  readonly bulk: 'overlay' | 'breakout'
}

const rides: readonly Ride[] = [
  { name: 'out', from: narrow, to: wide, bulk: 'overlay' },
  { name: 'out, bulk in the breakout', from: narrow, to: wide, bulk: 'breakout' },
  { name: 'in, from a site with a faster link', from: wide, to: narrow, bulk: 'overlay' },
]

export const callLine: Line = {
  name: 'call',
  title: 'a call over a link of 10 Mbit/s that is full: as on an idle one',
  faults: {
    'rate-unknown': 'out: added delay',
    'drop-packet': 'out: lost',
    'idle-link': 'in, from a site with a faster link: the link meanwhile',
  },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openNarrow({ isRateUnknown: fault === 'rate-unknown' })
    if (fault === 'drop-packet') {
      await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 20 == 10')
    }
    const checks: Check[] = []
    const taken = isQuick && fault === undefined ? rides.slice(0, 1) : rides
    for (const ride of taken)
      checks.push(...(await take(lab, ride, isQuick, fault !== 'idle-link')))
    return checks
  },
}

async function take(lab: Lab, ride: Ride, isQuick: boolean, isFilled: boolean): Promise<Check[]> {
  const { idle, busy } = isQuick ? seconds.quick : seconds.full
  const alone = await talk(lab, ride, idle)
  const [place, address] =
    ride.bulk === 'overlay'
      ? hostOf(lab, ride.to)
      : (['internet', gatewayOf(lab, ride.to)] as const)
  const [from] = hostOf(lab, ride.from)
  await using _load = isFilled ? await fill(lab, from, place, address, lowPriority) : undefined
  const way = ride.from === narrow ? 'out' : 'in'
  const before = await linkBytes(lab, narrow, way)
  const full = await talk(lab, ride, busy)
  const after = await linkBytes(lab, narrow, way)
  return [...callChecks(ride, alone, full, { isQuick }), fullCheck(ride.name, before, after)]
}

/** A call of so many seconds, alone or beside what is under way. */
export async function talk(lab: Lab, { from, to }: Way, forSeconds: number): Promise<FlowAccount> {
  const [place, there, address] = [hostOf(lab, from)[0], ...hostOf(lab, to)]
  const [account] = await talkAll(lab, [{ from: place, to: there, address }], call, forSeconds)
  return account!
}

/** Several calls at once; `pace` is that of each. */
export async function talkAll(
  lab: Lab,
  legs: readonly Leg[],
  pace: Pace,
  forSeconds: number,
): Promise<FlowAccount[]> {
  await using stack = new AsyncDisposableStack()
  const paces = []
  for (const { from, to, address } of legs) {
    paces.push(stack.use(await startPace(lab, from, to, address, pace)))
  }
  await Promise.all(paces.map((one) => one.heard()))
  await passed(forSeconds * 1_000)
  const reports = await Promise.all(paces.map((one) => one.finish()))
  return reports.map(({ flows }) => flows[0]!)
}

/** Of a call on an idle link, and on the full one. */
export function callChecks(
  { name }: Pick<Ride, 'name'>,
  alone: FlowAccount,
  full: FlowAccount,
  {
    isQuick,
    addedMs: targetMs = addedMs,
  }: { readonly isQuick: boolean; readonly addedMs?: number },
): Check[] {
  const mostMs = mostIn(isQuick, targetMs)
  const base = alone.delayMs?.median ?? Number.NaN
  const delay = full.delayMs
  const added = (delay?.p95 ?? Number.NaN) - base
  const figures = [
    `${added.toFixed(1)} ms above ${base.toFixed(1)} ms`,
    `median ${((delay?.median ?? Number.NaN) - base).toFixed(1)}`,
    `p99 ${((delay?.p99 ?? Number.NaN) - base).toFixed(1)}`,
    `jitter ${delay?.jitter.toFixed(2)}`,
  ]
  return [
    {
      check: `${name}: added delay, p95`,
      target: `≤ ${mostMs.toFixed(1)} ms${fullTarget(isQuick, `≤ ${targetMs.toFixed(1)} ms`)}`,
      figure: `${figures[0]} (${figures.slice(1).join(', ')})`,
      isOk: added <= mostMs,
    },
    {
      check: `${name}: lost`,
      target: '0',
      figure: `${full.lost} of ${full.sent}`,
      isOk: full.lost === 0 && full.received > 0,
    },
  ]
}

/** An address in the Internet, behind the other site's link. */
function gatewayOf(lab: Lab, site: string): string {
  return lab.sites.find(({ name }) => name === site)!.wan.gateway.split('/')[0]!
}
