/**
 * Where each peer was heard last, so that a box that begins anew can call those of whom it has no endpoint: behind their NATs, which
 * let in whom they have sent to. What of the counters is worth remembering, and how that is written and read. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { parseAddress } from '../model/address.ts'
import type { PathCounters } from '../model/path-program.ts'
import type { Counters } from '../model/program.ts'
import {
  isWhereabouts,
  mostWhereabouts,
  type Whereabout,
  type Whereabouts,
} from '../model/whereabouts.ts'

/** Far more than 1,024 peers need. */
const mostCharacters = 1_000_000

/**
 * What is known from now on, of the peers that are counted. Who is not heard stays where it was; who came to a relay, or to an
 * endpoint of the configuration, needs no remembering. The same object, where nothing is new.
 */
export function whereaboutsAfter(
  known: Whereabouts,
  { peers, paths }: Pick<Counters, 'peers' | 'paths'>,
  nameOf: (uplink: number) => string | null,
): Whereabouts {
  const heard = new Map<string, PathCounters[]>()
  for (const path of paths) {
    if (!path.isLearned || path.isRelayed || path.state !== 'up' || path.heardMs === null) continue
    const own = heard.get(path.peer)
    if (own === undefined) heard.set(path.peer, [path])
    else own.push(path)
  }
  const entries = peers.flatMap(({ peer }): [string, Whereabout[]][] => {
    const now = whereaboutsOf(heard.get(peer) ?? [], nameOf)
    const list = now.length > 0 ? now : placesOf(known, peer)
    return list.length > 0 ? [[peer, list]] : []
  })
  const isSame =
    entries.length === Object.keys(known).length &&
    entries.every(([peer, list]) => isDeepStrictEqual(list, placesOf(known, peer)))
  return isSame ? known : Object.fromEntries(entries)
}

/** A peer may have any name, that of something which every object has, too. */
export function placesOf(known: Whereabouts, peer: string): Whereabout[] {
  return Object.hasOwn(known, peer) ? known[peer]! : []
}

/** Nothing, where it cannot be read: it may have been cut off while it was written. */
export function parseWhereabouts(text: string): Whereabouts {
  if (text.length > mostCharacters) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (!isWhereabouts(value)) return {}
    const lists = Object.values(value).flat()
    return lists.every(({ remoteAddress }) => parseAddress(remoteAddress) !== null) ? value : {}
  } catch {
    return {}
  }
}

/** The best one first, for at rest that alone keeps its NAT open; then the one that is up the longest. */
function whereaboutsOf(
  paths: readonly PathCounters[],
  nameOf: (uplink: number) => string | null,
): Whereabout[] {
  return paths
    .toSorted((a, b) => Number(b.isBest) - Number(a.isBest) || b.stateMs - a.stateMs)
    .flatMap(({ uplink: number, localPort, remoteAddress, remotePort }) => {
      const uplink = nameOf(number)
      return uplink === null ? [] : [{ uplink, localPort, remoteAddress, remotePort }]
    })
    .slice(0, mostWhereabouts)
}
