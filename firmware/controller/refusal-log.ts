/** What boxes refuse of what they were sent goes into their tenants' logs: each revision and reason of a box once, one entry after the other. */
import type { Store } from '../host/store/store.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import { commitAudited } from './audit.ts'
import { readEdge } from './edges.ts'

export interface RefusalLogParts {
  readonly store: Store
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
}

/** Of boxes whose last refusal is remembered; who is forgotten is told of once more. */
const mostBoxes = 8_192

export class RefusalLog {
  readonly #parts: RefusalLogParts
  readonly #told = new Map<string, string>()
  #telling: Promise<void> = Promise.resolve()

  constructor(parts: RefusalLogParts) {
    this.#parts = parts
  }

  /** Never fails; what does not get into the log is said in the process's. */
  tell(deviceId: string, revision: number, code: string): void {
    const what = `${revision} ${code}`
    if (this.#told.get(deviceId) === what) return
    if (this.#told.size >= mostBoxes) this.#told.clear()
    this.#told.set(deviceId, what)
    this.#telling = this.#telling.then(() => this.#write(deviceId, revision, code))
  }

  async #write(deviceId: string, revision: number, code: string): Promise<void> {
    const { store, log, wallMs } = this.#parts
    try {
      const edge = await readEdge(store, deviceId)
      if (edge === null) return
      const target = `site/${edge.site}`
      const detail = `revision ${revision}`
      const event = { who: `device/${deviceId}`, what: 'edge.refuse', target, code, detail }
      await commitAudited(store, edge.tenant, event, { conditions: [], changes: [] }, wallMs())
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      log.warn({ code: error.code, device: deviceId }, 'refusal of a box not in the log')
    }
  }
}
