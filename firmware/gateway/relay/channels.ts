/**
 * The end's half of relaying: asks relays for channels to the peers that are wanted, until there is one, and knows which there
 * are. A channel may also come unasked, when the other end asked. Where there are more peers than a device may have channels,
 * those that are wanted no more are given back. What goes by them is not its business. wire.md, "Relay".
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { ChannelState } from '../../model/local-api-reach.ts'
import { mostChannels } from '../../model/traversal-program.ts'
import { type Bucket, openBucket } from '../../plan/rate-limit.ts'
import { type Item, relayStatus } from '../../wire/control-item.ts'
import { AskQueue } from './ask-queue.ts'
import type { Relay } from './relay-socket.ts'

export interface ChannelPeer {
  readonly name: string
  readonly wireKey: Uint8Array
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

export interface ChannelsParts {
  readonly clock: Clock
  /** Seals an item for the relay; may be lost. */
  readonly send: (relay: string, item: Item<'relay-open' | 'relay-close'>) => void
  /** The channels to a peer are others now. */
  readonly onChange: (peer: string, channels: readonly Channel[]) => void
}

/** Whom to ask about one peer, and what is known. */
interface Wish {
  readonly peer: ChannelPeer
  isWanted: boolean
  /** By relay: its number, and whether the relay confirmed it since anything happened that may have ended it. */
  readonly open: Map<string, { readonly channel: number; isSure: boolean }>
  /** What a relay said instead. */
  readonly refusals: Map<string, 'refused' | 'absent' | 'full'>
  /** How many questions in a row had no channel for an answer. */
  misses: number
  /** Which relay is asked now; counts over those that are up. */
  turn: number
  isAsked: boolean
  /** A packet waits for it. */
  isUrgent: boolean
  urgedAtMs: number
  /** How often its channels may become others. */
  readonly changes: Bucket
}

/** It is asked again so soon, then after ever longer pauses: unanswered up to 30 s, where all relays said no up to 10 minutes. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]
const refusedPausesMs = [...pausesMs, 60_000, 120_000, 300_000, 600_000]
/** Of all peers together: a relay takes 20 a second of one device. */
const askRate = { perSecond: 15, burst: 15 }
/** Whatever waits: the pauses begin anew so often. */
const urgeGapMs = 5_000
/** By then the packet that was waited for is gone. */
const urgentAsks = 4
/** Nor is room made for ever where it is the other end that has none. */
const roomRate = { perSecond: 0.2, burst: 4 }
/** A relay that gives out number after number is not followed for ever. */
const changeRate = { perSecond: 0.2, burst: 8 }

export class Channels implements Disposable {
  readonly #parts: ChannelsParts
  readonly #queue: AskQueue<Wish>
  readonly #rooms: Bucket
  readonly #wishes = new Map<string, Wish>()
  /** Those with a session, in the order of the configuration. */
  #relays: readonly Relay[] = []
  readonly #up = new Set<string>()

  constructor(parts: ChannelsParts) {
    this.#parts = parts
    this.#rooms = openBucket(roomRate, parts.clock.nowMs())
    this.#queue = new AskQueue(parts.clock, askRate, (wish: Wish) => this.#ask(wish))
  }

