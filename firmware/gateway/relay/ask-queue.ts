/**
 * Questions that are due now or later, of all peers together: one at a time, no faster than a relay listens, and those for which
 * a packet waits before the others, but no more than three in a row. One timer for all of them.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { openBucket, type Rate } from '../../plan/rate-limit.ts'

interface Due {
  readonly atMs: number
  readonly isUrgent: boolean
}

/** Then it is the turn of who has waited the longest, urgent or not. */
const mostUrgent = 3

export class AskQueue<Asker> implements Disposable {
  readonly #clock: Clock
  readonly #rate: Rate
  readonly #bucket
  readonly #ask: (asker: Asker) => void
  readonly #due = new Map<Asker, Due>()
  #timer: CancelTimer | null = null
  #isRunning = false
  /** Urgent ones, one after the other. */
  #urgent = 0

  /** @param ask may put its asker in again */
  constructor(clock: Clock, rate: Rate, ask: (asker: Asker) => void) {
    this.#clock = clock
    this.#rate = rate
    this.#bucket = openBucket(rate, clock.nowMs())
    this.#ask = ask
  }

  /** In place of when it was due before; at once, if that is now and nobody is before it. */
  put(asker: Asker, atMs: number, isUrgent: boolean): void {
    this.#due.set(asker, { atMs, isUrgent })
    this.#run()
  }

  drop(asker: Asker): void {
    this.#due.delete(asker)
  }

  /** Null: it is not to be asked. */
  dueMs(asker: Asker): number | null {
    return this.#due.get(asker)?.atMs ?? null
  }

  [Symbol.dispose](): void {
    this.#due.clear()
    this.#timer?.()
  }

  #run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#timer?.()
    this.#timer = null
    const nowMs = this.#clock.nowMs()
    let first = this.#first(nowMs)
    while (first !== null && first.due.atMs <= nowMs && this.#bucket.take(nowMs)) {
      this.#due.delete(first.asker)
      this.#urgent = first.due.isUrgent && this.#urgent < mostUrgent ? this.#urgent + 1 : 0
      this.#ask(first.asker)
      first = this.#first(nowMs)
    }
    this.#isRunning = false
    if (first === null) return
    const waitMs = Math.max(first.due.atMs - nowMs, 1_000 / this.#rate.perSecond)
    this.#timer = this.#clock.after(waitMs, () => this.#run())
  }

  #first(nowMs: number): { readonly asker: Asker; readonly due: Due } | null {
    let first: { readonly asker: Asker; readonly due: Due } | null = null
    const isUrgentFirst = this.#urgent < mostUrgent
    for (const [asker, due] of this.#due) {
      if (first === null || isBefore(due, first.due, nowMs, isUrgentFirst)) first = { asker, due }
    }
    return first
  }
}

function isBefore(one: Due, other: Due, nowMs: number, isUrgentFirst: boolean): boolean {
  const isBothDue = one.atMs <= nowMs && other.atMs <= nowMs
  if (isUrgentFirst && isBothDue && one.isUrgent !== other.isUrgent) return one.isUrgent
  return one.atMs < other.atMs
}
