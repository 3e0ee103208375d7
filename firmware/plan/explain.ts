/**
 * What becomes of a flow, and why: the datapath's decision, joined with what the rest of the box knows, put so that the first
 * line says it all. Pure.
 *
 * One cause is the answer, the others stand beside it. They are looked for in this order:
 *
 *  1. Who may send so, and where it goes: what the configuration says no to, nothing else can mend.
 *  2. The session, then the paths, then the next hop: each needs the one before, so the first that is missing is the cause.
 *  3. What befell packets of late. A decision is made about a packet as the question describes it; those that were dropped had
 *     a size, a seal and ports of their own. So they come before "would be forwarded", though not before a decision that
 *     stops every packet anyhow.
 *  4. That it passes.
 */
import { dropReasons } from '../model/drop-reason.ts'
import { causes } from '../model/explain-cause.ts'
import type { ExplainedPath } from '../model/explanation.ts'
import type { ExplainAnswer, ExplainedRoute, Finding } from '../model/local-api-explain.ts'
import { pathFaults } from '../model/path-reason.ts'
import { carrierFinding, peerAnswers } from './explain-carrier.ts'
import { exitFinding } from './explain-exit.ts'
import { type ExplainFacts, policyText, timeText } from './explain-facts.ts'
import { incidentAnswers, incidentFindings } from './explain-incident.ts'
import { isDead, pathAnswers } from './explain-path.ts'
import { deadUplinksFinding, sessionFinding, wayFinding } from './explain-peer.ts'
import { classOf, queueAnswer } from './explain-queue.ts'
import { ingressAnswer, limitAnswers } from './explain-rate.ts'
import { relayedFinding, wayName } from './explain-relay.ts'
import { routeFinding, routeOf, sharedLan } from './explain-route.ts'

/** A next hop that does not answer within it does not answer. */
const neighbourMs = 500

export function explain(facts: ExplainFacts): ExplainAnswer {
  const { explanation, ask } = facts
  const route = routeOf(facts)
  const stops = [
    routeFinding(facts),
    sessionFinding(facts),
    wayFinding(facts),
    linkFinding(facts),
    ...incidentFindings(facts),
  ].filter((finding) => finding !== null)
  if (stops.length === 0 && explanation.reason !== null)
    stops.push(otherFinding(explanation.reason))
  const passing = passingFinding(facts, route)
  const first = stops[0] ?? passing
  const also = [
    ...stops.slice(1),
    carrierFinding(facts),
    relayedFinding(facts),
    deadUplinksFinding(facts),
    exitFinding(facts, route),
    fullFinding(facts),
  ]
    .filter((finding) => finding !== null)
    .filter(({ cause }, at, all) => all.findIndex((other) => other.cause === cause) === at)
    .filter(({ cause }) => cause !== first.cause)
  return {
    ...first,
    passes: causes[first.cause].passes,
    also,
    flow: flowOf(ask),
    comesFrom: explanation.from,
    fromPeer: textOrNull(explanation.fromPeer),
    segment: textOrNull(explanation.segment),
    toSegment: textOrNull(explanation.toSegment),
    route,
    rule: ruleOf(facts),
    peer:
      explanation.peer === ''
        ? null
        : { name: explanation.peer, hasSession: explanation.hasSession },
    policy:
      explanation.policy === ''
        ? null
        : { name: explanation.policy, application: textOrNull(explanation.application) },
    class: classOf(facts, route),
    queue: queueAnswer(facts, route),
    ingress: ingressAnswer(facts, route),
    limits: limitAnswers(facts, route),
    place: explanation.flow === 'no-need' || route.kind !== 'peer' ? null : explanation.flow,
    idleSeconds: explanation.flow === 'known' ? explanation.flowIdleMs / 1000 : null,
    mtuBytes: explanation.mtuBytes === 0 ? null : explanation.mtuBytes,
    peers: peerAnswers(facts),
    paths: pathAnswers(facts),
    incidents: incidentAnswers(facts),
  }
}

