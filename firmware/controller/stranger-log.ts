/**
 * What strangers do, and people beyond their role, is told in the log as far as there is room, so that nobody fills it from outside;
 * the rest is counted, and said with the next.
 */
import { noChange, type Store } from '../host/store/store.ts'
import { type Bucket, openBucket } from '../plan/rate-limit.ts'
import { type AuditEvent, commitAudited, systemTenant } from './audit.ts'

const entryRate = { perSecond: 0.2, burst: 100 }

export class StrangerLog {
  readonly #store: Store
  readonly #nowMs: () => number
  readonly #room: Bucket
  #untold = 0

  constructor(store: Store, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
    this.#room = openBucket(entryRate, nowMs())
  }

  /** @throws what `commitAudited` throws */
  async tell(event: AuditEvent, tenant = systemTenant): Promise<void> {
    const nowMs = this.#nowMs()
    if (!this.#room.take(nowMs)) {
      this.#untold++
      return
    }
    const more = this.#untold === 0 ? {} : { detail: `and ${this.#untold} like it before` }
    this.#untold = 0
    await commitAudited(this.#store, tenant, { ...event, ...more }, noChange, nowMs)
  }
}
