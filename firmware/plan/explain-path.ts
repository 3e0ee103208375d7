/** What a policy makes of each path of a peer, in sentences: chosen, or why not. Pure. */
import type { Policy } from '../model/device-config-steering.ts'
import type { ExplainedPath } from '../model/explanation.ts'
import type { ExplainedPathAnswer } from '../model/local-api-explain.ts'
import { pathFaults } from '../model/path-reason.ts'
import { type ExplainFacts, policyNamed, policyText, timeText } from './explain-facts.ts'
import { uplinkName } from './path-status.ts'
import { endpointOf, relayOf } from './relayed.ts'

/** Silence that is no chance any more: probes have gone unanswered for many round trips. */
const silentMs = 400

export function pathAnswers(facts: ExplainFacts): ExplainedPathAnswer[] {
  const { config, explanation, numbered } = facts
  return explanation.paths.toSorted(byPlace).map((path) => ({
    number: path.number,
    uplink: uplinkName(numbered, path.uplink),
    remoteUplink: path.remoteUplink,
    endpoint: endpointOf(path, config.peers),
    isTaken: path.number === explanation.path && explanation.hasSession,
    verdict: path.verdict,
    sentence: sentenceOf(path, facts),
    state: path.state,
    stateSeconds: path.stateMs / 1000,
    lossRatio: path.lossPpm === null ? null : path.lossPpm / 1e6,
    latencySeconds: seconds(path.latencyUs),
    jitterSeconds: seconds(path.jitterUs),
    mtuBytes: path.mtuBytes,
    trustedInSeconds: Math.max(path.holdMs, path.cleanMs) / 1000,
  }))
}

function byPlace(one: ExplainedPath, other: ExplainedPath): number {
  return (
    one.uplink - other.uplink ||
    (one.remoteUplink ?? 256) - (other.remoteUplink ?? 256) ||
    one.number - other.number
  )
}

/** `lte0`; `lte0 to 10.99.0.6:51820` where another path has that uplink, too. */
export function pathName(
  path: ExplainedPath,
  { config, explanation, numbered }: ExplainFacts,
): string {
  if (relayOf(path.remoteAddress, config.peers) !== null) return endpointOf(path, config.peers)
  const name = uplinkName(numbered, path.uplink)
  const isAlone = explanation.paths.every((one) => one === path || one.uplink !== path.uplink)
  return isAlone ? name : `${name} to ${endpointOf(path, config.peers)}`
}

/** Carries nothing: down, or on the way to be found so. */
export function isDead({ state, suspectMs }: ExplainedPath): boolean {
  return state === 'down' || (suspectMs !== null && suspectMs >= silentMs)
}

/** That the policy uses at all, however good they are. */
export function isAllowed({ verdict }: ExplainedPath): boolean {
  return verdict !== 'kind' && verdict !== 'metered'
}

/** Its uplink cannot send. */
export function isCut({ obstacle }: ExplainedPath): boolean {
  return obstacle !== 'none' && obstacle !== 'no-neighbour'
}

/** `uplink wan0 has no carrier`; '' where nothing stands in the way of its datagrams. */
export function obstacleText(path: ExplainedPath, facts: ExplainFacts): string {
  const isRelayed = relayOf(path.remoteAddress, facts.config.peers) !== null
  const uplink = isRelayed
    ? `the ${endpointOf(path, facts.config.peers)}`
    : `uplink ${uplinkName(facts.numbered, path.uplink)}`
  switch (path.obstacle) {
    case 'none':
      return ''
    case 'no-port':
      return `the NIC of ${uplink} is missing`
    case 'no-address':
      return `${uplink} has no ${path.remoteAddress.includes(':') ? 'IPv6' : 'IPv4'} address`
    case 'no-carrier':
      return `${uplink} has no carrier`
    case 'no-route':
      return `${uplink} has no route to ${path.remoteAddress}`
    case 'no-neighbour':
      return `the next hop of ${uplink} is not known`
    case 'no-relay':
      return 'there is no session with its relay, or no path to that'
  }
}

/** The limits of the policy that it breaks: `loss 4.8 % is above the 1 % of policy calls`. */
export function breachTexts(path: ExplainedPath, { config, explanation }: ExplainFacts): string[] {
  const { loss, latencyMs, jitterMs } = policyNamed(config, explanation.policy) ?? {}
  const { lossPpm, latencyUs, jitterUs } = path
  const of = `of ${policyText(explanation.policy)}`
  const above = (what: string, is: string, limit: string): string =>
    `${what} ${is} is above the ${limit} ${of}`
  const isAbove = (value: number | null, limit: number | undefined): boolean =>
    value !== null && limit !== undefined && value > limit
  return [
    ...(isAbove(lossPpm, loss && loss * 10_000)
      ? [above('loss', percentText(lossPpm! / 10_000), percentText(loss!))]
      : []),
    ...(isAbove(latencyUs, latencyMs && latencyMs * 1000)
      ? [above('latency', msText(latencyUs!), msText(latencyMs! * 1000))]
      : []),
    ...(isAbove(jitterUs, jitterMs && jitterMs * 1000)
      ? [above('jitter', msText(jitterUs!), msText(jitterMs! * 1000))]
      : []),
  ]
}

/** Why it carries nothing. */
export function deadText(path: ExplainedPath, facts: ExplainFacts): string {
  const obstacle = obstacleText(path, facts)
  if (isCut(path)) return obstacle
  const more = obstacle === '' ? '' : `; ${obstacle}`
  if (path.state === 'untried') return `${pathFaults.untried}${more}`
  if (path.state === 'up')
    return `nothing is heard by it for ${timeText(path.suspectMs ?? 0)}${more}`
  const fault = path.reason === 'well' ? 'untried' : path.reason
  return `down for ${timeText(path.stateMs)}: ${pathFaults[fault]}${more}`
}

