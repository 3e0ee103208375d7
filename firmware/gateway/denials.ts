/**
 * What policy kept out, as the datapath tells it: one line in the log each, and the last of them for whoever asks. The
 * datapath tells a few a second; `suppressed` says how many it did not.
 */
import type { Clock } from '../host/clock/clock.ts'
import type { Log } from '../host/system/log.ts'
import type { DatapathEvent, Denial } from '../model/program.ts'

const kept = 100

/** `peer` is '' for a packet from a LAN or the box itself. */
export interface PastDenial extends Denial {
  readonly peer: string
  readonly ageMs: number
}

export class Denials {
  readonly #clock: Clock
  readonly #log: Log
  readonly #recent: { readonly peer: string; readonly denial: Denial; readonly atMs: number }[] = []

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Any event of the datapath; those of another kind are none of its business. */
  take(event: DatapathEvent): void {
    if (event.kind !== 'denied') return
    const { peer, denial } = event
    this.#recent.push({ peer, denial, atMs: this.#clock.nowMs() })
    if (this.#recent.length > kept) this.#recent.shift()
    const said = Object.entries({ peer, ...denial }).filter(([, value]) => value !== '')
    this.#log.warn(Object.fromEntries(said), 'packet denied')
  }

  /** The newest first, at most 100. */
  recent(): readonly PastDenial[] {
    const nowMs = this.#clock.nowMs()
    return this.#recent
      .map(({ peer, denial, atMs }) => ({ ...denial, peer, ageMs: Math.round(nowMs - atMs) }))
      .reverse()
  }
}
