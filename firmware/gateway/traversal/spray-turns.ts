/**
 * Sprays of all peers take turns: the datapath runs one at a time, and another one would end it half-way. Who waits keeps its
 * place; nobody waits for ever, since each turn ends by the clock.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'

/** One peer's part in it. */
export interface SprayTurn {
  /** Nobody sprays or waits. */
  isFree(): boolean
  /** False: too many wait. */
  hasRoom(): boolean
  /** Runs it once it is this peer's turn, which may be now. @param run says for how long it lasts, in ms; 0: it is of no use any more */
  ask(run: () => number): void
  /** Has no use for a turn, or no further one. */
  end(): void
}

/** Six minutes, by then. */
const mostWaiting = 64

export class SprayTurns implements Disposable {
  readonly #clock: Clock
  /** By peer, in order. */
  readonly #waiting = new Map<string, () => number>()
  #running: { readonly peer: string; readonly cancel: CancelTimer } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  of(peer: string): SprayTurn {
    return {
      isFree: () => this.#running === null && this.#waiting.size === 0,
      hasRoom: () => this.#waiting.has(peer) || this.#waiting.size < mostWaiting,
      ask: (run) => {
        this.#waiting.set(peer, run)
        this.#next()
      },
      end: () => {
        this.#waiting.delete(peer)
        if (this.#running?.peer !== peer) return
        this.#running.cancel()
        this.#running = null
        this.#next()
      },
    }
  }

  [Symbol.dispose](): void {
    this.#waiting.clear()
    this.#running?.cancel()
    this.#running = null
  }

  #next(): void {
    while (this.#running === null) {
      const [first] = this.#waiting
      if (first === undefined) return
      const [peer, run] = first
      this.#waiting.delete(peer)
      const lastsMs = run()
      if (lastsMs > 0)
        this.#running = { peer, cancel: this.#clock.after(lastsMs, () => this.#onOver()) }
    }
  }

  #onOver(): void {
    this.#running = null
    this.#next()
  }
}
