/**
 * Who waits beside a flow elsewhere than for the uplink by which it leaves: beside its answers that come from the Internet, and for the
 * limit of its segment, either way. Pure.
 */
import { trafficClasses } from '../model/device-config-qos.ts'
import type { ExplainAnswer, ExplainedLimit, ExplainedRoute } from '../model/local-api-explain.ts'
import type { ClassQueue } from '../model/queue-counters.ts'
import type { ExplainFacts } from './explain-facts.ts'
import { classOf } from './explain-queue.ts'
import { delayOf, limitOf } from './queue-status.ts'
import { waitsBetween } from './queue-window.ts'

export function ingressAnswer(
  { queues }: ExplainFacts,
  { kind, link }: ExplainedRoute,
): ExplainAnswer['ingress'] {
  if (queues === null || kind !== 'internet' || link === null) return null
  const now = queues.now.uplinks.find(({ uplink }) => uplink === link)
  if (now === undefined || now.ingressBps === 0) return null
  const before = queues.before.uplinks.find(({ uplink }) => uplink === link)
  return { uplink: link, ...waitingOf(now.ingressBps, now.ingress, before?.ingress) }
}

export function limitAnswers(facts: ExplainFacts, route: ExplainedRoute): ExplainedLimit[] {
  const { explanation, queues } = facts
  const of = classOf(facts, route)
  if (queues === null || of === null) return []
  const at = trafficClasses.indexOf(of)
  return limitsMet(explanation, route).flatMap(([segment, direction, isOfAnswers]) => {
    const now = limitOf(queues.now, segment, direction)
    if (now === undefined || now.bps === 0) return []
    const before = limitOf(queues.before, segment, direction)
    const waiting = waitingOf(now.bps, now.classes[at]!, before?.classes[at])
    return [{ segment, direction, isOfAnswers, ...waiting }]
  })
}

type Met = readonly [segment: string, direction: 'up' | 'down', isOfAnswers: boolean]

/** Up it is the segment by which something leaves the site, down that of the LAN here. What a LAN did not send, or get, has none. */
function limitsMet(
  { from, segment, toSegment }: ExplainFacts['explanation'],
  { kind }: ExplainedRoute,
): readonly Met[] {
  if (from === 'peer') {
    const isForLan = kind === 'link'
    return isForLan
      ? [
          [toSegment, 'down', false],
          [segment, 'up', true],
        ]
      : [[segment, 'up', true]]
  }
  if (from === 'lan') {
    return [
      [kind === 'internet' ? segment : toSegment, 'up', false],
      [segment, 'down', true],
    ]
  }
  // The box itself: what it sends to peers goes by the twin of a segment.
  return from === 'box' && kind === 'peer' ? [[toSegment, 'up', false]] : []
}

function waitingOf(bps: number, now: ClassQueue, before: ClassQueue | undefined) {
  return {
    rateBitsPerSecond: bps,
    waitingPackets: now.waitingPackets,
    waitingBytes: now.waitingBytes,
    delay: delayOf(waitsBetween(now, before)),
  }
}
