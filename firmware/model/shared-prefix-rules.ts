/**
 * The rules for a prefix that several peers have: one site has it, or none, and hubs carry for that. Who carries when is the
 * datapath's (native/dataplane/graph/next-peer.h).
 */
import type { Refuse } from './config-rule.ts'
import type { Peer } from './device-config.ts'
import type { Located } from './device-config-parts.ts'

/** Of one prefix: `CW_RANKS`. */
export const maxPrefixPeers = 4

export interface PeerPrefix {
  /** Canonical. */
  readonly prefix: string
  readonly at: string
  readonly segment: string
  readonly peer: Pick<Peer, 'name' | 'role'>
}

/** Between sites and hubs it is told who may forward: only hubs do. */
export function checkTransit(peers: readonly Located<Peer>[], refuse: Refuse): void {
  for (const { at, part } of peers) {
    if (part.transit !== true || isHub(part)) continue
    refuse('transit-of-hub', `${at}/transit`, 'is for a peer with `role: hub`')
  }
}

export function checkSharedPrefixes(prefixes: readonly PeerPrefix[], refuse: Refuse): void {
  const first = new Map<string, PeerPrefix[]>()
  for (const one of prefixes) {
    const key = `${one.segment} ${one.prefix}`
    const before = first.get(key)
    if (before === undefined) first.set(key, [one])
    else if (checkOne(one, before, refuse)) before.push(one)
  }
}

/** False: it is refused. */
function checkOne(one: PeerPrefix, before: readonly PeerPrefix[], refuse: Refuse): boolean {
  const same = before.find(({ peer }) => peer === one.peer)
  const site = before.find(({ peer }) => !isHub(peer))
  if (same !== undefined) refuse('prefix-once', one.at, `is already at ${same.at}`)
  else if (site !== undefined && !isHub(one.peer)) {
    refuse('prefix-one-site', one.at, `is already at ${site.at}, and neither peer is a hub`)
  } else if (before.length === maxPrefixPeers) {
    refuse('prefix-peers', one.at, `is at ${maxPrefixPeers} peers already`)
  } else return true
  return false
}

/** Who has it itself, then hubs, in the order of `peers`. */
export function byRank(one: Pick<Peer, 'role'>, other: Pick<Peer, 'role'>): number {
  return Number(isHub(one)) - Number(isHub(other))
}

export function isHub({ role }: Pick<Peer, 'role'>): boolean {
  return role === 'hub'
}
