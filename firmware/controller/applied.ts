/**
 * What boxes have said of their configurations, in the store under `applied/ID`: what a thousand say within a second is written in
 * a few commits, after a while: those who are still to be told go first. What a box said to a tenant that has let it go meanwhile is
 * not kept. It tells people how far a box follows; nothing is decided by it.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import { entriesBelow } from '../host/store/entries-below.ts'
import type { Store } from '../host/store/store.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import { type FoundEdge, lookUpEdge } from './edges.ts'
import { appliedKey, edgeKey } from './keys.ts'

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
/** Of one commit: each box of it may change hands or its certificate meanwhile. */
const mostTries = 2 * together
/** From what a box says until it is written; a box waits for that with its next configuration. */
export const gatherMs = 250

export interface AppliedLogParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

interface Noted {
  readonly value: string
  readonly onDone: () => void
  /** To whom it was said. */
  readonly tenant: string
}

export class AppliedLog implements AsyncDisposable {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  /** By box: the newest alone. */
  readonly #waiting = new Map<string, Noted>()
  #timer: CancelTimer | null = null
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor({ store, clock, log }: AppliedLogParts) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /**
   * @param tenant whose the box was when it said so
   * @param onDone it is there, or could not be written; not called when something newer of the box came before that, or when its
   * owner has let it go; nor after the end, where the store may be closed: the box says it again by its next link
   */
  note(deviceId: string, tenant: string, record: AppliedRecord, onDone: () => void): void {
    if (this.#isClosed) return
    this.#waiting.set(deviceId, { value: JSON.stringify(record), onDone, tenant })
    this.#timer ??= this.#clock.after(gatherMs, () => {
      this.#timer = null
      this.#writing = this.#writing.then(() => this.#write())
    })
  }

  /** What waits is written at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#timer?.()
    await this.#writing
    await this.#write()
  }

  async #write(): Promise<void> {
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (let at = 0; at < all.length; at += together) {
      const some = new Map(all.slice(at, at + together))
      try {
        await this.#commit(some)
      } catch (error) {
        // The box says it again with its next configuration.
        if (!(error instanceof CausewayError)) throw error
        this.#log.warn({ code: error.code }, 'what boxes have applied is not written down')
      }
      for (const { onDone } of some.values()) onDone()
    }
  }

  /** @param some whoever was let go is taken out; whose entry has changed meanwhile is read again */
  async #commit(some: Map<string, Noted>): Promise<void> {
    const found = new Map<string, FoundEdge>()
    await Promise.all([...some.keys()].map((deviceId) => this.#find(some, found, deviceId)))
    for (let tries = 1; some.size > 0; tries++) {
      const conditions = [...found].map(([of, { revision }]) => ({ key: edgeKey(of), revision }))
      const changes = [...some].map(([of, { value }]) => ({ key: appliedKey(of), value }))
      try {
        await this.#store.commit({ conditions, changes })
        return
      } catch (error) {
        const isConflict = error instanceof CausewayError && error.code === 'STORE_CONFLICT'
        const broken = [...found].find(([of]) => isConflict && error.path === edgeKey(of))
        if (broken === undefined || tries >= mostTries) throw error
        await this.#find(some, found, broken[0])
      }
    }
  }

  /** Whoever has let it go hears nothing of it any more: it is taken out of both. */
  async #find(
    some: Map<string, Noted>,
    found: Map<string, FoundEdge>,
    deviceId: string,
  ): Promise<void> {
    const now = await lookUpEdge(this.#store, deviceId)
    if (now !== null && now.edge.tenant === some.get(deviceId)?.tenant) found.set(deviceId, now)
    else {
      found.delete(deviceId)
      some.delete(deviceId)
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
