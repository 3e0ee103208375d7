/**
 * How often somebody may guess a password. Who guesses at a name from one place waits, twice as long each time (NIST SP 800-63B
 * §5.2.2), and one place has so many tries whatever names it has: nobody else is kept out by that. Against guesses at one name
 * from ever new places there is a slow measure for all of them, which who was right there before does not share. Pure: time is an
 * argument. Bounded.
 */
import { CausewayError } from '../model/errors.ts'
import { openSourceBuckets } from './rate-limit.ts'

const freeTries = 5
const mostWaitMs = 60_000
/** Of one place, right or wrong: an office signs in by one address. */
const sourceRate = { perSecond: 0.5, burst: 30 }
const mostSources = 4_096
/** At one name from places where nobody was right: more than any one of them gets through. */
const nameRate = { perSecond: 100 / 3_600, burst: 100 }
const mostNames = 1_024

interface Guessed {
  readonly tries: number
  readonly untilMs: number
}

export class Guesses {
  readonly #sources = openSourceBuckets(sourceRate, mostSources)
  readonly #names = openSourceBuckets(nameRate, mostNames)
  /** By place and name, in order of use: what is used longest ago is forgotten. */
  readonly #guessed = new Map<string, Guessed>()
  readonly #right = new Map<string, true>()

  /** @param source tells places apart @throws API_RATE */
  check(name: string, source: string, nowMs: number): void {
    const key = keyOf(name, source)
    const waitMs = (this.#guessed.get(key)?.untilMs ?? 0) - nowMs
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000)
      throw new CausewayError('API_RATE', `too many wrong passwords: try again in ${seconds} s`)
    }
    if (!this.#sources.take(source, nowMs)) {
      throw new CausewayError('API_RATE', 'too many sign in from this address: try again later')
    }
    if (!this.#right.has(key) && !this.#names.take(name, nowMs)) {
      const message = 'too many wrong passwords for this name, from many places: try again later'
      throw new CausewayError('API_RATE', message)
    }
  }

  wrong(name: string, source: string, nowMs: number): void {
    const key = keyOf(name, source)
    const tries = (this.#guessed.get(key)?.tries ?? 0) + 1
    const over = tries - freeTries
    const waitMs = over < 0 ? 0 : Math.min(mostWaitMs, 1_000 * 2 ** over)
    keep(this.#guessed, key, { tries, untilMs: nowMs + waitMs })
  }

  right(name: string, source: string): void {
    const key = keyOf(name, source)
    this.#guessed.delete(key)
    keep(this.#right, key, true)
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  if (map.size >= mostSources) map.delete(map.keys().next().value!)
  map.set(key, value)
}

/** No name has a space. */
function keyOf(name: string, source: string): string {
  return `${name} ${source}`
}
