/**
 * Keeps a connection to the datapath process: connects again, with growing pauses, whenever it is lost. Owns
 * the connection and nothing else; what to do with one is its user's business.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { Log } from '../host/system/log.ts'
import type { DatapathInfo } from '../model/program.ts'
import { fieldsOf } from './log-fields.ts'

const firstPauseMs = 50
/** Part of the time for which a restart of the datapath stops the traffic. */
const longestPauseMs = 250

export interface DatapathLinkParts {
  readonly connect: () => Promise<Datapath>
  readonly clock: Clock
  readonly log: Log
  /** A connection stands. */
  readonly onUp: (datapath: Datapath, info: DatapathInfo) => void
  /** The one announced last is gone. */
  readonly onDown: () => void
}

export class DatapathLink implements AsyncDisposable {
  readonly #parts: DatapathLinkParts
  #current: Datapath | null = null
  #pauseMs = firstPauseMs
  #cancelPause: CancelTimer = () => {}
  #connecting: Promise<void> = Promise.resolve()
  #isClosed = false
  /** The same failure four times a second is one line, not thousands. */
  #isReported = false

  constructor(parts: DatapathLinkParts) {
    this.#parts = parts
    this.#connecting = this.#connect()
  }

  get current(): Datapath | null {
    return this.#current
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelPause()
    await this.#connecting
    await this.#current?.[Symbol.asyncDispose]()
    this.#current = null
  }

  async #connect(): Promise<void> {
    const { connect, log, onUp } = this.#parts
    let datapath: Datapath | null = null
    try {
      datapath = await connect()
      let isGone = false
      datapath.onClose((reason) => {
        isGone = true
        this.#lost(reason)
      })
      const info = await datapath.describe()
      if (this.#isClosed || isGone) throw new Error('the connection ended while it was made')
      this.#current = datapath
      this.#pauseMs = firstPauseMs
      this.#isReported = false
      log.info({}, 'datapath connected')
      onUp(datapath, info)
    } catch (error) {
      await datapath?.[Symbol.asyncDispose]()
      if (this.#isClosed) return
      if (!this.#isReported) log.warn(fieldsOf(error), 'datapath not reachable')
      this.#isReported = true
      this.#later()
    }
  }

  #lost(reason: string): void {
    if (this.#current === null || this.#isClosed) return
    this.#current = null
    this.#parts.log.warn({ detail: reason }, 'datapath lost')
    this.#parts.onDown()
    this.#later()
  }

  #later(): void {
    const pauseMs = this.#pauseMs
    this.#pauseMs = Math.min(2 * pauseMs, longestPauseMs)
    this.#cancelPause = this.#parts.clock.after(pauseMs, () => {
      this.#connecting = this.#connect()
    })
  }
}
