/**
 * The end's half of relaying: asks relays for channels to the peers that are wanted, until there is one, and knows which there
 * are. A channel may also come unasked, when the other end asked. Where there are more peers than a device may have channels,
 * those that are wanted no more are given back. What goes by them is not its business. wire.md, "Relay".
 */
import type { Clock } from '../../host/clock/clock.ts'
import { mostChannels } from '../../model/traversal-program.ts'
import { type Bucket, openBucket, openSourceBuckets } from '../../plan/rate-limit.ts'
import { anyChannel, type Item, relayStatus } from '../../wire/control-item.ts'
import { AskQueue } from './ask-queue.ts'
import type { Relay } from './relay-socket.ts'
import { Room } from './room.ts'
import {
  answersOf,
  askPauseMs,
  type Channel,
  type ChannelAnswer,
  type ChannelPeer,
  channelsOf,
  isSameKey,
  type Need,
  newWish,
  refusalOf,
  type Wish,
} from './wish.ts'

export interface ChannelsParts {
  readonly clock: Clock
  /** Seals an item for the relay; may be lost. */
  readonly send: (relay: string, item: Item<'relay-open' | 'relay-close'>) => void
  /** The channels to a peer are others now. */
  readonly onChange: (peer: string, channels: readonly Channel[]) => void
}

/** Of all peers together: a relay takes 20 a second of one device. */
const askRate = { perSecond: 15, burst: 15 }
/** Whatever waits: the pauses begin anew so often. */
const urgeGapMs = 5_000
/** By then the packet that was waited for is gone. */
const urgentAsks = 4
/** Nor is room made for ever: 64 turns of a minute each are about one a second. */
const roomRate = { perSecond: 1, burst: 8 }
/** Nor is one heard that has news without end; three in a row are one that is told thrice. */
const newsRate = { perSecond: 0.05, burst: 4 }
const mostRelays = 1_024

export class Channels implements Disposable {
  readonly #parts: ChannelsParts
  readonly #queue: AskQueue<Wish>
  readonly #rooms: Bucket
  readonly #room: Room
  /** By relay. */
  readonly #news = openSourceBuckets(newsRate, mostRelays)
  readonly #wishes = new Map<string, Wish>()
  /** Those with a session, in the order of the configuration. */
  #relays: readonly Relay[] = []
  readonly #up = new Set<string>()

