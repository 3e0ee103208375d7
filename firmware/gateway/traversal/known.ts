/** What is known of one peer, for traversal.ts: data, how it reads for people, and which ways are tried. */
import type { CancelTimer } from '../../host/clock/clock.ts'
import type { UdpAddress } from '../../host/udp/udp.ts'
import { relayUplink, type TryProgram, type WayProgram } from '../../model/traversal-program.ts'
import { mostWays } from '../../plan/candidate.ts'
import { noWays, reachOf, type Way, type Ways } from '../../plan/reach.ts'
import type { ReachFacts } from '../../plan/relayed.ts'
import type { Quest } from './quest.ts'
import { Sightings } from './sightings.ts'

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
  /** Where this box, as a hub, sees it. */
  readonly sightings: Sightings
  /** Number of the move of this box that it has told last in this session. */
  heardMove: number | null
  readonly quest: Quest
  timer: CancelTimer | null
}

/** `CW_TRY_MAX` */
const mostTried = 16
/** The others lead to what the peer told. */
const mostRelayed = mostTried - mostWays

export function newKnown(peer: string, wireKey: string, nowMs: number): Omit<Known, 'quest'> {
  return {
    ...{ peer, wireKey, hasEndpoints: false, isHub: false, isByHub: false },
    ...{ isUp: false, upOrDownAtMs: nowMs },
    ...{ ways: noWays, how: 'none', howAtMs: nowMs, timer: null, relayed: [], relayedAtMs: nowMs },
    ...{ sightings: new Sightings(nowMs), heardMove: null },
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

/** Looks where it is now. @returns the number of the move that it is to be told of now; null: of none */
export function moveToTell({ ways, sightings }: Known, nowMs: number): number | null {
  const isUp = ({ state, isRelayed }: Way): boolean => state === 'up' && !isRelayed
  const up = [...ways.byNumber.values()].filter(isUp)
  return sightings.look(
    up.map(({ remoteAddress }) => remoteAddress),
    nowMs,
  )
}

export function reachAt({ peer, how, howAtMs, quest, ways }: Known, nowMs: number): PeerReach {
  return { peer, how, ageMs: nowMs - howAtMs, relayed: reachOf(ways).relayed, ...quest.status }
}
