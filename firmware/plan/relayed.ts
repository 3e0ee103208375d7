/** Ways through relays as people read them: who forwards, and why the peer is not reached directly. Pure. */

import { formatEndpoint } from '../model/address.ts'
import type { PeerRole } from '../model/device-config.ts'
import type { ChannelState, PeerReach, ReachKind } from '../model/local-api-reach.ts'
import { keyPrefixOf, parseRelayed } from '../model/relayed-address.ts'
import { type RelayedReason, relayedReasons } from '../model/relayed-reason.ts'
import { decodeWireKey } from '../model/wire-key.ts'

export interface NamedPeer {
  readonly name: string
  /** Only hubs relay. */
  readonly role?: PeerRole
  /** As the configuration has it. */
  readonly wireKey: string
}

/** What the gateway knows of how a peer is reached. */
export interface ReachFacts {
  readonly peer: string
  readonly how: ReachKind
  readonly ageMs: number
  /** The address of the way through a relay that carries packets; null without one. */
  readonly relayed: string | null
  readonly reason: RelayedReason
  readonly nextMs: number | null
  readonly channels: readonly { readonly relay: string; readonly state: ChannelState }[]
}

/** The peer that forwards what goes to this address; null for an address of a host. */
export function relayOf(address: string, peers: readonly NamedPeer[]): string | null {
  const way = parseRelayed(address)
  return way === null ? null : (namesOf(peers).get(way.keyPrefix) ?? 'unknown')
}

/** By the first four bytes of their keys, which no two have in common. Made once for each configuration. */
function namesOf(peers: readonly NamedPeer[]): ReadonlyMap<number, string> {
  const known = namesByPrefix.get(peers)
  if (known !== undefined) return known
  const names = new Map<number, string>()
  for (const { name, role, wireKey } of peers) {
    if (role !== 'hub') continue
    const key = decodeWireKey(wireKey)
    if (key === null) continue
    names.set(keyPrefixOf(key), name)
  }
  namesByPrefix.set(peers, names)
  return names
}

const namesByPrefix = new WeakMap<readonly NamedPeer[], ReadonlyMap<number, string>>()

/** `198.51.100.7:51820`, `relay hub-1` */
export function endpointOf(
  { remoteAddress, remotePort }: { readonly remoteAddress: string; readonly remotePort: number },
  peers: readonly NamedPeer[],
): string {
  const relay = relayOf(remoteAddress, peers)
  return relay === null
    ? formatEndpoint({ address: remoteAddress, port: remotePort })
    : `relay ${relay}`
}

type Channel = ReachFacts['channels'][number]

/** Why none of these relays reaches a peer; completes a sentence that names it. Null: one does. */
export function unrelayedText(channels: readonly Channel[]): string | null {
  if (channels.some(({ state }) => state === 'open')) return null
  if (channels.length === 0) return 'there is no relay'
  const [only, ...more] = channels
  if (only?.state === 'refused' && more.length === 0) {
    return `${only.relay}, the only hub, ${refusedText}`
  }
  return channels.map(({ relay, state }) => channelTexts[state](relay)).join('; ')
}

/** Its answer is the same for both. */
const refusedText = 'refuses to relay to it: it has no overlay.relay, or no peer with its wireKey'

const channelTexts: Readonly<Record<ChannelState, (relay: string) => string>> = {
  open: (relay) => `${relay} relays to it`,
  asked: (relay) => `${relay} has not answered yet whether it relays to it`,
  refused: (relay) => `${relay} ${refusedText}`,
  absent: (relay) => `${relay}, which could relay, has no session with it`,
  full: (relay) => `${relay} relays as much as it may`,
  'no-session': (relay) => `there is no session with ${relay}, which could relay`,
}

export function reachAnswer(facts: ReachFacts | undefined, peers: readonly NamedPeer[]): PeerReach {
  const { how = 'none', ageMs = 0, relayed = null, channels = [] } = facts ?? {}
  const isRelayed = facts !== undefined && how === 'relayed'
  return {
    how,
    seconds: ageMs / 1000,
    relay: isRelayed && relayed !== null ? relayOf(relayed, peers) : null,
    reason: isRelayed ? facts.reason : null,
    explanation: isRelayed ? relayedReasons[facts.reason] : null,
    nextTrySeconds: isRelayed && facts.nextMs !== null ? facts.nextMs / 1000 : null,
    channels: channels.map((channel) => ({ ...channel })),
  }
}
