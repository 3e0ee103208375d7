/**
 * Why a flow does not reach its peer, or is not heard from it: there is no session, or no path that carries packets, or none
 * that its policy takes. Pure.
 *
 * Silence on every path is the peer's, unless the uplinks say otherwise: they have no carrier, no address or no route, or
 * every other peer has fallen silent on them as well.
 */
import type { ExplainedPath } from '../model/explanation.ts'
import type { Finding } from '../model/local-api-explain.ts'
import type { PathCounters } from '../model/path-program.ts'
import { pathFaults } from '../model/path-reason.ts'
import { type ExplainFacts, listText, policyNamed, policyText, timeText } from './explain-facts.ts'
import {
  deadText,
  isAllowed,
  isCut,
  isDead,
  obstacleText,
  pathName,
  verdictText,
} from './explain-path.ts'
import { pathlessFinding, relayAbsentFinding, wayName } from './explain-relay.ts'
import { uplinkName } from './path-status.ts'

/** A call that is not answered for so long is not about to be. */
const patienceMs = 1_000
/** Of more, how many. */
const toldPaths = 4

export function sessionFinding(facts: ExplainFacts): Finding | null {
  const { config, explanation, session } = facts
  const { peer } = explanation
  if (peer === '' || explanation.hasSession) return null
  const endpoints = config.peers.find(({ name }) => name === peer)?.endpoints ?? []
  const cut = cutUplinks(explanation.paths, facts)
  if (explanation.paths.length > 0 && explanation.paths.every(isCut)) {
    return { cause: 'uplink-dead', sentence: `${peer} cannot be called: ${listText(cut)}.` }
  }
  if (session === null) return { cause: 'connecting', sentence: `${peer} is about to be called.` }
  const { ended, canCall } = session
  if (ended !== null && ended.by !== 'datapath') return endedFinding(facts, ended, canCall)
  const absent = endpoints.length === 0 ? relayAbsentFinding(facts) : null
  if (absent !== null) return absent
  if (!canCall) {
    const sentence = `${peer} cannot be called: no uplink has an address of the family of its endpoints.`
    return { cause: 'uplink-dead', sentence }
  }
  const relays = facts.reach?.channels.filter(({ state }) => state === 'open') ?? []
  const called = [...endpoints, ...relays.map(({ relay }) => `relay ${relay}`)]
  return callFinding(facts, session, called)
}

function endedFinding(
  { explanation: { peer }, session }: ExplainFacts,
  ended: { readonly by: string; readonly ageMs: number },
  canCall: boolean,
): Finding {
  const ago = `${timeText(ended.ageMs)} ago`
  const since = !canCall
    ? 'It has no endpoint, so it has to call.'
    : session?.lastError === 'SESSION_TIMEOUT' || ended.ageMs > patienceMs
      ? 'It is being called, and does not answer.'
      : 'It is being called.'
  if (ended.by === 'close') {
    return { cause: 'session-closed', sentence: `${peer} ended the session ${ago}. ${since}` }
  }
  const sentence = `The session with ${peer} ended ${ago}: its keys were over, and new ones had not been agreed. ${since}`
  return { cause: 'session-expired', sentence }
}

function callFinding(
  { explanation: { peer } }: ExplainFacts,
  { stateAgeMs, failures, lastError }: NonNullable<ExplainFacts['session']>,
  endpoints: readonly string[],
): Finding {
  const at = listText(endpoints.slice(0, 3))
  const refused = (failures.unauthentic ?? 0) + (failures.mismatch ?? 0) + (failures.malformed ?? 0)
  if (refused > 0 && lastError !== 'SESSION_TIMEOUT') {
    const sentence = `${peer} answers at ${at}, but no session comes of it (${lastError}): one of the two has a wrong key, or another tenant.`
    return { cause: 'peer-refused', sentence }
  }
  if ((failures.timeout ?? 0) > 0 || stateAgeMs > patienceMs) {
    const sentence = `${peer} does not answer: it is being called at ${at} for ${timeText(stateAgeMs)}.`
    return { cause: 'peer-unreachable', sentence }
  }
  return { cause: 'connecting', sentence: `A session with ${peer} is being made.` }
}

