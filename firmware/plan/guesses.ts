/**
 * How often somebody may guess a password. Who guesses at a name from one place waits, twice as long each time (NIST SP 800-63B
 * §5.2.2), and one place has so many tries whatever names it has. Against guesses from many places there is a measure of each name, and
 * one of all: whoever was wrong more often has to leave more of it to others, so that they cannot use it up for one who was not. Where
 * a name was right before, the place's own wait is all there is. Pure: time is an argument. Bounded.
 */
import { CausewayError } from '../model/errors.ts'
import { openBucket, openSourceBuckets, type Rate } from './rate-limit.ts'

const freeTries = 5
const mostWaitMs = 60_000
/** Of one place, right or wrong: an office signs in by one address. */
const sourceRate = { perSecond: 0.5, burst: 30 }
const mostSources = 4_096
/** At one name from places where nobody was right: three to four that never rest. */
const nameRate = { perSecond: 200 / 3_600, burst: 100 }
/** So many that a name is not forgotten, and its measure full again, before an hour of names made up at a box's rate. */
const mostNames = 8_192
/** Of each measure, whoever was wrong a hundred times or more leaves this to others. */
const mostSpare = 0.8
const wrongsForAll = 100
/** A place that was not wrong for so long begins anew. */
const forgottenMs = 24 * 3_600_000
/** Of each name; each of them may guess once a minute. */
const mostRight = 8
const mostRightNames = 1_024

interface Guessed {
  readonly tries: number
  readonly untilMs: number
}

interface Wrong {
  readonly tries: number
  readonly atMs: number
}

export class Guesses {
  readonly #all
  readonly #sources = openSourceBuckets(sourceRate, mostSources)
  readonly #names = openSourceBuckets(nameRate, mostNames)
  /** By place and name, and by place, in order of use: what is used longest ago is forgotten. */
  readonly #guessed = new Map<string, Guessed>()
  readonly #wrong = new Map<string, Wrong>()
  /** By name, the latest last. */
  readonly #right = new Map<string, readonly string[]>()

  /** @param wholeRate what is looked at in all, but for those who were right at their place */
  constructor(wholeRate: Rate) {
    this.#all = openBucket(wholeRate, 0)
  }

  /** @param source tells places apart @throws API_RATE */
  check(name: string, source: string, nowMs: number): void {
    const waitMs = (this.#guessed.get(keyOf(name, source))?.untilMs ?? 0) - nowMs
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000)
      throw new CausewayError('API_RATE', `too many wrong passwords: try again in ${seconds} s`)
    }
    if (!this.#sources.take(source, nowMs)) {
      throw new CausewayError('API_RATE', 'too many sign in from this address: try again later')
    }
    if (this.#right.get(name)?.includes(source) === true) return
    const spare = this.#spareOf(source, nowMs)
    if (!this.#all.take(nowMs, spare)) {
      throw new CausewayError('API_RATE', 'too many wrong passwords: try again later')
    }
    if (!this.#names.take(name, nowMs, spare)) {
      const message = 'too many wrong passwords for this name, from many places: try again later'
      throw new CausewayError('API_RATE', message)
    }
  }

  wrong(name: string, source: string, nowMs: number): void {
    const key = keyOf(name, source)
    const tries = (this.#guessed.get(key)?.tries ?? 0) + 1
    const over = tries - freeTries
    const waitMs = over < 0 ? 0 : Math.min(mostWaitMs, 1_000 * 2 ** over)
    keep(this.#guessed, key, { tries, untilMs: nowMs + waitMs }, mostSources)
    const wrong = { tries: this.#wrongsOf(source, nowMs) + 1, atMs: nowMs }
    keep(this.#wrong, source, wrong, mostSources)
  }

  /** @returns where this name was right, the latest last, to be told after a restart */
  right(name: string, source: string): readonly string[] {
    const key = keyOf(name, source)
    const wrong = this.#wrong.get(source)
    if (wrong !== undefined) {
      // What it was wrong at other names stays.
      const tries = Math.max(0, wrong.tries - (this.#guessed.get(key)?.tries ?? 0))
      this.#wrong.set(source, { ...wrong, tries })
    }
    this.#guessed.delete(key)
    const others = (this.#right.get(name) ?? []).filter((place) => place !== source)
    const places = [...others, source].slice(-mostRight)
    keep(this.#right, name, places, mostRightNames)
    return places
  }

  #wrongsOf(source: string, nowMs: number): number {
    const wrong = this.#wrong.get(source)
    return wrong === undefined || nowMs - wrong.atMs >= forgottenMs ? 0 : wrong.tries
  }

  #spareOf(source: string, nowMs: number): number {
    return Math.min(mostSpare, this.#wrongsOf(source, nowMs) / wrongsForAll)
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key)
  if (map.size >= most) map.delete(map.keys().next().value!)
  map.set(key, value)
}

/** No name has a space. */
function keyOf(name: string, source: string): string {
  return `${name} ${source}`
}
