/**
 * Notes which ports have a carrier, and tells of those that have it again: behind the NIC may be another network now. What
 * is done about it is others' business.
 */
import type { Datapath } from '../host/datapath/datapath.ts'

export class Carriers {
  readonly #onReturn: (twin: string) => void
  /** Of the ports of the program that runs: at most as many as those. */
  #isUp: ReadonlyMap<string, boolean> = new Map()

  constructor(onReturn: (twin: string) => void) {
    this.#onReturn = onReturn
  }

  /** One that is seen for the first time is none that came back. A datapath that does not answer shows nothing. */
  async look(datapath: Pick<Datapath, 'counters'>): Promise<void> {
    const before = this.#isUp
    const read = await datapath.counters().catch(() => null)
    if (read === null) return
    this.#isUp = new Map(read.ports.map(({ twin, isUp }) => [twin, isUp]))
    for (const [twin, isUp] of this.#isUp)
      if (isUp && before.get(twin) === false) this.#onReturn(twin)
  }
}
