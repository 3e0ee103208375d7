/**
 * Looks at the device once a second while somebody listens, at once when nudged, and tells what has changed. Nobody
 * listens, nothing is looked at.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { Status } from '../model/local-api.ts'
import type { ApiEvent } from '../model/local-api-event.ts'
import { changesBetween, toldStatus } from '../plan/status-change.ts'

const periodMs = 1_000

export interface StatusWatchParts {
  readonly clock: Clock
  readonly status: () => Status
}

export type Listener = (event: ApiEvent) => void

export class StatusWatch implements Disposable {
  readonly #parts: StatusWatchParts
  readonly #listeners = new Set<Listener>()
  #last: Status | null = null
  #cancel: CancelTimer = () => {}

  constructor(parts: StatusWatchParts) {
    this.#parts = parts
  }

  /** Starts with a `status` event. @returns what ends it; idempotent */
  listen(listener: Listener): () => void {
    if (this.#listeners.size === 0) this.#begin()
    // All see the same picture, so that the next differences fit this one.
    this.look()
    this.#listeners.add(listener)
    listener({ kind: 'status', status: this.#last! })
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#end()
    }
  }

  /** Something may have changed. */
  look(): void {
    if (this.#last === null) return
    const now = toldStatus(this.#last, this.#parts.status())
    const events = changesBetween(this.#last, now)
    this.#last = now
    for (const event of events) this.tell(event)
  }

  /** What no look at the device can find: it is over by then. */
  tell(event: ApiEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  [Symbol.dispose](): void {
    this.#listeners.clear()
    this.#end()
  }

  #begin(): void {
    this.#last = this.#parts.status()
    this.#again()
  }

  #end(): void {
    this.#last = null
    this.#cancel()
  }

  #again(): void {
    this.#cancel = this.#parts.clock.after(periodMs, () => {
      this.look()
      if (this.#last !== null) this.#again()
    })
  }
}
