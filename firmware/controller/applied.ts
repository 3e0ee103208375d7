/**
 * What boxes have said of their configurations, in the store under `applied/ID`: what a thousand say within a second is written in
 * a few commits. It tells people how far a box follows; nothing is decided by it.
 */
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

export class AppliedLog implements AsyncDisposable {
  readonly #store: Store
  readonly #log: Log
  /** By box: the newest alone. */
  readonly #waiting = new Map<string, { readonly value: string; readonly onDone: () => void }>()
  #writing: Promise<void> | null = null

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** @param onDone it is there, or could not be written; not called when something newer of the box came before that */
  note(deviceId: string, record: AppliedRecord, onDone: () => void): void {
    this.#waiting.set(deviceId, { value: JSON.stringify(record), onDone })
    this.#writing ??= this.#write()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#waiting.size > 0) {
      const some = [...this.#waiting].slice(0, together)
      for (const [deviceId] of some) this.#waiting.delete(deviceId)
      const changes = some.map(([deviceId, { value }]) => ({
        key: appliedKey(deviceId),
        value,
      }))
      try {
        await this.#store.commit({ conditions: [], changes })
      } catch (error) {
        // The box says it again with its next configuration.
        if (!(error instanceof CausewayError)) throw error
        this.#log.warn({ code: error.code }, 'what boxes have applied is not written down')
      }
      for (const [, { onDone }] of some) onDone()
    }
    this.#writing = null
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
