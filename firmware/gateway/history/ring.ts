/** The last ten minutes of one name, a second each, in memory. By the monotonic clock: seconds that nobody put are not known. */
import { type Figures, figureCount, type Stats, statCount } from '../../plan/history.ts'

const seconds = 600

export class Ring {
  readonly #values = new Float32Array(seconds * figureCount).fill(Number.NaN)
  /** Number of the second that was put last. */
  #last = Number.NEGATIVE_INFINITY

  put(nowMs: number, figures: Figures): void {
    const second = Math.floor(nowMs / 1000)
    for (let gap = Math.max(this.#last + 1, second - seconds + 1); gap < second; gap++) {
      this.#values.fill(Number.NaN, placeOf(gap), placeOf(gap) + figureCount)
    }
    this.#values.set(figures, placeOf(second))
    this.#last = Math.max(this.#last, second)
  }

  /** Oldest first. @param each given when a second began */
  each(nowMs: number, each: (atMs: number, stats: Stats) => void): void {
    const now = Math.floor(nowMs / 1000)
    const stats = new Float64Array(figureCount * statCount)
    for (let second = now - seconds + 1; second <= Math.min(now, this.#last); second++) {
      if (second < 0 || second <= this.#last - seconds) continue
      for (let at = 0; at < figureCount; at++) {
        stats.fill(this.#values[placeOf(second) + at]!, at * statCount, (at + 1) * statCount)
      }
      each(second * 1000, stats)
    }
  }

  /** All that it knows is out of its time. */
  isOld(nowMs: number): boolean {
    return Math.floor(nowMs / 1000) - this.#last >= seconds
  }
}

function placeOf(second: number): number {
  return (second % seconds) * figureCount
}
