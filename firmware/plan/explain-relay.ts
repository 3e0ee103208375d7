/** What relays have to do with a flow: who forwards its packets and why, or why nobody can. Pure. */
import type { ExplainedPath } from '../model/explanation.ts'
import type { Finding } from '../model/local-api-explain.ts'
import { relayedReasons } from '../model/relayed-reason.ts'
import { type ExplainFacts, timeText } from './explain-facts.ts'
import { uplinkName } from './path-status.ts'
import { endpointOf, relayOf, unrelayedText } from './relayed.ts'
import { channelBetween } from './relaying.ts'

/** A sound line loses less. */
const limitedPpm = 10_000

/** `wan0`, `relay hub-1` */
export function wayName(path: ExplainedPath, { config, numbered }: ExplainFacts): string {
  const isRelayed = relayOf(path.remoteAddress, config.peers) !== null
  return isRelayed ? endpointOf(path, config.peers) : uplinkName(numbered, path.uplink)
}

/** Of a flow that a relay forwards. */
export function relayedFinding({ config, explanation, reach }: ExplainFacts): Finding | null {
  const taken = explanation.paths.find(({ number }) => number === explanation.path)
  if (taken === undefined || !explanation.hasSession) return null
  const relay = relayOf(taken.remoteAddress, config.peers)
  if (relay === null) return null
  const why = reach?.how === 'relayed' ? `: ${relayedReasons[reach.reason]}` : ''
  const { nextMs = null } = reach ?? {}
  const next =
    why === '' || nextMs === null ? '' : `; one is looked for again in ${timeText(nextMs)}`
  const sentence = `${relay} relays it, since no direct way to ${explanation.peer} carries packets${why}${next}.`
  return { cause: 'relayed', sentence: `${sentence}${limitText(taken, relay)}` }
}

/** What a relay keeps back is lost to its ends, who are not told why; the relay's own status says it of each pair. */
function limitText({ lossPpm }: ExplainedPath, relay: string): string {
  if (lossPpm === null || lossPpm < limitedPpm) return ''
  const percent = (lossPpm / 10_000).toFixed(1)
  return ` ${percent} % of what is sent by it is lost, as where more is sent than ${relay} relays: its status says whether that is so.`
}

/** Of a flow between two peers of this box: it is their relay, or it has nothing to do with it. */
export function betweenPeersFinding(facts: ExplainFacts, to: string | null): Finding {
  const { explanation, relaying } = facts
  const { peer } = explanation
  const ask = `Ask at ${peer}.`
  if (relaying === null || to === null) {
    const sentence = `It came from ${peer} and is for another peer: this box is no way between them.`
    return { cause: 'transit', sentence }
  }
  const channel = channelBetween(relaying, peer, to)
  if (channel === null) {
    const sentence = `It is between ${peer} and ${to}, who have no channel through this box: they reach each other directly, or not at all. ${ask}`
    return { cause: 'transit', sentence }
  }
  const [own, other] =
    channel.peer === peer
      ? (['channel', 'toChannel'] as const)
      : (['toChannel', 'channel'] as const)
  const numbers = `${channel[own]} of ${peer} and ${channel[other]} of ${to}`
  const sentence = `${peer} and ${to} have a channel through this box (${numbers}): what goes by it is sealed for them, so nobody here sees which flows these are. ${ask}`
  return { cause: 'relayed-sealed', sentence }
}

/** Of a peer without endpoints and session; null: one of them relays, so that it is being called. */
export function relayAbsentFinding({ explanation: { peer }, reach }: ExplainFacts): Finding | null {
  const why = unrelayedText(reach?.channels ?? [])
  if (why === null) return null
  const sentence = `${peer} cannot be called, since it has no endpoint; it has not called, and ${why}.`
  return { cause: 'relay-absent', sentence }
}

/** Of a peer with a session and without any path: one through a relay is what is missing. */
export function pathlessFinding({ explanation: { peer }, reach }: ExplainFacts): Finding | null {
  const why = unrelayedText(reach?.channels ?? [])
  if (why === null) return null
  const sentence = `${peer} is not reached: no direct way to it is known, and ${why}.`
  return { cause: 'relay-absent', sentence }
}
