/**
 * The end's half of relaying: asks relays for channels to the peers that are wanted, until there is one, and knows which there
 * are. A channel may also come unasked, when the other end asked. What goes by them is not its business. wire.md, "Relay".
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { ChannelState } from '../../model/local-api-reach.ts'
import { openBucket } from '../../plan/rate-limit.ts'
import { type Item, relayStatus } from '../../wire/control-item.ts'
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
  readonly send: (relay: string, item: Item<'relay-open'>) => void
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
  /** How many relays in a row have not opened one. */
  misses: number
  /** Which relay is asked now; counts over those that are up. */
  turn: number
  timer: CancelTimer | null
}

/** Unanswered, it is asked again so soon; then after ever longer pauses. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]
/** Of all peers together: a relay takes 20 a second of one device. */
const askRate = { perSecond: 15, burst: 15 }
/** Then it is tried whether there is room for another question. */
const crowdedMs = 250

export class Channels implements Disposable {
  readonly #parts: ChannelsParts
  readonly #asks
  readonly #wishes = new Map<string, Wish>()
  /** Those with a session, in the order of the configuration. */
  #relays: readonly Relay[] = []
  readonly #up = new Set<string>()

  constructor(parts: ChannelsParts) {
    this.#parts = parts
    this.#asks = openBucket(askRate, parts.clock.nowMs())
  }

  /** @param peers those that may be reached through relays: not the relays themselves */
  configure(relays: readonly Relay[], peers: readonly ChannelPeer[]): void {
    this.#relays = relays
    const staying = new Map(peers.map((peer) => [peer.name, peer]))
    for (const [name, wish] of this.#wishes) {
      const peer = staying.get(name)
      if (peer !== undefined && isSameKey(peer.wireKey, wish.peer.wireKey)) continue
      wish.timer?.()
      this.#wishes.delete(name)
    }
    for (const peer of peers) {
      if (this.#wishes.has(peer.name)) continue
      const isWanted = false
      this.#wishes.set(peer.name, { ...blank(), peer, isWanted })
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

  /** Asked for until there is one; what there is stays until its relay ends it. */
  want(peer: string, isWanted: boolean): void {
    const wish = this.#wishes.get(peer)
    if (wish === undefined || wish.isWanted === isWanted) return
    wish.isWanted = isWanted
    // That one has ended meanwhile may have been told, and lost.
    for (const channel of wish.open.values()) channel.isSure = false
    this.#again(wish)
  }

  /** A packet waits, or the peer is not heard: whether the channels still are what they were is asked at once. */
  hurry(peer: string): void {
    const wish = this.#wishes.get(peer)
    if (wish === undefined || !wish.isWanted) return
    for (const channel of wish.open.values()) channel.isSure = false
    if (wish.timer === null || wish.misses > 1) this.#again(wish)
  }

  /** A session with it began: a relay that was away may know of no channel. */
  onUp(peer: string): void {
    this.#up.add(peer)
    if (!this.#relays.some(({ name }) => name === peer)) return
    for (const wish of this.#wishes.values()) {
      const known = wish.open.get(peer)
      if (known !== undefined) known.isSure = false
      this.#again(wish)
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
      wish.open.set(relay, { channel, isSure: true })
      wish.refusals.delete(relay)
      if (isNew) this.#tell(wish)
      this.#again(wish)
      return
    }
    wish.refusals.set(relay, refusalOf(status))
    this.#forget(wish, relay)
    this.#miss(wish)
  }

  /** The relay ended one. */
  onClose(relay: string, { channel }: Item<'relay-close'>): void {
    for (const wish of this.#wishes.values()) {
      if (wish.open.get(relay)?.channel !== channel) continue
      this.#forget(wish, relay)
      this.#again(wish)
    }
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#wishes.values()) timer?.()
    this.#wishes.clear()
  }

  /** From the first relay on, at once. */
  #again(wish: Wish): void {
    wish.misses = 0
    wish.turn = 0
    this.#ask(wish)
  }

  #ask(wish: Wish): void {
    wish.timer?.()
    wish.timer = null
    const relays = this.#relays.filter(({ name }) => this.#up.has(name))
    const relay = relays[wish.turn % Math.max(1, relays.length)]
    const isSettled = [...wish.open.values()].some(({ isSure }) => isSure)
    if (!wish.isWanted || isSettled || relay === undefined) return
    const { clock, send } = this.#parts
    if (!this.#asks.take(clock.nowMs())) {
      wish.timer = clock.after(crowdedMs, () => this.#ask(wish))
      return
    }
    send(relay.name, { type: 'relay-open', deviceId: wish.peer.wireKey })
    const pauseMs = pausesMs[Math.min(wish.misses, pausesMs.length - 1)]!
    wish.timer = clock.after(pauseMs, () => {
      wish.misses++
      wish.turn++
      this.#ask(wish)
    })
  }

  /** That relay will not, now: the next one may. Once all were asked, the pause is waited for. */
  #miss(wish: Wish): void {
    const relays = this.#relays.filter(({ name }) => this.#up.has(name))
    if (wish.timer === null || (wish.turn + 1) % Math.max(1, relays.length) === 0) return
    wish.turn++
    this.#ask(wish)
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

function blank(): Pick<Wish, 'open' | 'refusals' | 'misses' | 'turn' | 'timer'> {
  return { open: new Map(), refusals: new Map(), misses: 0, turn: 0, timer: null }
}

function isSameKey(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
