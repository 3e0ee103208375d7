/**
 * Notes which ports have a carrier, and tells of those that have it again: behind the NIC may be another network now. What
 * is done about it is others' business.
 */
import type { Counters } from '../model/program.ts'

type Seen = Pick<Counters['ports'][number], 'isUp' | 'downs'>

export class Carriers {
  readonly #onReturn: (twin: string) => void
  /** Of the ports of the program that runs: at most as many as those. */
  #seen: ReadonlyMap<string, Seen> = new Map()

  constructor(onReturn: (twin: string) => void) {
    this.#onReturn = onReturn
  }

  /** In the order in which they were read. One that is seen for the first time is none that came back. */
  take({ ports }: Pick<Counters, 'ports'>): void {
    const before = this.#seen
    this.#seen = new Map(ports.map(({ twin, isUp, downs }) => [twin, { isUp, downs }]))
    for (const [twin, { isUp, downs }] of this.#seen) {
      const was = before.get(twin)
      // It may have gone and come back between two readings. A port that was opened anew counts from 0.
      if (isUp && was !== undefined && (!was.isUp || downs > was.downs)) this.#onReturn(twin)
    }
  }
}