function sentenceOf(path: ExplainedPath, facts: ExplainFacts): string {
  const { explanation } = facts
  if (!explanation.hasSession) return `there is no session with ${explanation.peer}`
  const pinned = path.number === explanation.pinnedPath && path.verdict !== 'chosen'
  const taken = path.number === explanation.path
  const stays = !pinned
    ? ''
    : taken
      ? '; this flow stays on it for now'
      : '; this flow leaves it now'
  return `${verdictText(path, facts)}${stays}`
}

/** What the policy makes of it for new flows. */
export function verdictText(path: ExplainedPath, facts: ExplainFacts): string {
  const { config, explanation } = facts
  const policy = policyNamed(config, explanation.policy)
  const name = policyText(explanation.policy)
  const [breach] = breachTexts(path, facts)
  switch (path.verdict) {
    case 'chosen':
      return chosenText(path, facts, policy, breach)
    case 'less-preferred':
      return lessText(path, facts)
    case 'last-resort':
      return lastText(path, policy, facts)
    case 'returning':
      return returningText(path, name)
    case 'doubtful':
      return 'its answer is late: it may be down'
    case 'loss':
    case 'latency':
    case 'jitter':
      return breach ?? `its ${path.verdict} was above the limit of ${name} a moment ago`
    case 'down':
      return deadText(path, facts)
    case 'metered':
      return `${meteredText(path, facts)}: ${name} never uses such an uplink`
    case 'kind':
      return `${name} uses uplinks of kind ${policy?.kinds?.join(' or ') ?? '–'} alone`
  }
}

function chosenText(
  path: ExplainedPath,
  facts: ExplainFacts,
  policy: Policy | null,
  breach: string | undefined,
): string {
  const { explanation, numbered } = facts
  if (isDead(path) || path.state !== 'up') {
    return `for want of a better one: ${deadText(path, facts)}`
  }
  if (breach !== undefined) return `chosen, the least bad: ${breach}`
  const isDear = (path.isMetered && policy?.metered !== 'ok') || path.isBackup
  if (isDear) return `chosen: ${priceText(path, facts)}, but no other can be used`
  if (policy?.prefer?.includes(uplinkName(numbered, path.uplink))) return 'chosen: preferred uplink'
  if (policy?.use === 'all') return 'chosen: flows are spread over all good paths'
  const { length } = explanation.paths
  return length === 1 ? 'chosen: the only path' : `chosen: the best of ${length}`
}

function returningText(
  { holdMs, cleanMs, isKinDown, isKinBreaching }: ExplainedPath,
  name: string,
): string {
  const isDown = holdMs >= cleanMs
  const isKin = isDown ? isKinDown : isKinBreaching
  const what = isDown ? 'was down' : `broke a limit of ${name}`
  const who = isKin ? `shares an end with a path that ${what}` : what
  return `${who}; is trusted again in ${timeText(Math.max(holdMs, cleanMs))}`
}

function lessText(path: ExplainedPath, { config, explanation, numbered }: ExplainFacts): string {
  const best = explanation.paths.find(({ number }) => number === explanation.bestPath)
  if (best === undefined || best.uplink === path.uplink) return 'fits: stands by'
  const isRelayed = relayOf(best.remoteAddress, config.peers) !== null
  const name = isRelayed ? endpointOf(best, config.peers) : uplinkName(numbered, best.uplink)
  return `fits: stands by, ${name} goes before`
}

/** A backup comes behind all others, whether it costs or is preferred; a way through a relay behind direct ones. */
function lastText(path: ExplainedPath, policy: Policy | null, facts: ExplainFacts): string {
  const isRelayed = relayOf(path.remoteAddress, facts.config.peers) !== null
  if (isRelayed && !path.isMetered && !path.isBackup) {
    return 'through a relay: used only when no direct path is usable'
  }
  if (!path.isBackup) return `${meteredText(path, facts)}: last resort`
  const isPreferred = policy?.prefer?.includes(uplinkName(facts.numbered, path.uplink)) === true
  return `backup: used only when no other uplink is usable${isPreferred ? ', preferred or not' : ''}`
}

function priceText(path: ExplainedPath, facts: ExplainFacts): string {
  if (!path.isMetered) return 'backup'
  const text = meteredText(path, facts)
  if (!path.isBackup) return text
  return text === 'metered' ? 'metered backup' : `backup, ${text}`
}

/** What the peer says of its uplink counts like a word of the own configuration. */
function meteredText(
  { uplink, remoteAddress }: ExplainedPath,
  { config, explanation, numbered }: ExplainFacts,
): string {
  const own = config.uplinks.find(({ name }) => name === numbered[uplink]?.name)
  if (own?.metered === true) return 'metered'
  const isRelayed = relayOf(remoteAddress, config.peers) !== null
  return isRelayed ? 'metered on the way' : `metered at the end of ${explanation.peer}`
}

function percentText(percent: number): string {
  const digits = percent < 1 ? 2 : percent < 10 ? 1 : 0
  return `${Number(percent.toFixed(digits))} %`
}

function msText(us: number): string {
  const ms = us / 1000
  return `${Number(ms.toFixed(ms < 10 ? 1 : 0))} ms`
}

function seconds(us: number | null): number | null {
  return us === null ? null : us / 1e6
}
