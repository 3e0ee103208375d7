/** What relays have to do with a flow: who forwards its packets and why, or why nobody can. Pure. */
import type { ExplainedPath } from '../model/explanation.ts'
import type { Finding } from '../model/local-api-explain.ts'
import type { ChannelState } from '../model/local-api-reach.ts'
import { relayedReasons } from '../model/relayed-reason.ts'
import { type ExplainFacts, listText, timeText } from './explain-facts.ts'
import { uplinkName } from './path-status.ts'
import { endpointOf, relayOf } from './relayed.ts'

/** `wan0`, `relay hub-1` */
export function wayName(path: ExplainedPath, { config }: ExplainFacts): string {
  const isRelayed = relayOf(path.remoteAddress, config.peers) !== null
  return isRelayed ? endpointOf(path, config.peers) : uplinkName(config.uplinks, path.uplink)
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
  return { cause: 'relayed', sentence }
}

/** Of a peer without endpoints; null: one of them relays, so that it is being called. */
export function relayAbsentFinding({ explanation: { peer }, reach }: ExplainFacts): Finding | null {
  const { channels = [] } = reach ?? {}
  if (channels.some(({ state }) => state === 'open')) return null
  const why =
    channels.length === 0
      ? 'there is no relay'
      : listText(channels.map(({ relay, state }) => channelTexts[state](relay)))
  const sentence = `${peer} cannot be called, since it has no endpoint; it has not called, and ${why}.`
  return { cause: 'relay-absent', sentence }
}

const channelTexts: Readonly<Record<ChannelState, (relay: string) => string>> = {
  open: (relay) => `${relay} relays to it`,
  asked: (relay) => `${relay} has not answered yet whether it relays to it`,
  refused: (relay) => `${relay} does not relay to it`,
  absent: (relay) => `${relay}, which could relay, has no session with it`,
  full: (relay) => `${relay} relays as much as it may`,
  'no-session': (relay) => `there is no session with ${relay}, which could relay`,
}
