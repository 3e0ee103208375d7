/**
 * The end's half of relaying: asks relays for channels to the peers that are wanted, until there is one, and knows which there
 * are. A channel may also come unasked, when the other end asked. Where there are more peers than a device may have channels,
 * those that are wanted no more are given back. What goes by them is not its business. wire.md, "Relay".
 */
import type { Clock } from '../../host/clock/clock.ts'
import { mostChannels } from '../../model/traversal-program.ts'
import { anyChannel, type Item, relayStatus } from '../../wire/control-item.ts'
import { AskQueue } from './ask-queue.ts'
import type { Relay } from './relay-socket.ts'
import { Relays } from './relays.ts'
import { Room, turnMs } from './room.ts'
import {
  answersOf,
  askPauseMs,
  type Channel,
  type ChannelAnswer,
  type ChannelPeer,
  channelsOf,
  lacks,
  type Need,
  refusalOf,
  turnAfter,
  type Wish,
} from './wish.ts'
import { Wishes } from './wishes.ts'

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
/** Who is urged again so soon was not helped. */
const unhelpedMs = 60_000
/** By then the packet that was waited for is gone. */
const urgentAsks = 4

export class Channels implements Disposable {
  readonly #parts: ChannelsParts
  readonly #queue: AskQueue<Wish>
  readonly #room: Room
  readonly #wishes = new Wishes()
  readonly #relays = new Relays()

  constructor(parts: ChannelsParts) {
    this.#parts = parts
    this.#room = new Room(parts.clock, (wish) => this.#takeTurn(wish))
    this.#queue = new AskQueue(parts.clock, askRate, (wish: Wish) => this.#ask(wish))
  }

