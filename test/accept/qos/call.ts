/** A call over a link that is full of bulk: how much later its packets come than on the idle link, and whether all come. */
import { setTimeout as passed } from 'node:timers/promises'
import { plantDrop } from '../../lab/faults.ts'
import type { FlowAccount } from '../../lab/gaps.ts'
import type { Lab } from '../../lab/lab.ts'
import { startPace } from '../../lab/pace.ts'
import type { Check, Line } from '../line.ts'
import { fill, hostOf, mtuMs, narrow, openNarrow, wide } from './scene.ts'

const expedited = 46
const lowPriority = 8
export const addedMs = 5 + mtuMs
/** 200 bytes of IPv4, as G.711 with 20 ms a packet has. */
const call = { ratePps: 50, bytes: 172, dscp: expedited, port: 9_100 }
const seconds = { full: { idle: 10, busy: 30 }, quick: { idle: 2, busy: 4 } }

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
  faults: { 'rate-unknown': 'out: added delay', 'drop-packet': 'out: lost' },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openNarrow({ isRateUnknown: fault === 'rate-unknown' })
    if (fault === 'drop-packet') {
      await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 20 == 10')
    }
    const checks: Check[] = []
    for (const ride of rides) checks.push(...(await take(lab, ride, isQuick)))
    return checks
  },
}

async function take(lab: Lab, ride: Ride, isQuick: boolean): Promise<Check[]> {
  const { idle, busy } = isQuick ? seconds.quick : seconds.full
  const alone = await talk(lab, ride, idle)
  const [place, address] =
    ride.bulk === 'overlay'
      ? hostOf(lab, ride.to)
      : (['internet', gatewayOf(lab, ride.to)] as const)
  const [from] = hostOf(lab, ride.from)
  await using _load = await fill(lab, from, place, address, lowPriority)
  const full = await talk(lab, ride, busy)
  return callChecks(ride, alone, full)
}

/** A call of so many seconds, alone or beside what is under way. */
export async function talk(lab: Lab, { from, to }: Way, forSeconds: number): Promise<FlowAccount> {
  const [place] = hostOf(lab, from)
  const [there, address] = hostOf(lab, to)
  await using pace = await startPace(lab, place, there, address, call)
  await pace.heard()
  await passed(forSeconds * 1_000)
  const { flows } = await pace.finish()
  return flows[0]!
}

/** Of a call on an idle link, and on the full one. */
export function callChecks(
  { name }: Pick<Ride, 'name'>,
  alone: FlowAccount,
  full: FlowAccount,
): Check[] {
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
      target: `≤ ${addedMs.toFixed(1)} ms`,
      figure: `${figures[0]} (${figures.slice(1).join(', ')})`,
      isOk: added <= addedMs,
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