  /** @param peers those that may be reached through relays: not the relays themselves */
  configure(relays: readonly Relay[], peers: readonly ChannelPeer[]): void {
    this.#relays = relays
    const staying = new Map(peers.map((peer) => [peer.name, peer]))
    for (const [name, wish] of this.#wishes) {
      const peer = staying.get(name)
      if (peer !== undefined && isSameKey(peer.wireKey, wish.peer.wireKey)) continue
      this.#queue.drop(wish)
      this.#wishes.delete(name)
    }
    for (const peer of peers) {
      if (this.#wishes.has(peer.name)) continue
      const changes = openBucket(changeRate, this.#parts.clock.nowMs())
      this.#wishes.set(peer.name, { ...blank(), peer, changes })
    }
    const names = new Set(relays.map(({ name }) => name))
    for (const wish of this.#wishes.values()) {
      for (const relay of wish.open.keys()) if (!names.has(relay)) this.#forget(wish, relay)
      for (const relay of wish.refusals.keys()) if (!names.has(relay)) wish.refusals.delete(relay)
    }
  }

  of(peer: string): Channel[] {
    const open = this.#wishes.get(peer)?.open ?? new Map()
    return [...open].map(([relay, { channel }]) => ({ relay, channel }))
  }

  /** By relay; of those that are not wanted only what there is. */
  answersOf(peer: string): ChannelAnswer[] {
    const wish = this.#wishes.get(peer)
    if (wish === undefined) return []
    const stateOf = (relay: string): ChannelState => {
      if (!this.#up.has(relay)) return 'no-session'
      return wish.open.has(relay) ? 'open' : (wish.refusals.get(relay) ?? 'asked')
    }
    const told = this.#relays.filter(({ name }) => wish.isWanted || wish.open.has(name))
    return told.map(({ name }) => ({ relay: name, state: stateOf(name) }))
  }

  /** Asked for until there is one; what there is stays until its relay ends it, or others need the room. */
  want(peer: string, isWanted: boolean): void {
    const wish = this.#wishes.get(peer)
    if (wish === undefined || wish.isWanted === isWanted) return
    wish.isWanted = isWanted
    // That one has ended meanwhile may have been told, and lost.
    for (const channel of wish.open.values()) channel.isSure = false
    if (!isWanted && this.#wishes.size > mostChannels) this.#release(wish)
    this.#again(wish, false)
  }

  /** A packet waits, or the peer is not heard: whether the channels still are what they were is asked at once. */
  hurry(peer: string): void {
    const wish = this.#wishes.get(peer)
    if (wish === undefined || !wish.isWanted) return
    for (const channel of wish.open.values()) channel.isSure = false
    const nowMs = this.#parts.clock.nowMs()
    const dueMs = this.#queue.dueMs(wish)
    if (dueMs !== null && dueMs <= nowMs) this.#queue.put(wish, dueMs, true)
    else if (dueMs === null || (wish.misses > 1 && nowMs - wish.urgedAtMs >= urgeGapMs)) {
      wish.urgedAtMs = nowMs
      this.#again(wish, true)
    }
  }

  /** A session with it began: a relay that was away may know of no channel. */
  onUp(peer: string): void {
    this.#up.add(peer)
    if (!this.#relays.some(({ name }) => name === peer)) return
    for (const wish of this.#wishes.values()) {
      const known = wish.open.get(peer)
      if (known !== undefined) known.isSure = false
      wish.refusals.delete(peer)
      this.#again(wish, wish.isUrgent)
    }
  }

  onDown(peer: string): void {
    this.#up.delete(peer)
    this.hurry(peer)
  }

  /** The relay's word on a channel. */
  onChannel(relay: string, { channel, status, deviceId }: Item<'relay-channel'>): void {
    const wish = [...this.#wishes.values()].find(({ peer }) => isSameKey(peer.wireKey, deviceId))
    if (wish === undefined || !this.#relays.some(({ name }) => name === relay)) return
    if (status === relayStatus.open && channel !== 0) {
      const isNew = wish.open.get(relay)?.channel !== channel
      if (isNew && !wish.changes.take(this.#parts.clock.nowMs())) return
      wish.open.set(relay, { channel, isSure: true })
      wish.refusals.delete(relay)
      if (isNew) this.#tell(wish)
      this.#again(wish, false)
      return
    }
    const refusal = refusalOf(status)
    wish.refusals.set(relay, refusal)
    // A relay that has begun anew says so of channels that go on: those it ends by name.
    if (refusal === 'refused') this.#forget(wish, relay)
    if (refusal === 'full' && this.#makeRoom(relay)) this.#again(wish, wish.isUrgent)
    else this.#miss(wish)
  }

  /** The relay ended one. */
  onClose(relay: string, { channel }: Item<'relay-close'>): void {
    for (const wish of this.#wishes.values()) {
      if (wish.open.get(relay)?.channel !== channel) continue
      this.#forget(wish, relay)
      this.#again(wish, wish.isUrgent)
    }
  }

  [Symbol.dispose](): void {
    this.#queue[Symbol.dispose]()
    this.#wishes.clear()
  }

  /** From the first relay on, as soon as it is its turn. */
  #again(wish: Wish, isUrgent: boolean): void {
    Object.assign(wish, { misses: 0, turn: 0, isAsked: false, isUrgent })
    this.#later(wish, 0)
  }

  #later(wish: Wish, pauseMs: number): void {
    const isSettled = [...wish.open.values()].some(({ isSure }) => isSure)
    const isOpen = wish.isWanted && !isSettled && this.#upRelays().length > 0
    if (isOpen) this.#queue.put(wish, this.#parts.clock.nowMs() + pauseMs, wish.isUrgent)
    else this.#queue.drop(wish)
  }

  #ask(wish: Wish): void {
    if (wish.isAsked) {
      wish.misses++
      wish.turn++
    }
    wish.isAsked = true
    if (wish.misses >= urgentAsks) wish.isUrgent = false
    const relays = this.#upRelays()
    const relay = relays[wish.turn % Math.max(1, relays.length)]
    if (relay === undefined) return
    this.#parts.send(relay.name, { type: 'relay-open', deviceId: wish.peer.wireKey })
    this.#later(wish, this.#pauseMs(wish))
  }

  /** That relay will not, now: the next one may. Once all were asked, the pause is waited for. */
  #miss(wish: Wish): void {
    if (!wish.isAsked || this.#queue.dueMs(wish) === null) return
    if ((wish.turn + 1) % Math.max(1, this.#upRelays().length) === 0) {
      this.#later(wish, this.#pauseMs(wish))
      return
    }
    wish.turn++
    wish.isAsked = false
    this.#later(wish, 0)
  }

  #pauseMs({ misses, refusals }: Wish): number {
    const isRefused = this.#upRelays().every(({ name }) => refusals.has(name))
    const pauses = isRefused ? refusedPausesMs : pausesMs
    return pauses[Math.min(misses, pauses.length - 1)]!
  }

  #upRelays(): Relay[] {
    return this.#relays.filter(({ name }) => this.#up.has(name))
  }

  /** Where it is this device that has as many channels as it may, one that is not wanted is given back. */
  #makeRoom(relay: string): boolean {
    const open = [...this.#wishes.values()].filter((wish) => wish.open.has(relay))
    const unwanted = open.find(({ isWanted }) => !isWanted)
    if (open.length < mostChannels || unwanted === undefined) return false
    if (!this.#rooms.take(this.#parts.clock.nowMs())) return false
    this.#release(unwanted)
    return true
  }

  #release(wish: Wish): void {
    for (const [relay, { channel }] of wish.open) {
      this.#parts.send(relay, { type: 'relay-close', channel })
    }
    if (wish.open.size === 0) return
    wish.open.clear()
    this.#tell(wish)
  }

  #forget(wish: Wish, relay: string): void {
    if (wish.open.delete(relay)) this.#tell(wish)
  }

  #tell({ peer, open }: Wish): void {
    const channels = [...open].map(([relay, { channel }]) => ({ relay, channel }))
    this.#parts.onChange(peer.name, channels)
  }
}

function refusalOf(status: number): 'refused' | 'absent' | 'full' {
  if (status === relayStatus.absent) return 'absent'
  return status === relayStatus.full ? 'full' : 'refused'
}

function blank(): Omit<Wish, 'peer' | 'changes'> {
  return {
    ...{ isWanted: false, open: new Map(), refusals: new Map(), misses: 0, turn: 0 },
    ...{ isAsked: false, isUrgent: false, urgedAtMs: Number.NEGATIVE_INFINITY },
  }
}

function isSameKey(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
