/**
 * Looks at the device once a second while somebody listens, more seldom for whoever keeps what happened, at once when nudged or
 * asked, and tells what has changed.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { Status } from '../model/local-api.ts'
import type { ApiEvent } from '../model/local-api-event.ts'
import { changesBetween, toldStatus } from '../plan/status-change.ts'

const periodMs = 1_000
/** What happens between two such looks nudges, but for what nobody waits for. */
const seldomMs = 5_000

export interface StatusWatchParts {
  readonly clock: Clock
  readonly status: () => Status
}

export type Listener = (event: ApiEvent) => void

export class StatusWatch implements Disposable {
  readonly #parts: StatusWatchParts
  readonly #listeners = new Set<Listener>()
  readonly #keepers = new Set<Listener>()
  #last: Status | null = null
  #cancel: CancelTimer = () => {}

  constructor(parts: StatusWatchParts) {
    this.#parts = parts
  }

  /** Whether somebody would see an event now. */
  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  /** As it was at the last look; null: nobody looks. */
  get isHealthy(): boolean | null {
    return this.#last?.isHealthy ?? null
  }

  /** Tells changes, and nothing that is only for those who look at this moment. @returns what ends it; idempotent */
  keep(listener: Listener): () => void {
    this.#keepers.add(listener)
    if (this.#last === null) {
      this.#last = this.#parts.status()
      this.#again()
    }
    return () => {
      this.#keepers.delete(listener)
      if (!this.isHeard && this.#keepers.size === 0) this.#end()
    }
  }

  /** Starts with a `status` event. @returns what ends it; idempotent */
  listen(listener: Listener): () => void {
    const isFirst = !this.isHeard
    // All see the same picture, so that the next differences fit this one.
    if (this.#last === null) this.#last = this.#parts.status()
    else this.look()
    this.#listeners.add(listener)
    listener({ kind: 'status', status: this.#last })
    if (isFirst) this.#again()
    return () => {
      this.#listeners.delete(listener)
      if (!this.isHeard && this.#keepers.size === 0) this.#end()
    }
  }

  /** Something may have changed. */
  look(): void {
    if (this.#last !== null) this.#compare(this.#last, this.#parts.status())
  }

  /** For an answer: what it says is told to those who follow. */
  ask(): Status {
    const now = this.#parts.status()
    if (this.#last !== null) this.#compare(this.#last, now)
    return now
  }

  /** What no look at the device can find: it is over by then. */
  tell(event: ApiEvent): void {
    for (const keeper of this.#keepers) keeper(event)
    this.show(event)
  }

  /** For those who look at this moment. */
  show(event: ApiEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  [Symbol.dispose](): void {
    this.#listeners.clear()
    this.#keepers.clear()
    this.#end()
  }

  #compare(before: Status, now: Status): void {
    this.#last = toldStatus(before, now)
    for (const event of changesBetween(before, this.#last)) this.tell(event)
  }

  #end(): void {
    this.#last = null
    this.#cancel()
  }

  #again(): void {
    this.#cancel()
    const afterMs = this.isHeard ? periodMs : seldomMs
    this.#cancel = this.#parts.clock.after(afterMs, () => {
      this.look()
      if (this.#last !== null) this.#again()
    })
  }
}