  constructor(parts: ChannelsParts) {
    this.#parts = parts
    this.#rooms = openBucket(roomRate, parts.clock.nowMs())
    this.#room = new Room(parts.clock, (wish) => {
      wish.refusals.clear()
      this.#again(wish, true)
    })
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
      this.#room.leave(wish)
      this.#wishes.delete(name)
    }
    for (const peer of peers) {
      if (this.#wishes.has(peer.name)) continue
      this.#wishes.set(peer.name, newWish(peer, this.#parts.clock.nowMs()))
    }
    const names = new Set(relays.map(({ name }) => name))
    for (const wish of this.#wishes.values()) {
      for (const relay of wish.open.keys()) if (!names.has(relay)) this.#forget(wish, relay)
      for (const relay of wish.refusals.keys()) if (!names.has(relay)) wish.refusals.delete(relay)
    }
  }

  of(peer: string): Channel[] {
    const wish = this.#wishes.get(peer)
    return wish === undefined ? [] : channelsOf(wish)
  }

  /** By relay; of those that are not wanted only what there is. */
  answersOf(peer: string): ChannelAnswer[] {
    const wish = this.#wishes.get(peer)
    return wish === undefined ? [] : answersOf(wish, this.#relays, this.#up)
  }

  /** Asked for until there is one; what there is stays until its relay ends it, or others need the room. */
  want(peer: string, need: Need): void {
    const wish = this.#wishes.get(peer)
    if (wish === undefined || wish.need === need) return
    const isOther = need === 'none' || wish.need === 'none'
    wish.need = need
    // What is there is as good for the one as for the other; what is waited for is not.
    if (!isOther && !this.#room.isWaiting(wish)) return
    // That one has ended meanwhile may have been told, and lost.
    for (const channel of wish.open.values()) channel.isSure = false
    if (need === 'none' && this.#wishes.size > mostChannels) this.#release(wish)
    this.#again(wish, false)
  }

  /** A packet waits, or the peer is not heard: whether the channels still are what they were is asked at once. */
  hurry(peer: string): void {
    const wish = this.#wishes.get(peer)
    if (wish === undefined || wish.need === 'none' || this.#room.isWaiting(wish)) return
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
      const openedAtMs = wish.open.get(relay)?.openedAtMs ?? this.#parts.clock.nowMs()
      wish.open.set(relay, { channel, openedAtMs, isSure: true })
      wish.refusals.delete(relay)
      if (isNew) this.#tell(wish)
      this.#again(wish, false)
      return
    }
    const refusal = refusalOf(status)
    wish.refusals.set(relay, refusal)
    // A relay that has begun anew says so of channels that go on: those it ends by name.
    if (refusal === 'refused') this.#forget(wish, relay)
    const isOwn = refusal === 'full' && this.#room.isFull(relay, this.#wishes.values())
    if (isOwn && wish.isAsked) this.#standInLine(wish, relay)
    else this.#miss(wish)
  }

  /** The relay ended one. */
  onClose(relay: string, { channel }: Item<'relay-close'>): void {
    if (channel === anyChannel) this.#onNews(relay)
    for (const wish of this.#wishes.values()) {
      if (wish.open.get(relay)?.channel !== channel) continue
      this.#forget(wish, relay)
      this.#again(wish, wish.isUrgent)
    }
    this.#room.admit()
  }

  [Symbol.dispose](): void {
    this.#room[Symbol.dispose]()
    this.#queue[Symbol.dispose]()
    this.#wishes.clear()
  }

  /** It relays from now on, or otherwise than before: what it denied may be had. */
  #onNews(relay: string): void {
    if (!this.#relays.some(({ name }) => name === relay)) return
    const nowMs = this.#parts.clock.nowMs()
    if (!this.#news.take(relay, nowMs)) return
    for (const wish of this.#wishes.values()) {
      wish.refusals.delete(relay)
      if (!wish.open.has(relay)) this.#again(wish, wish.isUrgent)
    }
  }

  /** From the first relay on, as soon as it is its turn. */
  #again(wish: Wish, isUrgent: boolean): void {
    Object.assign(wish, { misses: 0, turn: 0, isAsked: false, isUrgent })
    this.#later(wish, 0)
  }

  #later(wish: Wish, pauseMs: number): void {
    const isSettled = [...wish.open.values()].some(({ isSure }) => isSure)
    const isLacking = wish.need !== 'none' && !isSettled
    if (!isLacking) this.#room.leave(wish)
    if (isLacking && this.#upRelays().length > 0)
      this.#queue.put(wish, this.#parts.clock.nowMs() + pauseMs, wish.isUrgent)
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
    if (!wish.open.has(relay.name) && !this.#hasRoom(relay.name, wish)) {
      this.#standInLine(wish, relay.name)
      return
    }
    this.#room.leave(wish)
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
    return askPauseMs(
      misses,
      this.#upRelays().map(({ name }) => refusals.get(name)),
    )
  }

  #upRelays(): Relay[] {
    return this.#relays.filter(({ name }) => this.#up.has(name))
  }

  /** Whether this device may have one more channel there; one that others may have more use of is given up for it. */
  #hasRoom(relay: string, wish: Wish): boolean {
    const wishes = [...this.#wishes.values()]
    if (!this.#room.isFull(relay, wishes)) return true
    const nowMs = this.#parts.clock.nowMs()
    const yielding = this.#room.whoYields(wish, relay, wishes, nowMs)
    if (yielding === null || !this.#rooms.take(nowMs)) return false
    this.#release(yielding)
    // Its turn comes again.
    if (yielding.need !== 'none') this.#room.wait(yielding)
    return true
  }

  /** Of no use to ask: there is room at another relay, or somebody's turn is to end. */
  #standInLine(wish: Wish, relay: string): void {
    wish.refusals.set(relay, 'full')
    const other = this.#upRelays().findIndex(
      ({ name }) => !wish.refusals.has(name) && !this.#room.isFull(name, this.#wishes.values()),
    )
    wish.isAsked = false
    if (other >= 0) {
      wish.turn = other
      this.#later(wish, 0)
      return
    }
    this.#queue.drop(wish)
    this.#room.wait(wish)
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

  #tell(wish: Wish): void {
    this.#parts.onChange(wish.peer.name, channelsOf(wish))
  }
}
