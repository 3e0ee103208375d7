/**
 * What boxes have said of their configurations, in the store under `applied/ID`: what a thousand say within a second is written in
 * a few commits, after a while: those who are still to be told go first. It tells people how far a box follows; nothing is decided
 * by it.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import { entriesBelow } from '../host/store/entries-below.ts'
import type { Store } from '../host/store/store.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import { appliedKey } from './keys.ts'

export interface AppliedRecord {
  readonly revision: number
  /** RFC 3339. */
  readonly at: string
  /** Of a refusal. */
  readonly code?: string
  readonly message?: string
}

/** Boxes of one commit. */
const together = 128
/** From what a box says until it is written; a box waits for that with its next configuration. */
export const gatherMs = 250

export interface AppliedLogParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

export class AppliedLog implements AsyncDisposable {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  /** By box: the newest alone. */
  readonly #waiting = new Map<string, { readonly value: string; readonly onDone: () => void }>()
  #timer: CancelTimer | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor({ store, clock, log }: AppliedLogParts) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /** @param onDone it is there, or could not be written; not called when something newer of the box came before that */
  note(deviceId: string, record: AppliedRecord, onDone: () => void): void {
    this.#waiting.set(deviceId, { value: JSON.stringify(record), onDone })
    this.#timer ??= this.#clock.after(gatherMs, () => {
      this.#timer = null
      this.#writing = this.#writing.then(() => this.#write())
    })
  }

  /** What waits is written at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.()
    await this.#writing
    await this.#write()
  }

  async #write(): Promise<void> {
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (let at = 0; at < all.length; at += together) {
      const some = all.slice(at, at + together)
      const changes = some.map(([deviceId, { value }]) => ({ key: appliedKey(deviceId), value }))
      try {
        await this.#store.commit({ conditions: [], changes })
      } catch (error) {
        // The box says it again with its next configuration.
        if (!(error instanceof CausewayError)) throw error
        this.#log.warn({ code: error.code }, 'what boxes have applied is not written down')
      }
      for (const [, { onDone }] of some) onDone()
    }
  }
}

/** Of all boxes that have ever said something, by device id. */
export async function appliedRecords(store: Store): Promise<Map<string, AppliedRecord>> {
  const records = new Map<string, AppliedRecord>()
  for await (const { key, value } of entriesBelow(store, appliedKey(''))) {
    records.set(key.slice(appliedKey('').length), JSON.parse(value) as AppliedRecord)
  }
  return records
}
