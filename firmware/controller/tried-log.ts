/**
 * What strangers try, and people beyond their role, is told in a tenant's log as far as there is room for it, so that nobody fills it;
 * the rest is counted, and said with the next. Each tenant has room of its own, and so has each who tells: sign-ins that are wrong hide
 * no refusal of a box.
 */
import { noChange, type Store } from '../host/store/store.ts'
import { openSourceBuckets } from '../plan/rate-limit.ts'
import { type AuditEvent, commitAudited, systemTenant } from './audit.ts'

/** Of one tenant. */
const entryRate = { perSecond: 0.2, burst: 100 }
/** As many as a controller has; of more, those that were quiet for longest begin anew. */
const mostTenants = 1_000

export class TriedLog {
  readonly #store: Store
  readonly #nowMs: () => number
  readonly #room = openSourceBuckets(entryRate, mostTenants)
  /** By tenant, since the last that was told. */
  readonly #untold = new Map<string, number>()

  constructor(store: Store, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** @throws what `commitAudited` throws; then it is counted */
  async tell(event: AuditEvent, tenant = systemTenant): Promise<void> {
    const nowMs = this.#nowMs()
    if (!this.#room.take(tenant, nowMs)) {
      this.#count(tenant, 1)
      return
    }
    const before = this.#untold.get(tenant) ?? 0
    this.#untold.delete(tenant)
    const words = [event.detail ?? '', before === 0 ? '' : `and ${before} like it before`]
    const detail = words.filter((one) => one !== '').join('; ')
    const told = detail === '' ? event : { ...event, detail }
    try {
      await commitAudited(this.#store, tenant, told, noChange, nowMs)
    } catch (error) {
      this.#count(tenant, before + 1)
      throw error
    }
  }

  #count(tenant: string, more: number): void {
    const before = this.#untold.get(tenant) ?? 0
    if (this.#untold.size >= mostTenants) this.#untold.clear()
    this.#untold.set(tenant, before + more)
  }
}