/** Of a peer with a session. Where all that ever answered is lost, those that nobody ever answered by help nobody. */
export function wayFinding(facts: ExplainFacts): Finding | null {
  const { explanation } = facts
  const { peer, hasSession, paths } = explanation
  if (peer === '' || !hasSession) return null
  if (paths.length === 0) return pathlessFinding(facts)
  const allowed = paths.filter(isAllowed)
  const lost = allowed.filter(isLost)
  if (lost.length > 0 && !allowed.some(isHopeful)) return deadFinding(lost, facts)
  if (explanation.from === 'peer') return null
  if (explanation.path === null) return unmetFinding(facts)
  const taken = paths.find(({ number }) => number === explanation.path)
  if (taken === undefined) return null
  if (isCut(taken)) {
    return { cause: 'uplink-dead', sentence: `${capital(obstacleText(taken, facts))}.` }
  }
  if (taken.state !== 'down') return null
  const by = wayName(taken, facts)
  return { cause: 'peer-down', sentence: `It would go by ${by}: ${deadText(taken, facts)}.` }
}

/** Uplinks by which nothing goes to the peer, though others carry the flow. */
export function deadUplinksFinding(facts: ExplainFacts): Finding | null {
  const { explanation } = facts
  if (!explanation.hasSession) return null
  const { paths, peer } = explanation
  if (!paths.some(isHopeful)) return null
  const dead = [...new Set(paths.map(({ uplink }) => uplink))]
    .map((uplink) => paths.filter((path) => path.uplink === uplink))
    .filter((own) => !own.some(isHopeful))
    .map((own) => own.filter(isLost))
    .filter((lost) => lost.length > 0)
  if (dead.length === 0) return null
  const texts = dead.flatMap((lost) => {
    const cut = cutUplinks(lost, facts)
    const silent = `nothing goes to ${peer} by ${wayName(lost[0]!, facts)}`
    return cut.length > 0 ? cut : [`${silent}: ${deadText(lost[0]!, facts)}`]
  })
  return { cause: 'uplink-dead', sentence: `${capital(listText(texts))}.` }
}

function isLost(path: ExplainedPath): boolean {
  return isDead(path) || isCut(path)
}

function isHopeful(path: ExplainedPath): boolean {
  return path.state === 'up' && !isLost(path)
}

/** Each obstacle once. */
function cutUplinks(paths: readonly ExplainedPath[], facts: ExplainFacts): string[] {
  return [...new Set(paths.filter(isCut).map((path) => obstacleText(path, facts)))]
}

/** @param lost of those that the policy uses, all by which somebody ever answered, or that are cut */
function deadFinding(lost: readonly ExplainedPath[], facts: ExplainFacts): Finding {
  const { explanation } = facts
  const { peer, policy, paths } = explanation
  const name = policyText(policy)
  const cut = cutUplinks(lost, facts)
  const only = paths.every(isAllowed) ? '' : ` that ${name} uses`
  const forbidden = forbiddenTexts(name, facts).map((text) => `, and ${text}`)
  const end = `${forbidden.join('')}.`
  if (lost.every(isCut)) {
    const isAll = lost.length === paths.filter(isAllowed).length
    const others = isAll ? '' : `, and nobody has answered by any other path${only} yet`
    const by = isAll ? `by any path${only}: ${listText(cut)}` : `now: ${listText(cut)}${others}`
    return { cause: 'uplink-dead', sentence: `No packet leaves for ${peer} ${by}${end}` }
  }
  const silent = lost.filter((path) => !isCut(path))
  const suspects = [...new Set(silent.map(({ uplink }) => uplink))]
  const rest = cut.length === 0 ? '' : ` (${listText(cut)})`
  if (suspects.every((uplink) => isLostForAll(uplink, facts))) {
    const names = listText([...new Set(silent.map((path) => wayName(path, facts)))])
    const sentence = `${silentUplinksText(names, silent, facts)}${rest}${end}`
    return { cause: 'uplink-dead', sentence }
  }
  const sentence = `There is a session, but ${silenceText(silent, only, peer)}${rest}${end}`
  return { cause: 'peer-down', sentence }
}

