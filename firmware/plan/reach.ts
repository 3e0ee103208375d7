/** By which kinds of ways a peer is reached now, as the datapath counts its paths. Pure. */
import type { PathCounters, PathEvent } from '../model/path-program.ts'
import type { Counters } from '../model/program.ts'

export interface Reach {
  /** Whether a path of that kind carries packets. */
  readonly isDirect: boolean
  readonly isRelayed: boolean
  /** The address of the way through a relay that goes before the others; null: none carries packets. */
  readonly relayed: string | null
  /** Inner packets exchanged, ever. */
  readonly packets: number
}

export type Way = Pick<PathCounters, 'number' | 'state' | 'isBest' | 'isRelayed' | 'remoteAddress'>

/** What is known of each peer's paths: counted once a second, and told in between. */
export interface Ways {
  readonly byNumber: ReadonlyMap<number, Way>
  readonly packets: number
}

export const noWays: Ways = { byNumber: new Map(), packets: 0 }

/** Paths of a peer without a session are history, and left out. */
export function countedWays({ peers, paths }: Counters): Map<string, Ways> {
  const ways = new Map<string, { byNumber: Map<number, Way>; packets: number }>()
  for (const { peer, localIndex, rxPackets, txPackets } of peers) {
    if (localIndex !== 0) ways.set(peer, { byNumber: new Map(), packets: rxPackets + txPackets })
  }
  for (const path of paths) ways.get(path.peer)?.byNumber.set(path.number, path)
  return ways
}

/** @param isRelayed whether the event's address is one of a relay */
export function toldWays(ways: Ways, event: PathEvent, isRelayed: boolean): Ways {
  const { number, state, remoteAddress } = event
  const isBest = event.change === 'best' || ways.byNumber.get(number)?.isBest === true
  const byNumber = new Map(ways.byNumber)
  if (event.change === 'best') {
    for (const way of ways.byNumber.values()) byNumber.set(way.number, { ...way, isBest: false })
  }
  byNumber.set(number, { number, state, isBest, isRelayed, remoteAddress })
  return { ...ways, byNumber }
}

export function reachOf({ byNumber, packets }: Ways): Reach {
  const up = [...byNumber.values()].filter(({ state }) => state === 'up')
  const through = up.filter(({ isRelayed }) => isRelayed)
  return {
    isDirect: up.some(({ isRelayed }) => !isRelayed),
    isRelayed: through.length > 0,
    relayed: (through.find(({ isBest }) => isBest) ?? through[0])?.remoteAddress ?? null,
    packets,
  }
}
