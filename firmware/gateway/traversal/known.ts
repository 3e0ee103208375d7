/** What is known of one peer, for traversal.ts: data, how it reads for people, and which ways are tried. */
import type { CancelTimer } from '../../host/clock/clock.ts'
import type { UdpAddress } from '../../host/udp/udp.ts'
import { relayUplink, type TryProgram, type WayProgram } from '../../model/traversal-program.ts'
import { mostWays } from '../../plan/candidate.ts'
import { noWays, reachOf, type Way, type Ways } from '../../plan/reach.ts'
import type { ReachFacts } from '../../plan/relayed.ts'
import type { Quest } from './quest.ts'

export type PeerReach = Omit<ReachFacts, 'channels'>

export interface Known {
  readonly peer: string
  readonly wireKey: string
  hasEndpoints: boolean
  /** It relays: to nobody else this box listens about where it is. */
  isHub: boolean
  /** It or this box relays: hubs can be called, and no relay is asked for one. */
  isByHub: boolean
  /** A session, and its peer is heard. */
  isUp: boolean
  upOrDownAtMs: number
  ways: Ways
  how: ReachFacts['how']
  howAtMs: number
  /** Inner packets came or went then. */
  dataAtMs: number
  /** A packet waited for a session then. */
  wantedAtMs: number
  relayed: readonly UdpAddress[]
  /** Some way through a relay was up then, or doubted. */
  relayedAtMs: number
  /** What is tried now, and until when. */
  tried: { readonly ways: readonly WayProgram[]; readonly untilMs: number }
  /** Where it was up directly at the last look; null: nowhere yet. A hub tells it when that changes. */
  seen: ReadonlySet<string> | null
  move: { readonly atMs: number; readonly told: number }
  /** Number of the move of this box that it has told last. */
  heardMove: number | null
  readonly quest: Quest
  timer: CancelTimer | null
}

/** `CW_TRY_MAX` */
const mostTried = 16
/** The others lead to what the peer told. */
const mostRelayed = mostTried - mostWays
/** After a move. */
const tellAtMs = [0, 1_000, 3_000, 10_000, 30_000]

export function newKnown(peer: string, wireKey: string, nowMs: number): Omit<Known, 'quest'> {
  return {
    ...{ peer, wireKey, hasEndpoints: false, isHub: false, isByHub: false },
    ...{ isUp: false, upOrDownAtMs: nowMs },
    ...{ ways: noWays, how: 'none', howAtMs: nowMs, timer: null, relayed: [], relayedAtMs: nowMs },
    ...{ seen: null, move: { atMs: 0, told: tellAtMs.length }, heardMove: null },
    dataAtMs: Number.NEGATIVE_INFINITY,
    wantedAtMs: Number.NEGATIVE_INFINITY,
    tried: { ways: [], untilMs: 0 },
  }
}

/** Ways through relays stay tried for as long as they are named, the others for their time. */
export function triedNow({ peer, relayed, tried }: Known, nowMs: number): TryProgram {
  const through = relayed.slice(0, mostRelayed).map(({ address, port }): WayProgram => {
    return { uplink: relayUplink, localPort: 0, remoteAddress: address, remotePort: port }
  })
  const forMs = Math.max(0, tried.untilMs - nowMs)
  return { peer, forMs, ways: [...through, ...(forMs > 0 ? tried.ways : [])] }
}

/**
 * Looks where it is now. @returns the number of the move that it is to be told of now; null: of none. The way by which it is told
 * may be the one that is over: it is told again.
 */
export function moveToTell(known: Known, nowMs: number): number | null {
  const isUp = ({ state, isRelayed }: Way): boolean => state === 'up' && !isRelayed
  const up = [...known.ways.byNumber.values()].filter(isUp)
  if (up.length > 0) {
    const before = known.seen
    known.seen = new Set(up.map(({ remoteAddress }) => remoteAddress))
    if (before !== null && up.some(({ remoteAddress }) => !before.has(remoteAddress))) {
      known.move = { atMs: nowMs, told: 0 }
    }
  }
  const { atMs, told } = known.move
  if (nowMs - atMs < (tellAtMs[told] ?? Number.POSITIVE_INFINITY)) return null
  known.move = { atMs, told: told + 1 }
  return Math.floor(atMs / 1000) & 0xff
}

export function reachAt({ peer, how, howAtMs, quest, ways }: Known, nowMs: number): PeerReach {
  return { peer, how, ageMs: nowMs - howAtMs, relayed: reachOf(ways).relayed, ...quest.status }
}
