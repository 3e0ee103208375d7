/**
 * Which peers carry a prefix of the overlay, in their order: who has it itself, then hubs that have it too, then hubs that forward
 * for others and have a shorter prefix around it. Pure. Which of them carries now is the datapath's business.
 */
import { overlaps, type Prefix, parseInterfaceAddress } from '../model/address.ts'
import type { Peer } from '../model/device-config.ts'
import type { RouteProgram } from '../model/peer-program.ts'
import { byRank, maxPrefixPeers } from '../model/shared-prefix-rules.ts'

/** What a hub forwards for others. */
interface Transit {
  readonly peer: string
  readonly prefixes: readonly Prefix[]
}

export function compileOverlayRoutes(peers: readonly Peer[]): RouteProgram[] {
  const carriers = new Map<string, { segment: string; prefix: string; peers: string[] }>()
  for (const { name, segments } of peers.toSorted(byRank)) {
    for (const [segment, prefixes] of Object.entries(segments)) {
      for (const prefix of prefixes) {
        const known = carriers.get(`${segment} ${prefix}`)
        if (known === undefined) {
          carriers.set(`${segment} ${prefix}`, { segment, prefix, peers: [name] })
        } else known.peers.push(name)
      }
    }
  }
  const transits = transitsOf(peers)
  return [...carriers.values()].flatMap(({ segment, prefix, peers: own }) => {
    const around = hubsAround(prefix, transits.get(segment) ?? [])
    const all = [...new Set([...own, ...around])].slice(0, maxPrefixPeers)
    return all.map((peer, rank) => ({ segment, prefix, peer, rank }))
  })
}

function transitsOf(peers: readonly Peer[]): ReadonlyMap<string, readonly Transit[]> {
  const found = new Map<string, Transit[]>()
  for (const { name, transit, segments } of peers) {
    if (transit !== true) continue
    for (const [segment, texts] of Object.entries(segments)) {
      const prefixes = texts.map((text) => parseInterfaceAddress(text)!)
      found.set(segment, [...(found.get(segment) ?? []), { peer: name, prefixes }])
    }
  }
  return found
}

function hubsAround(prefix: string, transits: readonly Transit[]): string[] {
  if (transits.length === 0) return []
  const inner = parseInterfaceAddress(prefix)!
  return transits
    .filter(({ prefixes }) =>
      prefixes.some((outer) => outer.bits < inner.bits && overlaps(outer, inner)),
    )
    .map(({ peer }) => peer)
}
