/**
 * Notes which ports have a carrier, and tells of those that have it again: behind the NIC may be another network now. What
 * is done about it is others' business.
 */
import type { Counters } from '../model/program.ts'

export class Carriers {
  readonly #onReturn: (twin: string) => void
  /** Of the ports of the program that runs: at most as many as those. */
  #isUp: ReadonlyMap<string, boolean> = new Map()

  constructor(onReturn: (twin: string) => void) {
    this.#onReturn = onReturn
  }

  /** In the order in which they were read. One that is seen for the first time is none that came back. */
  take({ ports }: Pick<Counters, 'ports'>): void {
    const before = this.#isUp
    this.#isUp = new Map(ports.map(({ twin, isUp }) => [twin, isUp]))
    for (const [twin, isUp] of this.#isUp)
      if (isUp && before.get(twin) === false) this.#onReturn(twin)
  }
}
