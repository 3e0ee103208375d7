/** A peer to whom a channel may be wanted, and what is known of it: data of channels.ts. */
import type { ChannelState } from '../../model/local-api-reach.ts'
import { openSourceBuckets, type SourceBuckets } from '../../plan/rate-limit.ts'
import { relayStatus } from '../../wire/control-item.ts'

export interface ChannelPeer {
  readonly name: string
  readonly wireKey: Uint8Array
}

interface Named {
  readonly name: string
}

/** A channel to a peer through a relay. */
export interface Channel {
  readonly relay: string
  readonly channel: number
}

/** What came of asking a relay. */
export interface ChannelAnswer {
  readonly relay: string
  readonly state: ChannelState
}

/** What for: to reach it at all, or to fall back on, or nothing. */
export type Need = 'needed' | 'spare' | 'none'

export type Refusal = Extract<ChannelState, 'refused' | 'absent' | 'full'>

export interface OpenChannel {
  readonly channel: number
  readonly openedAtMs: number
  /** The relay confirmed it since anything happened that may have ended it. */
  isSure: boolean
}

export interface Wish {
  readonly peer: ChannelPeer
  need: Need
  /** By relay. */
  readonly open: Map<string, OpenChannel>
  /** What a relay said instead. */
  readonly refusals: Map<string, Refusal>
  /** How many questions in a row had no channel for an answer. */
  misses: number
  /** Which relay is asked now; counts over those that are up. */
  turn: number
  isAsked: boolean
  /** A packet waits for it. */
  isUrgent: boolean
  urgedAtMs: number
  askedAtMs: number
  /** When another one gave up its channel for it, and none came of that yet. */
  roomAtMs: number
  /** How often its channels may become others, by relay: none uses up what is another's. */
  readonly changes: SourceBuckets
}

/** It is asked again so soon, then after ever longer pauses: unanswered up to 30 s, where all relays said no up to 10 minutes. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]
const refusedPausesMs = [...pausesMs, 60_000, 120_000, 300_000, 600_000]
/** The other end has as many as it may: that ends at any time, and nobody tells of it. */
const fullPausesMs = [...pausesMs, 60_000, 120_000]
/** A relay that gives out number after number is not followed for ever. */
const changeRate = { perSecond: 0.2, burst: 8 }

const mostRelays = 1_024
const never = Number.NEGATIVE_INFINITY

export function newWish(peer: ChannelPeer): Wish {
  return {
    ...{ peer, need: 'none', open: new Map(), refusals: new Map(), misses: 0, turn: 0 },
    ...{ isAsked: false, isUrgent: false, urgedAtMs: never, askedAtMs: never, roomAtMs: never },
    changes: openSourceBuckets(changeRate, mostRelays),
  }
}

/** It is to be asked about: a channel is only as good as the session with its relay. @param up those with a session */
export function lacks({ need, open }: Wish, up: ReadonlySet<string>): boolean {
  return need !== 'none' && ![...open].some(([relay, { isSure }]) => isSure && up.has(relay))
}

/** Whose turn it is after the one that is doubted: of those that say nothing of a channel the next, or else the next of all. */
export function turnAfter({ turn, open }: Wish, relays: readonly Named[]): number {
  for (let next = turn + 1; next < turn + relays.length; next++) {
    if (!open.has(relays[next % relays.length]!.name)) return next
  }
  return turn + 1
}

export function channelsOf({ open }: Wish): Channel[] {
  return [...open].map(([relay, { channel }]) => ({ relay, channel }))
}

/** By relay; of a peer that is not wanted only what there is. @param up those with a session */
export function answersOf(
  { need, open, refusals }: Wish,
  relays: readonly Named[],
  up: ReadonlySet<string>,
): ChannelAnswer[] {
  const stateOf = (relay: string): ChannelState => {
    if (!up.has(relay)) return 'no-session'
    return open.has(relay) ? 'open' : (refusals.get(relay) ?? 'asked')
  }
  const told = relays.filter(({ name }) => need !== 'none' || open.has(name))
  return told.map(({ name }) => ({ relay: name, state: stateOf(name) }))
}

export function refusalOf(status: number): Refusal {
  if (status === relayStatus.absent) return 'absent'
  return status === relayStatus.full ? 'full' : 'refused'
}

/** @param relays those with a session */
export function askPauseMs({ misses, refusals }: Wish, relays: readonly Named[]): number {
  const said = relays.map(({ name }) => refusals.get(name))
  const isRefused = said.every((one) => one !== undefined)
  const pauses = !isRefused ? pausesMs : said.includes('full') ? fullPausesMs : refusedPausesMs
  return pauses[Math.min(misses, pauses.length - 1)]!
}

export function isSameKey(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
