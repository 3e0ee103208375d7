/** What a queue of the box says of itself beside what the far end says of a paced flow: packets to one, delays to a quarter. */

import { setTimeout as passed } from 'node:timers/promises'
import type { QueueDelay, QueueTraffic } from '../../../firmware/model/local-api-queue.ts'
import type { FlowAccount } from '../../lab/gaps.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Pace, startPace } from '../../lab/pace.ts'
import type { Check } from '../line.ts'
import { wide } from './scene.ts'

/** Of a class of its own, so that it is not among what is counted. */
export const alone: Pace = { ratePps: 100, bytes: 1_200, dscp: 18, port: 9_602 }
const aloneMs = 1_500
/** No longer than what the status looks back. */
export const fullMs = 4_500

/** Of a delay: a part of the histogram is so wide. And the clocks and the far end's link. */
const share = 0.25
const aboutMs = 4
/** Whatever overtakes: what is under way takes its millisecond, of which 95 % wait for half of it at least. */
const leastMs = 0.5

/** Of an idle way. */
export async function pass(lab: Lab, from: string, to: string, address: string, pace: Pace) {
  await using paced = await startPace(lab, from, to, address, pace)
  await paced.heard()
  await passed(aloneMs)
  return (await paced.finish()).flows[0]!
}

/** A place in the Internet, behind the other site's link. */
export function internetOf(lab: Lab): readonly [place: string, address: string] {
  const { wan } = lab.sites.find(({ name }) => name === wide)!
  return ['internet', wan.gateway.split('/')[0]!]
}

type Traffic = Omit<QueueTraffic, 'class'>

export type Counted = Pick<Traffic, 'offeredPackets' | 'sentPackets' | 'waitingPackets'> & {
  readonly dropped: number
}

/** Undefined: nothing has been told of it. */
export function countBetween(before: Traffic | undefined, after: Traffic | undefined): Counted {
  const [then, now] = [countOf(before), countOf(after)]
  return {
    offeredPackets: now.offeredPackets - then.offeredPackets,
    sentPackets: now.sentPackets - then.sentPackets,
    dropped: now.dropped - then.dropped,
    waitingPackets: now.waitingPackets,
  }
}

function countOf(found: Traffic | undefined): Counted {
  const { offeredPackets = 0, sentPackets = 0, waitingPackets = 0 } = found ?? {}
  const dropped = (found?.droppedByDelay ?? 0) + (found?.droppedByFull ?? 0)
  return { offeredPackets, sentPackets, waitingPackets, dropped }
}

/** All have arrived or never will: nothing is in flight any more. @param missed by the receiver itself */
export function countChecks(
  name: string,
  { offeredPackets, sentPackets, dropped, waitingPackets }: Counted,
  { sent, received, lost }: FlowAccount,
  refused: number,
  missed: number,
): Check[] {
  const equal = (what: string, figure: number, wanted: number, of: string): Check => ({
    check: `${name} ${what}`,
    target: `${wanted}: ${of}`,
    figure: String(figure),
    isOk: figure === wanted && wanted >= 0 && received > 0 && missed === 0,
  })
  return [
    equal('that came', offeredPackets, sent - refused, 'as many as the host sent'),
    equal('that was sent', sentPackets, received, 'as many as arrived'),
    equal('that was dropped', dropped, lost - refused, 'as many as were lost'),
    { ...equal('that waits', waitingPackets, 0, 'nothing'), isOk: waitingPackets === 0 },
  ]
}

export function delayCheck(
  check: string,
  delay: QueueDelay | null | undefined,
  { delayMs }: FlowAccount,
  baseMs: number,
): Check {
  const told = delay?.p95Seconds ?? Number.NaN
  const measured = (delayMs?.p95 ?? Number.NaN) - baseMs
  const mostMs = measured * share + aboutMs
  return {
    check,
    target: `p95 ${measured.toFixed(1)} ± ${mostMs.toFixed(1)} ms, as measured above the idle link; ≥ ${leastMs}`,
    figure: `${(told * 1_000).toFixed(1)} ms`,
    isOk: told * 1_000 >= leastMs && Math.abs(told * 1_000 - measured) <= mostMs,
  }
}

/** The same figures. @param lines that the metrics have to have */
export function metricsCheck(check: string, text: string, lines: readonly string[]): Check {
  const there = new Set(text.split('\n'))
  const missing = lines.filter((line) => !there.has(line))
  return {
    check,
    target: 'as in the status',
    figure: missing.length === 0 ? 'the same' : `not there: ${missing.join('; ')}`,
    isOk: missing.length === 0,
  }
}
