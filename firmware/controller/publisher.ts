/**
 * Sees to it that what a tenant's documents say is published: once after each change of documents or boxes, for all changes that
 * came meanwhile together. A fault in what one tenant's documents bring is that tenant's alone. Of several controllers each may do
 * so; what one has published the others find done.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../host/clock/clock.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import type { FleetProblem } from '../plan/fleet-documents.ts'
import type { Fleets } from './fleets.ts'
import { Ledger } from './ledger.ts'
import { type PublishParts, publishFleet } from './publish.ts'
import type { PublishedBook } from './published.ts'
import { tenantsOf } from './tenants.ts'

export interface PublisherParts {
  readonly fleets: Fleets
  readonly book: PublishedBook
  readonly clock: Clock
  readonly log: Log
  readonly signingKey: KeyObject
}

/** After what went wrong: another controller was faster, or the store is busy. */
const againMs = 500

export class Publisher implements AsyncDisposable {
  readonly #parts: PublisherParts
  /** Tenants whose boxes are to be computed. */
  readonly #due = new Set<string>()
  readonly #problems = new Map<string, readonly FleetProblem[]>()
  readonly #ledger: Ledger
  #isClosed = false
  #wake = (): void => {}
  #endWatch = (): void => {}
  readonly #work: Promise<unknown>

  constructor(parts: PublisherParts) {
    this.#parts = parts
    this.#ledger = new Ledger(parts.fleets.store, parts.book)
    this.#work = Promise.all([this.#watch(), this.#publish()])
  }

  /** What is wrong with a tenant's documents, as of the last time. */
  problemsOf(tenant: string): readonly FleetProblem[] {
    return this.#problems.get(tenant) ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#endWatch()
    this.#wake()
    await this.#work
  }

  #want(tenant: string): void {
    this.#due.add(tenant)
    this.#wake()
  }

  async #watch(): Promise<void> {
    const { log, fleets } = this.#parts
    const { store } = fleets
    while (!this.#isClosed) {
      try {
        const after = await store.revision()
        this.#ledger.forget()
        for (const tenant of await tenantsOf(store)) this.#want(tenant)
        using watch = store.watch('', after)
        this.#endWatch = () => watch[Symbol.dispose]()
        if (this.#isClosed) return
        for await (const { changes, revision } of watch) {
          for (const change of changes) {
            this.#ledger.follow(change, revision)
            const tenant = tenantOfChange(change.key, change.value)
            if (tenant !== null) this.#want(tenant)
          }
        }
      } catch (error) {
        if (!(error instanceof CausewayError)) throw error
        log.warn({ code: error.code }, 'documents are read anew')
        await this.#pause()
      }
    }
  }

  async #publish(): Promise<void> {
    const { fleets, book, signingKey, log } = this.#parts
    const parts: PublishParts = { fleets, book, signingKey, ledger: this.#ledger }
    while (!this.#isClosed) {
      const [tenant] = this.#due
      if (tenant === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      this.#due.delete(tenant)
      try {
        const { changed, problems } = await publishFleet(parts, tenant)
        this.#problems.set(tenant, problems)
        if (changed > 0) log.info({ detail: `${changed} boxes` }, 'published')
      } catch (error) {
        if (!(error instanceof CausewayError)) {
          this.#onFault(tenant, error)
          continue
        }
        log.warn({ code: error.code, detail: error.message }, 'not published; tried again')
        this.#due.add(tenant)
        await this.#pause()
      }
    }
  }

  /** Of this tenant's documents: they would bring it again, and the other tenants need the process. It waits for another change. */
  #onFault(tenant: string, error: unknown): void {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#parts.log.error({ detail: `${tenant}: ${told}` }, 'fault')
    const message = 'the controller failed to compute this; its log says why'
    this.#problems.set(tenant, [{ code: 'API_INTERNAL', message, document: `tenant/${tenant}` }])
  }

  #pause(): Promise<void> {
    return new Promise((passed) => void this.#parts.clock.after(againMs, passed))
  }
}

/** Whose boxes a change concerns; null: nobody's. */
function tenantOfChange(key: string, value: string | null): string | null {
  const [tenant = '', part] = key.split('/')
  if (part === 'doc') return tenant
  if ((tenant !== 'edge' && tenant !== 'released') || value === null) return null
  return (JSON.parse(value) as { readonly tenant: string }).tenant
}
