/**
 * What befell packets of a flow of late, in words, and the causes that follow. Pure.
 *
 * An incident counts for five seconds, unless the datapath knows by now that what it complains of is mended, or it only slows
 * the flow: then it is told, but is no cause.
 */
import { dropReasons } from '../model/drop-reason.ts'
import type { Cause } from '../model/explain-cause.ts'
import type { Incident } from '../model/explanation.ts'
import type { ExplainedIncident, Finding } from '../model/local-api-explain.ts'
import { type ExplainFacts, timeText } from './explain-facts.ts'
import { aclText, foreignVni } from './explain-route.ts'
import { isExact } from './flow-question.ts'

const tellingMs = 5_000

/** By the name of the drop; what is not here is `dropped`. */
export const incidentCauses: Readonly<Record<string, Cause>> = {
  acl: 'acl-denied',
  segment: 'segment-denied',
  no_route: 'no-route',
  transit: 'transit',
  transit_back: 'transit',
  transit_hub: 'transit',
  policy: 'policy-unmet',
  breakout: 'breakout-denied',
  neighbour: 'neighbour-missing',
  too_big: 'too-big',
  inner_segment: 'foreign-vni',
  inner_source: 'foreign-source',
  sealed_replay: 'replay',
  sealed_tag: 'unauthentic',
}

/** A queue that keeps to its rate: whoever sends less than that passes, and such losses are how a sender hears of it. */
const slowing: ReadonlySet<string> = new Set(
  ['queue', 'ingress', 'limit'].flatMap((where) => [`${where}_delay`, `${where}_full`]),
)

export function incidentAnswers(facts: ExplainFacts): ExplainedIncident[] {
  const drops = facts.counters?.drops
  return latestFirst(facts).map((incident) => ({
    reason: incident.reason,
    meaning: dropReasons[incident.reason] ?? '',
    of: ofWhom(incident),
    count: incident.count,
    firstSeconds: incident.firstMs / 1000,
    lastSeconds: incident.lastMs / 1000,
    total: drops?.[incident.reason] ?? null,
  }))
}

/** Of the flow, then of its answers, then of its peer. What its peer sealed counts for what comes from it. */
export function incidentFindings(facts: ExplainFacts): Finding[] {
  const telling = latestFirst(facts).filter(
    (incident) =>
      incident.lastMs <= tellingMs && !isMended(incident, facts) && isTelling(incident, facts),
  )
  return ['flow', 'answers', 'peer'].flatMap((whose) =>
    telling
      .filter((incident) => ofWhom(incident) === whose)
      .map((incident) => findingOf(incident, facts)),
  )
}

function latestFirst({ explanation }: ExplainFacts): Incident[] {
  return explanation.incidents.toSorted((one, other) => one.lastMs - other.lastMs)
}

function ofWhom({ isOfFlow, isOfAnswers }: Incident): 'flow' | 'answers' | 'peer' {
  if (isOfAnswers) return 'answers'
  return isOfFlow ? 'flow' : 'peer'
}

/** Of what could not be read only what a peer's own seal says is about anybody. */
function isTelling({ reason, isOfFlow }: Incident, { explanation }: ExplainFacts): boolean {
  if (slowing.has(reason)) return false
  if (isOfFlow) return true
  return explanation.from === 'peer' && (reason === 'sealed_replay' || reason === 'sealed_tag')
}

function isMended({ reason, isOfAnswers }: Incident, { explanation, ask }: ExplainFacts): boolean {
  switch (reason) {
    case 'acl':
    case 'segment':
      return !isOfAnswers && isExact(ask)
    case 'no_route':
    case 'transit':
    case 'transit_back':
    case 'transit_hub':
      return !isOfAnswers
    case 'no_session':
      return explanation.hasSession
    case 'policy':
      return explanation.reason !== 'policy'
    case 'neighbour':
      return !isOfAnswers && explanation.isNeighbourKnown
    default:
      return false
  }
}

function findingOf(incident: Incident, facts: ExplainFacts): Finding {
  const { reason, count, lastMs, isOfAnswers } = incident
  const cause = incidentCauses[reason] ?? 'dropped'
  const packets = count === 1 ? '1 packet' : `${count} packets`
  const lost = `${packets}${isOfAnswers ? ' of its answers' : ''} dropped, the last ${timeText(lastMs)} ago.`
  return { cause, sentence: `${sentenceOf(incident, facts)} ${lost}` }
}

function sentenceOf({ reason, isOfAnswers }: Incident, facts: ExplainFacts): string {
  const { explanation, ask } = facts
  const { peer, segment, toSegment, mtuBytes, port } = explanation
  switch (reason) {
    case 'acl':
    case 'segment': {
      const denial = denialOf(reason, isOfAnswers, facts)
      const [from, to] = isOfAnswers ? [toSegment, segment] : [segment, toSegment]
      return aclText(denial?.rule ?? '', denial?.segment ?? from, denial?.toSegment ?? to)
    }
    case 'no_route':
      return `${isOfAnswers ? ask.source : ask.destination} is in no LAN of the segment.`
    case 'policy':
      return 'No path was one that its policy allows.'
    case 'breakout':
      return 'What of it does not show its ports, as later fragments, may be of a flow that a policy keeps from the Internet.'
    case 'neighbour':
      return port === ''
        ? `${isOfAnswers ? ask.source : ask.destination} does not answer.`
        : `${explanation.nextHop} does not answer on ${port}.`
    case 'too_big': {
      const fits = mtuBytes === 0 ? 'the path takes' : `the ${mtuBytes} bytes that the path takes`
      return `Its packets are larger than ${fits}, and may not be cut.`
    }
    case 'inner_segment':
      return foreignVni(facts).sentence
    case 'inner_source':
      return `${peer === '' ? 'A peer' : peer} sent it from ${ask.source}, which is not its own in that segment.`
    case 'sealed_replay':
      return `Sealed datagrams from ${peer} came twice, or far too late.`
    case 'sealed_tag':
      return `Sealed datagrams from ${peer} were not authentic: damaged or forged.`
    default:
      return dropReasons[reason] ?? `Dropped as ${reason}.`
  }
}

/** The log of denials knows the rule. */
function denialOf(reason: string, isOfAnswers: boolean, { ask, denials }: ExplainFacts) {
  const { source, destination } = ask
  const [from, to] = isOfAnswers ? [destination, source] : [source, destination]
  return denials.find(
    (denial) => denial.reason === reason && denial.source === from && denial.destination === to,
  )
}
