/**
 * Reads the datapath's counters once a second and whenever it is asked to, in one batch, one reading at a time, and keeps
 * what the last two say. Rates and texts are made from them in plan/.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { Datapath } from '../host/datapath/datapath.ts'
import { CausewayError } from '../model/errors.ts'
import type { Counters } from '../model/program.ts'
import type { NumberedUplinks } from '../plan/path-status.ts'
import { type QueueWindow, slide } from '../plan/queue-window.ts'
import { noRates, type Rates, ratesBetween } from '../plan/rates.ts'

const periodMs = 1_000
/** An older reading is no picture of the present. */
const staleMs = 5_000

export interface TelemetryParts {
  readonly clock: Clock
  /** Null while there is none. */
  readonly datapath: () => Datapath | null
  /** The own uplinks by number in the program of that generation. */
  readonly uplinks: (generation: number) => NumberedUplinks
  /** After each reading; not without a datapath. */
  readonly onCounters: (counters: Counters) => void
}

export interface Reading {
  /** Null while the datapath cannot be reached. */
  readonly counters: Counters | null
  readonly rates: Rates
  /** What waits, for uplinks and for limits; null while that cannot be read. */
  readonly queues: QueueWindow | null
  /** By number, as the counters have them. */
  readonly uplinks: NumberedUplinks
}

const nothing: Reading = { counters: null, rates: noRates, queues: null, uplinks: [] }

export class Telemetry implements Disposable {
  readonly #parts: TelemetryParts
  #last: Reading = nothing
  #readAtMs = 0
  #cancel: CancelTimer
  #isReading = false
  #wantsAnother = false
  #isClosed = false

  constructor(parts: TelemetryParts) {
    this.#parts = parts
    this.#cancel = parts.clock.after(0, () => this.#tick())
  }

  get reading(): Reading {
    return this.#parts.clock.nowMs() - this.#readAtMs > staleMs ? nothing : this.#last
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#cancel()
  }

  /** Reads at once; during a reading, once more after it. */
  look(): void {
    if (this.#isClosed) return
    this.#wantsAnother = this.#isReading
    if (this.#isReading) return
    this.#cancel()
    void this.#tick()
  }

  /** The next one is due a period after this one began, or when this one has ended. */
  async #tick(): Promise<void> {
    const startedAtMs = this.#parts.clock.nowMs()
    this.#isReading = true
    this.#wantsAnother = false
    await this.#read()
    this.#isReading = false
    if (this.#isClosed) return
    const dueMs = this.#wantsAnother ? 0 : startedAtMs + periodMs - this.#parts.clock.nowMs()
    this.#cancel = this.#parts.clock.after(dueMs, () => this.#tick())
  }

  async #read(): Promise<void> {
    const datapath = this.#parts.datapath()
    if (datapath === null) {
      this.#last = nothing
      return
    }
    const [counters, queued] = await Promise.all([
      datapath.counters().catch(nullOf),
      datapath.queues().catch(nullOf),
    ])
    if (counters === null) {
      this.#last = nothing
      return
    }
    const before = this.#last.counters
    const rates = before === null ? noRates : ratesBetween(before, counters)
    const uplinks = this.#parts.uplinks(counters.generation)
    this.#readAtMs = this.#parts.clock.nowMs()
    const queues =
      queued === null ? null : slide(this.#last.queues, { atMs: this.#readAtMs, queues: queued })
    this.#last = { counters, rates, queues, uplinks }
    this.#parts.onCounters(counters)
  }
}

/** Whoever keeps the connection reports its end; here there is just nothing to show. */
function nullOf(error: unknown): null {
  if (error instanceof CausewayError) return null
  throw error
}
