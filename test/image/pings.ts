/** A stream of pings through a box, by whose answers is told when it forwards and for how long it did not. */
import type { Lab } from '../lab/lab.ts'
import type { Program } from '../lab/program.ts'

/** Ten a second: a gap is known to a tenth of one. */
const everySeconds = 0.1

export class Pings implements AsyncDisposable {
  readonly #program: Program
  /** `performance.now()` of each answer. */
  readonly #answersMs: number[] = []
  #waiting: (() => void)[] = []

  /** @param where the namespace that asks: `berlin-host` */
  constructor(lab: Lab, where: string, address: string) {
    this.#program = lab.spawn(where, ['ping', '-n', '-i', String(everySeconds), address])
    this.#program.onLine((line) => {
      if (!line.includes(' bytes from ')) return
      this.#answersMs.push(performance.now())
      const waiting = this.#waiting
      this.#waiting = []
      for (const done of waiting) done()
    })
  }

  /** Until one is answered that comes later than this. @returns when it was; null: none in time */
  async answerAfter(sinceMs: number, timeoutMs: number): Promise<number | null> {
    const deadline = AbortSignal.timeout(
      Math.max(1, Math.round(sinceMs + timeoutMs - performance.now())),
    )
    for (;;) {
      const found = this.#answersMs.find((ms) => ms > sinceMs)
      if (found !== undefined) return found
      if (deadline.aborted) return null
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      deadline.addEventListener('abort', () => resolve(), { once: true })
      await promise
    }
  }

  /** The longest time without an answer between two moments. */
  longestGapMs(sinceMs: number, untilMs = performance.now()): number {
    const inside = this.#answersMs.filter((ms) => ms > sinceMs && ms < untilMs)
    const moments = [sinceMs, ...inside, untilMs]
    return Math.max(...moments.slice(1).map((ms, at) => ms - moments[at]!))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop()
  }
}
