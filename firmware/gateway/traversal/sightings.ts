/**
 * Where a hub sees a peer, and which moves it tells it of: the NAT before it gave it another address, which the box itself may not
 * notice. An uplink that goes and comes is no move, nor is one by which the peer is heard later than by another. Who goes back to
 * where it was a while ago is not told.
 */

/** From when the peer is seen for the first time: its other paths come up by then. */
const settleMs = 5_000
/** An address by which it was up so long ago is another one. What sleeps wakes more often. */
const ageMs = 20 * 60_000
/** A peer has fewer paths that are up at once. */
const mostSeen = 64
/** Nothing is seen of it for so long: of that time no address grows older. */
const outageMs = 10_000
/** After a move. The way by which it is told may be the one that is over. */
const tellAtMs = [0, 1_000, 3_000, 10_000, 30_000]
/** What is new before is put off: it may be of the same move, or one of many. */
const moveGapMs = 10_000

export class Sightings {
  /** When it was up by an address last; the oldest first. */
  readonly #seen = new Map<string, number>()
  #settledAtMs = 0
  /** Where it was up at first, until that has settled: who is at none of that any more has moved meanwhile. */
  #first: readonly string[] | null = null
  #lookedAtMs = 0
  #move: { readonly number: number; readonly atMs: number; readonly told: number }

  /** The number of the first move is not that of an earlier process of this box, but by chance. */
  constructor(nowMs: number) {
    this.#move = { number: Math.floor(nowMs / 1_000) & 0xff, atMs: 0, told: tellAtMs.length }
  }

  /** @param up the addresses by which it is up directly. @returns the number of the move to tell it of now; null: of none */
  look(up: readonly string[], nowMs: number): number | null {
    if (up.length > 0) this.#see(up, nowMs)
    const { number, atMs, told } = this.#move
    if (nowMs - atMs < (tellAtMs[told] ?? Number.POSITIVE_INFINITY)) return null
    this.#move = { number, atMs, told: told + 1 }
    return number
  }

  #see(up: readonly string[], nowMs: number): void {
    if (this.#seen.size === 0) {
      this.#settledAtMs = nowMs + settleMs
      this.#first = up
    } else if (nowMs - this.#lookedAtMs >= outageMs) {
      for (const address of this.#seen.keys()) this.#seen.set(address, nowMs)
    }
    this.#lookedAtMs = nowMs
    const isSettled = nowMs >= this.#settledAtMs
    const hasLeft = this.#first !== null && !up.some((address) => this.#first?.includes(address))
    const isOther = hasLeft || up.some((address) => !this.#seen.has(address))
    const isMove = isOther && isSettled
    if (isSettled) this.#first = null
    const isPutOff = isMove && this.#isTelling(nowMs)
    if (isMove && !isPutOff) {
      this.#move = { number: (this.#move.number + 1) & 0xff, atMs: nowMs, told: 0 }
    }
    for (const address of up) {
      if (this.#seen.delete(address) || !isPutOff) this.#seen.set(address, nowMs)
    }
    for (const [address, atMs] of this.#seen) {
      if (nowMs - atMs >= ageMs || this.#seen.size > mostSeen) this.#seen.delete(address)
    }
  }

  #isTelling(nowMs: number): boolean {
    return this.#move.told < tellAtMs.length && nowMs - this.#move.atMs < moveGapMs
  }
}
