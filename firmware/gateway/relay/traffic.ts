/** What crosses the channels of a relay: read from the datapath now and then, as long as there are some; the last two readings. */
import type { Clock } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import { CausewayError } from '../../model/errors.ts'
import type { ChannelCounters } from '../../model/traversal-program.ts'
import { type RelayingFacts, readingPeriodMs } from '../../plan/relaying.ts'

/** An older reading is no picture of the present. */
const staleMs = 15_000

interface Reading {
  readonly atMs: number
  readonly channels: readonly ChannelCounters[]
}

const nothing: Reading = { atMs: Number.NEGATIVE_INFINITY, channels: [] }

export class RelayTraffic {
  readonly #clock: Clock
  readonly #datapath: () => Pick<Datapath, 'listChannels'> | null
  #now = nothing
  #before = nothing
  #askedAtMs = Number.NEGATIVE_INFINITY
  #isReading = false

  constructor(clock: Clock, datapath: () => Pick<Datapath, 'listChannels'> | null) {
    this.#clock = clock
    this.#datapath = datapath
  }

  /** Reads, if it is time. */
  look(): void {
    const nowMs = this.#clock.nowMs()
    if (this.#isReading || nowMs - this.#askedAtMs < readingPeriodMs) return
    this.#askedAtMs = nowMs
    void this.#read()
  }

  /** Of channels that there are no more. */
  reset(): void {
    this.#now = this.#before = nothing
  }

  facts(rateBps: number): RelayingFacts {
    const [now, before] = [this.#now, this.#before]
    const isStale = this.#clock.nowMs() - now.atMs > staleMs
    if (isStale) return { rateBps, now: [], before: [], gapMs: 0 }
    return { rateBps, now: now.channels, before: before.channels, gapMs: now.atMs - before.atMs }
  }

  async #read(): Promise<void> {
    const datapath = this.#datapath()
    if (datapath === null) return
    this.#isReading = true
    const channels = await datapath.listChannels().catch((error: unknown) => {
      // Whoever keeps the connection reports its end.
      if (error instanceof CausewayError) return null
      throw error
    })
    this.#isReading = false
    if (channels === null || datapath !== this.#datapath()) return
    this.#before = this.#now
    this.#now = { atMs: this.#clock.nowMs(), channels }
  }
}