/** Of uplinks by which no peer is reached. */
function silentUplinksText(
  names: string,
  silent: readonly ExplainedPath[],
  facts: ExplainFacts,
): string {
  const { peer } = facts.explanation
  const others = silent.flatMap(({ uplink }) => pathsOfOthers(uplink, facts))
  if (faultOfAll([...silent, ...others]) === 'silent') {
    return `Nothing is heard by ${names}, from ${peer} or from any other peer`
  }
  const fault = faultOfAll(silent)
  const why = fault === null ? '' : `: ${pathFaults[fault]}`
  return `Neither ${peer} nor any other peer is reached by ${names}${why}`
}

function silenceText(silent: readonly ExplainedPath[], only: string, peer: string): string {
  const heardMs = Math.min(...silent.map((path) => path.heardMs ?? Number.POSITIVE_INFINITY))
  const since = Number.isFinite(heardMs) ? ` for ${timeText(heardMs)}` : ''
  switch (faultOfAll(silent)) {
    case 'silent':
      return `nothing is heard from ${peer} by any path${only}${since}`
    case 'deaf':
      return `${peer} says that it hears nothing by any path${only}`
    case 'unanswered':
      return `${peer} answers nothing by any path${only}, though something is heard`
    case null:
      return `no path${only} carries packets both to ${peer} and from it`
  }
}

/** What is wrong with each of them; null: not the same. */
function faultOfAll(
  paths: readonly Pick<ExplainedPath, 'state' | 'reason'>[],
): 'silent' | 'deaf' | 'unanswered' | null {
  const faults = new Set(
    paths.map(({ state, reason }) => {
      const isKnown = state === 'down' && (reason === 'deaf' || reason === 'unanswered')
      return isKnown ? reason : 'silent'
    }),
  )
  const [fault = null] = faults
  return faults.size === 1 ? fault : null
}

/** Other peers had paths over the uplink too, and not one of those is up. */
function isLostForAll(uplink: number, facts: ExplainFacts): boolean {
  const others = pathsOfOthers(uplink, facts)
  return others.length > 0 && others.every(({ state }) => state === 'down')
}

function pathsOfOthers(uplink: number, { counters, explanation }: ExplainFacts): PathCounters[] {
  return (counters?.paths ?? []).filter(
    (path) => path.uplink === uplink && path.peer !== explanation.peer && path.state !== 'untried',
  )
}

function unmetFinding(facts: ExplainFacts): Finding {
  const { peer, policy, paths } = facts.explanation
  const unfit = paths.filter(isAllowed)
  // What was measured says more than what never answered.
  const told = unfit.toSorted((one, other) => Number(isUntried(one)) - Number(isUntried(other)))
  const texts = told
    .slice(0, toldPaths)
    .map((path) => `${pathName(path, facts)}: ${verdictText(path, facts)}`)
  if (told.length > toldPaths) texts.push(`${told.length - toldPaths} more`)
  texts.push(...forbiddenTexts('it', facts))
  const why = texts.length === 0 ? 'none is of a kind that it uses' : texts.join('; ')
  const sentence = `No path to ${peer} is one that ${policyText(policy)} allows: ${why}.`
  return { cause: 'policy-unmet', sentence }
}

function isUntried({ state }: ExplainedPath): boolean {
  return state === 'untried'
}

/** `policy erp uses no metered uplink (lte0)`: what would carry the flow, were it allowed. */
function forbiddenTexts(who: string, facts: ExplainFacts): string[] {
  const { config, explanation, numbered } = facts
  const able = explanation.paths.filter((path) => !isAllowed(path) && isHopeful(path))
  const used = new Set(explanation.paths.filter(isAllowed).map(({ uplink }) => uplink))
  const namesOf = (verdict: ExplainedPath['verdict']): string[] => {
    const own = able.filter((path) => path.verdict === verdict)
    const names = own.map((path) =>
      used.has(path.uplink) ? pathName(path, facts) : uplinkName(numbered, path.uplink),
    )
    return [...new Set(names)]
  }
  const [metered, kind] = [namesOf('metered'), namesOf('kind')]
  const kinds = policyNamed(config, explanation.policy)?.kinds?.join(' or ') ?? '–'
  return [
    ...(metered.length === 0 ? [] : [`${who} uses no metered uplink (${listText(metered)})`]),
    ...(kind.length === 0
      ? []
      : [`${who} uses uplinks of kind ${kinds} alone (not ${listText(kind)})`]),
  ]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
