/**
 * Why a flow does not reach its peer, or is not heard from it: there is no session, or no path that carries packets, or none
 * that its policy takes. Pure.
 *
 * Silence on every path is the peer's, unless the uplinks say otherwise: they have no carrier, no address or no route, or
 * every other peer has fallen silent on them as well.
 */
import type { ExplainedPath } from '../model/explanation.ts'
import type { Finding } from '../model/local-api-explain.ts'
import { type ExplainFacts, listText, policyText, timeText } from './explain-facts.ts'
import { breachTexts, deadText, isAllowed, isCut, isDead, obstacleText } from './explain-path.ts'
import { uplinkName } from './path-status.ts'

/** A call that is not answered for so long is not about to be. */
const patienceMs = 1_000

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
  if (endpoints.length === 0) {
    const sentence = `${peer} cannot be called, since it has no endpoint; it has not called, and there is no relay.`
    return { cause: 'relay-absent', sentence }
  }
  if (!canCall) {
    const sentence = `${peer} cannot be called: no uplink has an address of the family of its endpoints.`
    return { cause: 'uplink-dead', sentence }
  }
  return callFinding(facts, session, endpoints)
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

/** Of a peer with a session. */
export function wayFinding(facts: ExplainFacts): Finding | null {
  const { explanation } = facts
  const { peer, hasSession, paths } = explanation
  if (peer === '' || !hasSession || paths.length === 0) return null
  const allowed = paths.filter(isAllowed)
  if (allowed.length > 0 && allowed.every((path) => isDead(path) || isCut(path))) {
    return deadFinding(allowed, facts)
  }
  if (explanation.from === 'peer') return null
  if (explanation.path === null) return unmetFinding(facts)
  const taken = paths.find(({ number }) => number === explanation.path)
  if (taken !== undefined && isCut(taken)) {
    return { cause: 'uplink-dead', sentence: `${capital(obstacleText(taken, facts))}.` }
  }
  return null
}

/** Uplinks by which nothing goes to the peer, though others carry the flow. */
export function deadUplinksFinding(facts: ExplainFacts): Finding | null {
  const { config, explanation } = facts
  if (!explanation.hasSession) return null
  const { paths, peer } = explanation
  const isLost = (path: ExplainedPath): boolean => isDead(path) || isCut(path)
  const lost = [...new Set(paths.map(({ uplink }) => uplink))]
    .map((uplink) => paths.filter((path) => path.uplink === uplink))
    .filter((own) => own.every(isLost))
  if (lost.length === 0 || paths.every(isLost)) return null
  const texts = lost.flatMap((own) => {
    const cut = cutUplinks(own, facts)
    const silent = `nothing goes to ${peer} by ${uplinkName(config.uplinks, own[0]!.uplink)}`
    return cut.length > 0 ? cut : [`${silent}: ${deadText(own[0]!, facts)}`]
  })
  return { cause: 'uplink-dead', sentence: `${capital(listText(texts))}.` }
}

/** Each obstacle once. */
function cutUplinks(paths: readonly ExplainedPath[], facts: ExplainFacts): string[] {
  return [...new Set(paths.filter(isCut).map((path) => obstacleText(path, facts)))]
}

function deadFinding(allowed: readonly ExplainedPath[], facts: ExplainFacts): Finding {
  const { config, explanation } = facts
  const { peer } = explanation
  const cut = cutUplinks(allowed, facts)
  const only =
    allowed.length < explanation.paths.length ? ` that ${policyText(explanation.policy)} uses` : ''
  if (allowed.every(isCut)) {
    const sentence = `No packet leaves for ${peer} by any path${only}: ${listText(cut)}.`
    return { cause: 'uplink-dead', sentence }
  }
  const silent = allowed.filter((path) => !isCut(path))
  const suspects = [...new Set(silent.map(({ uplink }) => uplink))]
  if (suspects.every((uplink) => isSilentForAll(uplink, facts))) {
    const names = suspects.map((uplink) => uplinkName(config.uplinks, uplink))
    const sentence = `Nothing is heard by ${listText(names)}, from ${peer} or from any other peer.`
    return { cause: 'uplink-dead', sentence: [sentence, ...cut.map(capital)].join(' ') }
  }
  const heardMs = Math.min(...silent.map(({ heardMs }) => heardMs ?? Number.POSITIVE_INFINITY))
  const since = Number.isFinite(heardMs) ? ` for ${timeText(heardMs)}` : ''
  const isDeaf = silent.every(({ reason }) => reason === 'deaf')
  const what = isDeaf ? `${peer} says that it hears nothing` : `nothing is heard from ${peer}`
  const rest = cut.length === 0 ? '' : ` (${listText(cut)})`
  const sentence = `There is a session, but ${what} by any path${only}${isDeaf ? '' : since}${rest}.`
  return { cause: 'peer-down', sentence }
}

/** Other peers had paths over the uplink too, and not one of those is up. */
function isSilentForAll(uplink: number, { counters, explanation }: ExplainFacts): boolean {
  const others = (counters?.paths ?? []).filter(
    (path) => path.uplink === uplink && path.peer !== explanation.peer && path.state !== 'untried',
  )
  return others.length > 0 && others.every(({ state }) => state === 'down')
}

function unmetFinding(facts: ExplainFacts): Finding {
  const { config, explanation } = facts
  const { peer, policy, paths } = explanation
  const name = policyText(policy)
  const unfit = paths.filter(isAllowed).map((path) => {
    const why = breachTexts(path, facts)[0] ?? (isDead(path) ? deadText(path, facts) : null)
    const uplink = uplinkName(config.uplinks, path.uplink)
    return `${uplink}: ${why ?? `its ${path.verdict} was above the limit a moment ago`}`
  })
  const why = unfit.length === 0 ? 'none is of a kind that it uses' : [...new Set(unfit)].join('; ')
  const sentence = `No path to ${peer} is one that ${name} allows: ${why}.`
  return { cause: 'policy-unmet', sentence }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