  /** @param peers those that may be reached through relays: not the relays themselves */
  configure(relays: readonly Relay[], peers: readonly ChannelPeer[]): void {
    this.#relays.configure(relays)
    for (const gone of this.#wishes.configure(peers)) {
      this.#queue.drop(gone)
      this.#room.leave(gone)
    }
    for (const wish of this.#wishes.all()) {
      for (const relay of wish.open.keys()) if (!this.#relays.has(relay)) this.#forget(wish, relay)
      for (const relay of wish.refusals.keys())
        if (!this.#relays.has(relay)) wish.refusals.delete(relay)
      // What it had may have gone with its relay; whoever is asked about anyhow has its pauses.
      if (this.#queue.dueMs(wish) === null && !this.#room.isWaiting(wish)) this.#again(wish, false)
    }
  }

  of(peer: string): Channel[] {
    const wish = this.#wishes.get(peer)
    return wish === undefined ? [] : channelsOf(wish)
  }

  /** By relay; of those that are not wanted only what there is. */
  answersOf(peer: string): ChannelAnswer[] {
    const wish = this.#wishes.get(peer)
    return wish === undefined ? [] : answersOf(wish, this.#relays.all, this.#relays.up)
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

  /**
   * A packet waits: whether the channels still are what they were is asked at once, and then whether another relay has one.
   * @param isSilent nothing is heard by them, whatever their relay says: the next one is asked first
   */
  hurry(peer: string, isSilent = false): void {
    const wish = this.#wishes.get(peer)
    if (wish === undefined || wish.need === 'none' || this.#room.isWaiting(wish)) return
    for (const channel of wish.open.values()) channel.isSure = false
    const nowMs = this.#parts.clock.nowMs()
    const sinceMs = nowMs - wish.urgedAtMs
    const dueMs = this.#queue.dueMs(wish)
    if (dueMs !== null && dueMs <= nowMs) this.#queue.put(wish, dueMs, true)
    else if (dueMs === null || (wish.misses > 1 && sinceMs >= urgeGapMs)) {
      const isUnhelped = isSilent || (sinceMs >= urgeGapMs && sinceMs < unhelpedMs)
      if (sinceMs >= urgeGapMs) wish.urgedAtMs = nowMs
      const turn = isUnhelped ? turnAfter(wish, this.#relays.ready()) : wish.turn
      this.#again(wish, true, wish.open.size > 0 ? turn : 0)
    }
  }

  /** A session with it began: a relay that was away may know of no channel. */
  onUp(peer: string): void {
    this.#relays.onUp(peer)
    if (!this.#relays.has(peer)) return
    for (const wish of this.#wishes.all()) {
      const known = wish.open.get(peer)
      if (known !== undefined) known.isSure = false
      wish.refusals.delete(peer)
      this.#again(wish, wish.isUrgent)
    }
  }

  /** What went through it has to go through another one. */
  onDown(peer: string): void {
    this.#relays.onDown(peer)
    for (const wish of this.#wishes.all()) {
      if (wish.open.has(peer)) this.#again(wish, wish.isUrgent)
    }
    this.hurry(peer)
  }

  /** The relay's word on a channel. */
  onChannel(relay: string, { channel, status, deviceId }: Item<'relay-channel'>): void {
    const wish = this.#wishes.withKey(deviceId)
    if (wish === undefined || !this.#relays.has(relay)) return
    if (status === relayStatus.open && channel !== 0) {
      this.#onOpen(wish, relay, channel)
      return
    }
    const refusal = refusalOf(status)
    wish.refusals.set(relay, refusal)
    // A relay that has begun anew says so of channels that go on: those it ends by name.
    if (refusal === 'refused') this.#forget(wish, relay)
    const isOwn = refusal === 'full' && this.#room.isFull(relay, this.#wishes.all())
    if (!isOwn || !wish.isAsked || this.#room.isVain(wish)) this.#miss(wish)
    else if (this.#makeRoom(wish, relay)) this.#send(wish, relay)
    else this.#standInLine(wish, relay)
  }

  /** The relay ended one. */
  onClose(relay: string, { channel }: Item<'relay-close'>): void {
    if (!this.#relays.has(relay)) return
    if (channel === anyChannel) this.#onNews(relay)
    for (const wish of this.#wishes.all()) {
      if (wish.open.get(relay)?.channel !== channel) continue
      this.#forget(wish, relay)
      this.#again(wish, wish.isUrgent)
      this.#room.admit()
    }
  }

  [Symbol.dispose](): void {
    this.#room[Symbol.dispose]()
    this.#queue[Symbol.dispose]()
    this.#wishes.clear()
  }

  #onOpen(wish: Wish, relay: string, channel: number): void {
    const nowMs = this.#parts.clock.nowMs()
    const known = wish.open.get(relay)
    const isNew = known?.channel !== channel
    if (isNew && !wish.changes.take(relay, nowMs)) return
    wish.open.set(relay, { channel, openedAtMs: known?.openedAtMs ?? nowMs, isSure: true })
    wish.refusals.delete(relay)
    wish.roomAtMs = Number.NEGATIVE_INFINITY
    if (isNew) this.#tell(wish)
    this.#again(wish, false, this.#relays.turnOf(relay))
  }

  /** It relays from now on, or otherwise than before: what it denied may be had. */
  #onNews(relay: string): void {
    if (!this.#relays.mayHaveNews(relay, this.#parts.clock.nowMs())) return
    for (const wish of this.#wishes.all()) {
      wish.refusals.delete(relay)
      if (!wish.open.has(relay)) this.#again(wish, wish.isUrgent)
    }
  }

  /** From the first relay on, or that one, as soon as it is its turn. */
  #again(wish: Wish, isUrgent: boolean, turn = 0): void {
    Object.assign(wish, { misses: 0, turn, isAsked: false, isUrgent })
    this.#later(wish, 0)
  }

  #later(wish: Wish, pauseMs: number): void {
    const isLacking = lacks(wish, this.#relays.up)
    if (!isLacking) this.#room.leave(wish)
    if (isLacking && this.#relays.ready().length > 0)
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
    const relays = this.#relays.ready()
    const relay = relays[wish.turn % Math.max(1, relays.length)]
    if (relay === undefined) return
    const wishes = this.#wishes.all()
    if (wish.open.has(relay.name) || !this.#room.isFull(relay.name, wishes)) this.#room.leave(wish)
    else if (this.#room.whoYields(wish, relay.name, wishes) === null) {
      this.#standInLine(wish, relay.name)
      return
    }
    // Nobody gives up anything before the relay says that only room is lacking.
    this.#send(wish, relay.name)
  }

  #send(wish: Wish, relay: string): void {
    wish.askedAtMs = this.#parts.clock.nowMs()
    this.#parts.send(relay, { type: 'relay-open', deviceId: wish.peer.wireKey })
    this.#later(wish, askPauseMs(wish, this.#relays.ready()))
  }

  /** It waited the longest. Where its relay does not answer, the next one has the turn. */
  #takeTurn(wish: Wish): void {
    if (wish.isAsked && this.#queue.dueMs(wish) !== null) {
      if (this.#parts.clock.nowMs() - wish.askedAtMs >= turnMs) this.#room.leave(wish)
      return
    }
    wish.refusals.clear()
    this.#again(wish, true)
  }

  /** That relay will not, now: the next one may. Once all were asked, the pause is waited for. */
  #miss(wish: Wish): void {
    if (!wish.isAsked || this.#queue.dueMs(wish) === null) return
    this.#room.leave(wish)
    const relays = this.#relays.ready()
    const isLast = (wish.turn + 1) % Math.max(1, relays.length) === 0
    if (!isLast) Object.assign(wish, { turn: wish.turn + 1, isAsked: false })
    this.#later(wish, isLast ? askPauseMs(wish, relays) : 0)
  }

  /** One that others may have more use of gives up its channels; its turn comes again. */
  #makeRoom(wish: Wish, relay: string): boolean {
    const yielding = this.#room.makeFor(wish, relay, this.#wishes.all())
    if (yielding === null) return false
    this.#release(yielding)
    if (yielding.need !== 'none') this.#room.wait(yielding)
    return true
  }

  /** Of no use to ask: there is room at another relay, or somebody's turn is to end. */
  #standInLine(wish: Wish, relay: string): void {
    wish.refusals.set(relay, 'full')
    const other = this.#relays.ready().findIndex(({ name }) => {
      return !wish.refusals.has(name) && !this.#room.isFull(name, this.#wishes.all())
    })
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
