/**
 * What happened of late in words (plan/event-fold.ts), kept across restarts: written in blocks some seconds after it happened, half a
 * megabyte at most. A disk that takes nothing costs what a restart would have kept.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { type BlockDisk, BlockLog } from '../../host/store/block-log.ts'
import type { Log } from '../../host/system/log.ts'
import { CausewayError } from '../../model/errors.ts'
import type { ApiEvent } from '../../model/local-api-event.ts'
import { isRecentEvents, mostRecentEvents, type RecentEvent } from '../../model/local-api-recent.ts'
import { type EventFold, openEventFold } from '../../plan/event-fold.ts'
import { fieldsOf } from '../log-fields.ts'

export interface RecentEventsParts {
  readonly clock: Clock
  readonly wallMs: () => number
  readonly log: Log
  readonly folder: string
  readonly disk?: BlockDisk
  readonly version: string
  /** One is new, or has gone on. */
  readonly onTold: (event: RecentEvent) => void
}

const writeMs = 10_000
const kept = { name: 'events', fileBytes: 64 * 1024, fileBlocks: 1_000, files: 8 }

export class RecentEvents implements AsyncDisposable {
  readonly #parts: RecentEventsParts
  readonly #blocks: BlockLog
  #fold: EventFold = openEventFold([])
  /** Until what was kept has been read, events wait; they are few. */
  readonly #ready: Promise<void>
  #isReady = false
  readonly #early: (() => void)[] = []
  #unwritten = new Map<number, RecentEvent>()
  #cancel: CancelTimer | null = null
  #isBroken = false

  constructor(parts: RecentEventsParts) {
    const { folder, disk } = parts
    this.#parts = parts
    this.#blocks = new BlockLog({ ...kept, folder, ...(disk === undefined ? {} : { disk }) })
    this.#ready = this.#read()
  }

  take(event: ApiEvent): void {
    const moment = this.#moment()
    this.#later(() => {
      const told = this.#fold.take(event, moment)
      if (told !== null) this.#tell(told)
    })
  }

  /** Newest first. */
  async recent(): Promise<RecentEvent[]> {
    await this.#ready
    return [...this.#fold.recent()]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ready
    this.#cancel?.()
    await this.#write()
  }

  async #read(): Promise<void> {
    const found = new Map<number, RecentEvent>()
    await this.#blocks
      .read(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, ({ payload }) => {
        for (const event of eventsIn(payload)) {
          // The later word on one counts, and its place.
          found.delete(event.number)
          found.set(event.number, event)
        }
      })
      .catch((error: unknown) => this.#parts.log.warn(fieldsOf(error), 'events of before not read'))
    this.#fold = openEventFold([...found.values()].reverse().slice(0, mostRecentEvents))
    this.#tell(this.#fold.start(this.#parts.version, this.#moment()))
    this.#isReady = true
    for (const work of this.#early.splice(0)) work()
  }

  #later(work: () => void): void {
    if (this.#isReady) work()
    else if (this.#early.length < mostRecentEvents) this.#early.push(work)
  }

  #moment() {
    const { clock, wallMs } = this.#parts
    return { nowMs: clock.nowMs(), atSeconds: Math.round(wallMs() / 1000) }
  }

  #tell(event: RecentEvent): void {
    this.#unwritten.delete(event.number)
    this.#unwritten.set(event.number, event)
    if (this.#unwritten.size > mostRecentEvents) {
      this.#unwritten.delete(this.#unwritten.keys().next().value!)
    }
    this.#cancel ??= this.#parts.clock.after(writeMs, () => {
      this.#cancel = null
      void this.#write()
    })
    this.#parts.onTold(event)
  }

  /** Never throws. What is not written waits for the next event. */
  async #write(): Promise<void> {
    const events = [...this.#unwritten.values()]
    if (events.length === 0) return
    this.#unwritten = new Map()
    try {
      const payload = Buffer.from(JSON.stringify(events), 'utf8')
      await this.#blocks.append({ mark: this.#parts.wallMs(), payload })
      this.#isBroken = false
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      // Those of meanwhile are later.
      this.#unwritten = new Map([
        ...events.map((event) => [event.number, event] as const),
        ...this.#unwritten,
      ])
      if (!this.#isBroken) this.#parts.log.warn(fieldsOf(error), 'events not written')
      this.#isBroken = true
    }
  }
}

/** Empty: none that this release knows. */
function eventsIn(payload: Uint8Array): readonly RecentEvent[] {
  try {
    const value = JSON.parse(Buffer.from(payload).toString('utf8')) as unknown
    return isRecentEvents(value) ? value : []
  } catch {
    return []
  }
}
