/**
 * Where a device has as many channels at a relay as it may: who waits for one, in order, and whose is given up for them. What is not
 * wanted goes first, then what is only to fall back on; of those that are needed the one that was had the longest, after a minute:
 * so all get their turn, and nobody waits longer than all before it have theirs.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { mostChannels } from '../../model/traversal-program.ts'
import { type Bucket, openBucket } from '../../plan/rate-limit.ts'
import type { Wish } from './wish.ts'

/** So long a channel that is needed is left to a peer, if others wait for it. */
export const holdMs = 60_000

/** So often it is looked whose turn is over, as long as somebody waits. */
export const turnMs = 1_000

/** Nor is room made for ever: 64 turns of a minute each are about one a second. */
const roomRate = { perSecond: 1, burst: 8 }

export class Room implements Disposable {
  readonly #clock: Clock
  readonly #onTurn: (wish: Wish) => void
  readonly #waiting = new Set<Wish>()
  readonly #rooms: Bucket
  #timer: CancelTimer | null = null

  /** @param onTurn it may ask again, and waits no more unless it says so */
  constructor(clock: Clock, onTurn: (wish: Wish) => void) {
    this.#clock = clock
    this.#onTurn = onTurn
    this.#rooms = openBucket(roomRate, clock.nowMs())
  }

  isFull(relay: string, wishes: Iterable<Wish>): boolean {
    let count = 0
    for (const wish of wishes) if (wish.open.has(relay)) count++
    return count >= mostChannels
  }

  /** Who waits already keeps its place. */
  wait(wish: Wish): void {
    this.#waiting.add(wish)
    this.#timer ??= this.#clock.after(turnMs, () => {
      this.#timer = null
      this.admit()
      if (this.first() !== null) this.wait(this.first()!)
    })
  }

  /** Who waits first asks again: there may be room now. */
  admit(): void {
    const first = this.first()
    if (first !== null) this.#onTurn(first)
  }

  [Symbol.dispose](): void {
    this.#timer?.()
    this.#timer = null
    this.#waiting.clear()
  }

  leave(wish: Wish): void {
    this.#waiting.delete(wish)
  }

  isWaiting(wish: Wish): boolean {
    return this.#waiting.has(wish)
  }

  /** Those that need one are before those that would fall back on it. Null: nobody waits. */
  first(): Wish | null {
    const [oldest = null] = this.#waiting
    for (const wish of this.#waiting) if (wish.need === 'needed') return wish
    return oldest
  }

  /** One gave up its channel for it, and its relay has none all the same: it is the other end that has too many. */
  isVain({ roomAtMs }: Wish): boolean {
    return this.#clock.nowMs() - roomAtMs < holdMs
  }

  /** As `whoYields`, and that is so from now on. */
  makeFor(wish: Wish, relay: string, wishes: Iterable<Wish>): Wish | null {
    const nowMs = this.#clock.nowMs()
    const yielding = this.whoYields(wish, relay, wishes)
    if (yielding === null || !this.#rooms.take(nowMs)) return null
    wish.roomAtMs = nowMs
    return yielding
  }

  /** Who would give up its channel at the relay, that `wish` may have one; null: nobody, now. */
  whoYields(wish: Wish, relay: string, wishes: Iterable<Wish>): Wish | null {
    const nowMs = this.#clock.nowMs()
    const open = [...wishes].filter((one) => one.open.has(relay))
    const unwanted = open.find(({ need }) => need === 'none')
    if (unwanted !== undefined || wish.need !== 'needed') return unwanted ?? null
    const spare = open.find(({ need }) => need === 'spare')
    if (spare !== undefined) return spare
    // A turn is over only for who waits first: whoever asks meanwhile stands behind it.
    const first = this.first()
    if (first !== null && first !== wish) return null
    const openedAtMs = (one: Wish): number => one.open.get(relay)!.openedAtMs
    const longest = open.toSorted((a, b) => openedAtMs(a) - openedAtMs(b))[0]
    return longest !== undefined && nowMs - openedAtMs(longest) >= holdMs ? longest : null
  }
}