/** The next hop on the LAN, or of the uplink by which it goes. */
function linkFinding({ explanation, ask }: ExplainFacts): Finding | null {
  const { port, nextHop, isNeighbourKnown, waitingMs, reason, hop, hasSession } = explanation
  if (reason === 'tx_down' && hop === 'link') {
    return { cause: 'link-down', sentence: `${port} has no carrier.` }
  }
  // Without a session packets wait for that.
  const isForIt = hop === 'link' || hasSession
  if (port === '' || isNeighbourKnown || !isForIt) return null
  if (waitingMs === null || waitingMs < neighbourMs) return null
  const who = nextHop === ask.destination ? nextHop : `The next hop ${nextHop}`
  const waited = `its packets have waited ${timeText(waitingMs)} for it`
  return { cause: 'neighbour-missing', sentence: `${who} does not answer on ${port}: ${waited}.` }
}

/** A reason that nothing above speaks of. */
function otherFinding(reason: string): Finding {
  return { cause: 'dropped', sentence: dropReasons[reason] ?? `Dropped as ${reason}.` }
}

function fullFinding({ explanation }: ExplainFacts): Finding | null {
  if (explanation.flow !== 'no-room') return null
  return { cause: 'flow-table-full', sentence: causes['flow-table-full'].meaning }
}

function passingFinding(facts: ExplainFacts, route: ExplainedRoute): Finding {
  const { explanation, ask } = facts
  if (route.kind === 'box') {
    return { cause: 'for-the-box', sentence: `${ask.destination} is this box itself.` }
  }
  if (route.kind === 'internet') {
    const by = route.link === null ? '' : ` by ${route.link}`
    const sentence = `It leaves to the Internet here${by}: no LAN and no peer has ${ask.destination}.`
    return { cause: 'breakout', sentence }
  }
  const lan = sharedLan(facts)
  if (route.kind === 'link' && lan !== null) {
    const sentence = `Both ends are in the network of ${lan}: its packets do not come by this box.`
    return { cause: 'same-network', sentence }
  }
  const sentence = forwardedText(facts, route)
  if (explanation.flow !== 'no-room' || explanation.from === 'peer') {
    return { cause: 'forwarded', sentence }
  }
  return {
    cause: 'flow-table-full',
    sentence: `${sentence} There is no place for it in the table of flows: each packet is steered alone.`,
  }
}

function forwardedText(facts: ExplainFacts, route: ExplainedRoute): string {
  const { explanation } = facts
  const { peer, policy, from, isNeighbourKnown, port } = explanation
  const asked = isNeighbourKnown || port === '' ? '' : `, once ${explanation.nextHop} has answered`
  if (route.kind === 'link') {
    const sender = from === 'peer' ? `It comes from ${peer} and goes` : 'It goes'
    return `${sender} to ${explanation.nextHop} on ${port}${asked}.`
  }
  const path = explanation.paths.find(({ number }) => number === explanation.path)
  const by = path === undefined ? '' : ` by ${wayName(path, facts)}`
  const doubt = path === undefined ? '' : doubtText(path)
  const whence = from === 'transit' ? `It comes from ${explanation.fromPeer} and goes` : 'It goes'
  return `${whence} to ${peer}${by}, as ${policyText(policy)} has it${doubt}${asked}.`
}

/** What there is yet to be said of a path that other ones stand beside. */
function doubtText(path: ExplainedPath): string {
  if (isDead(path)) return ', though nothing is heard by it'
  return path.state === 'untried' ? `, though ${pathFaults.untried}` : ''
}

/** Asked where packets are on their way from a segment into one, not where they leave all of them or are for the box. */
function ruleOf({ explanation }: ExplainFacts): ExplainAnswer['rule'] {
  const { rule, reason, hop, from, segment, toSegment } = explanation
  const isDenied = reason === 'acl' || reason === 'segment'
  const isWithinBox = from === 'box' && segment === toSegment
  if (from === 'nobody' || hop === 'box' || isWithinBox) return null
  if (hop === 'none' && !isDenied) return null
  return { name: textOrNull(rule), allows: !isDenied }
}

function flowOf(ask: ExplainFacts['ask']): ExplainAnswer['flow'] {
  return {
    from: ask.source,
    to: ask.destination,
    fromPort: ask.sourcePort === 0 ? null : ask.sourcePort,
    toPort: ask.destinationPort === 0 ? null : ask.destinationPort,
    protocol: ask.protocol,
    dscp: ask.dscp,
    server: textOrNull(ask.server),
  }
}

function textOrNull(text: string): string | null {
  return text === '' ? null : text
}
