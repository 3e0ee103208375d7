/**
 * Remembers, over reboots too, where each peer was heard last. Written when that is another place, and not oftener than every half
 * minute; what is lost with it is no more than the time until the peers call. What is worth remembering plan/whereabouts.ts says.
 */
import type { Clock } from '../host/clock/clock.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import type { Counters } from '../model/program.ts'
import type { Whereabout, Whereabouts } from '../model/whereabouts.ts'
import { parseWhereabouts, placesOf, whereaboutsAfter } from '../plan/whereabouts.ts'
import { fieldsOf } from './log-fields.ts'
import type { RecordFile } from './program-loader.ts'
import type { Numbers } from './uplink-numbers.ts'

const writeGapMs = 30_000

export interface WhereaboutsParts {
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  readonly numbers: Numbers
  readonly file: Pick<RecordFile, 'read' | 'write'>
}

export class WhereaboutsRecord {
  readonly #parts: WhereaboutsParts
  /** Null: nobody has looked into the file yet. */
  #known: Whereabouts | null = null
  /** Null: nobody knows what the file holds. */
  #written: Whereabouts | null = null
  #writtenAtMs = Number.NEGATIVE_INFINITY
  #writing: Promise<void> = Promise.resolve()
  /** The last one failed, and the log has it. */
  #isFailing = false

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts
  }

  /** Belongs before anybody is called; the first time counts. */
  async read(): Promise<void> {
    if (this.#known !== null) return
    const text = await this.#parts.file.read().catch((error: unknown) => {
      if (!(error instanceof Error && 'syscall' in error)) throw error
      this.#parts.log.warn({ detail: error.message }, 'whereabouts of peers not read')
      return null
    })
    this.#known ??= parseWhereabouts(text ?? '')
    this.#written = this.#known
  }

  of(peer: string): readonly Whereabout[] {
    return this.#known === null ? [] : placesOf(this.#known, peer)
  }

  take(counters: Counters): void {
    const { clock, numbers } = this.#parts
    // One without a program knows of no peers.
    if (this.#known === null || counters.generation === 0) return
    this.#known = whereaboutsAfter(this.#known, counters, (number) => numbers.nameOf(number))
    if (clock.nowMs() - this.#writtenAtMs >= writeGapMs) this.#write()
  }

  /** Writes what is not written yet. */
  async end(): Promise<void> {
    this.#write()
    await this.#writing
  }

  #write(): void {
    const { clock, file, log } = this.#parts
    const known = this.#known
    if (known === null || known === this.#written) return
    this.#written = known
    this.#writtenAtMs = clock.nowMs()
    this.#writing = this.#writing
      .then(() => file.write(JSON.stringify(known)))
      .then(() => {
        this.#isFailing = false
      })
      .catch((error: unknown) => {
        if (!(error instanceof CausewayError)) throw error
        this.#written = null
        if (!this.#isFailing) log.warn(fieldsOf(error), 'whereabouts of peers not written')
        this.#isFailing = true
      })
  }
}
