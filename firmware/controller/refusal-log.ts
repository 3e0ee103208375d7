/**
 * What boxes refuse of what they were sent, and what is refused to them, goes into their tenants' logs: the same of a box once, no
 * more than a box can have a reason for, one entry after the other. What there is no room for is counted, and said with the next.
 */
import { noChange, type Store } from '../host/store/store.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError, type ErrorCode } from '../model/errors.ts'
import { openSourceBuckets } from '../plan/rate-limit.ts'
import { commitAudited } from './audit.ts'
import { readEdge } from './edges.ts'
import { readReleased } from './release.ts'

export interface RefusalLogParts {
  readonly store: Store
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
}

export interface Refusal {
  readonly what: 'edge.refuse' | 'edge.link'
  /** A box's own may be of another version. */
  readonly code: ErrorCode | string
  readonly detail?: string
}

/** Of boxes whose last refusal is remembered; who is forgotten is told of once more. */
const mostBoxes = 8_192
/** Of one box and one kind. */
const entryRate = { perSecond: 1 / 60, burst: 30 }

interface Told {
  readonly what: string
  untold: number
}

export class RefusalLog {
  readonly #parts: RefusalLogParts
  readonly #told = new Map<string, Told>()
  readonly #room = openSourceBuckets(entryRate, mostBoxes)
  #telling: Promise<void> = Promise.resolve()

  constructor(parts: RefusalLogParts) {
    this.#parts = parts
  }

  /** Never fails; what does not get into the log is said in the process's. */
  tell(deviceId: string, { what, code, detail = '' }: Refusal): void {
    const text = `${what} ${code} ${detail}`
    const last = this.#told.get(deviceId)
    if (last?.what === text) return
    if (!this.#room.take(`${what} ${deviceId}`, this.#parts.wallMs())) {
      if (last !== undefined) last.untold++
      return
    }
    if (this.#told.size >= mostBoxes) this.#told.clear()
    this.#told.set(deviceId, { what: text, untold: 0 })
    const before = last?.untold ?? 0
    const more = before === 0 ? '' : `; and ${before} like it before`
    const refusal = { what, code, detail: `${detail}${more}` }
    this.#telling = this.#telling.then(() => this.#write(deviceId, refusal))
  }

  async #write(deviceId: string, { what, code, detail }: Required<Refusal>): Promise<void> {
    const { store, log, wallMs } = this.#parts
    try {
      const owner = (await readEdge(store, deviceId)) ?? (await readReleased(store, deviceId))
      if (owner === null) return
      const said = { who: `device/${deviceId}`, what, target: `site/${owner.site}`, code }
      const event = detail === '' ? said : { ...said, detail }
      await commitAudited(store, owner.tenant, event, noChange, wallMs())
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      log.warn({ code: error.code, device: deviceId }, 'refusal of a box not in the log')
    }
  }
}
