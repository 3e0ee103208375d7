/**
 * How often somebody may guess a password: after some wrong ones in a row each name waits, twice as long each time (NIST SP
 * 800-63B §5.2.2). In memory, bounded: of more names than it holds, the one that was guessed at longest ago is forgotten.
 */
import { CausewayError } from '../model/errors.ts'

const freeTries = 5
const mostWaitMs = 60_000
const mostNames = 1_024

interface Guessed {
  readonly tries: number
  readonly untilMs: number
}

export class Guesses {
  readonly #guessed = new Map<string, Guessed>()

  /** @throws API_RATE */
  check(name: string, nowMs: number): void {
    const waitMs = (this.#guessed.get(name)?.untilMs ?? 0) - nowMs
    if (waitMs <= 0) return
    const seconds = Math.ceil(waitMs / 1_000)
    throw new CausewayError('API_RATE', `too many wrong passwords: try again in ${seconds} s`)
  }

  wrong(name: string, nowMs: number): void {
    const tries = (this.#guessed.get(name)?.tries ?? 0) + 1
    this.#guessed.delete(name)
    if (this.#guessed.size >= mostNames) {
      for (const [oldest] of this.#guessed) {
        this.#guessed.delete(oldest)
        break
      }
    }
    const over = tries - freeTries
    const waitMs = over < 0 ? 0 : Math.min(mostWaitMs, 1_000 * 2 ** over)
    this.#guessed.set(name, { tries, untilMs: nowMs + waitMs })
  }

  right(name: string): void {
    this.#guessed.delete(name)
  }
}
