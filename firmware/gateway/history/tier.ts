/**
 * History in steps of one length: the step that is under way, those that wait to be written, and those on the disk. A step ends when
 * the wall clock is in another one, wherever it jumped; a clock that was set back gives two points to one step, which are folded.
 */
import type { BlockLog } from '../../host/store/block-log.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  emptyFold,
  type Figures,
  type Fold,
  figureCount,
  foldFigures,
  foldStats,
  type Stats,
  statCount,
  statsOf,
  stepOf,
} from '../../plan/history.ts'
import { decodeHistoryBlock, encodeHistoryBlock, rateUnit } from '../../wire/history-block.ts'

export interface TierParts {
  readonly log: Pick<BlockLog, 'append' | 'read'>
  readonly stepSeconds: number
  /** So many steps make a block. */
  readonly keptSteps: number
  /** Null: it was; else why not. */
  readonly onWritten: (error: unknown) => void
  /** Each name's point of a step that is over. */
  readonly onPoint?: (key: string, atMs: number, stats: Stats) => void
}

interface Step {
  readonly number: number
  readonly names: Map<string, Fold>
}

interface Point {
  readonly number: number
  readonly names: ReadonlyMap<string, Stats>
}

/** Steps that wait for a disk that takes nothing; the oldest go. */
const mostWaitingSteps = 60
const form = { units: [1, rateUnit, rateUnit, 1, 1, 1], stats: statCount }

export class Tier {
  readonly #parts: TierParts
  #step: Step | null = null
  #waiting: Point[] = []
  #writing: Promise<void> | null = null

  constructor(parts: TierParts) {
    this.#parts = parts
  }

  fold(key: string, atMs: number, figures: Figures): void {
    foldFigures(this.#foldOf(key, atMs), figures)
  }

  foldPoint(key: string, atMs: number, stats: Stats): void {
    foldStats(this.#foldOf(key, atMs), stats)
  }

  /** From the disk first, then what has not got there. @throws STORE_BUSY, STORE_READ_FAILED */
  async read(
    key: string,
    fromMs: number,
    toMs: number,
    each: (atMs: number, stats: Stats) => void,
  ): Promise<void> {
    const { log, stepSeconds } = this.#parts
    const blockMs = (this.#parts.keptSteps + mostWaitingSteps) * stepSeconds * 1000
    await log.read(fromMs - blockMs, toMs + blockMs, ({ payload }) => {
      const block = decoded(payload, key)
      for (const [index, stats] of (block?.names.get(key) ?? []).entries()) {
        each(block!.steps[index]! * block!.stepSeconds * 1000, stats)
      }
    })
    // Asked now, in the turn in which the disk has answered: nothing is told twice, and nothing is missed.
    for (const { number, names } of this.#unwritten()) {
      const stats = names.get(key)
      if (stats !== undefined) each(number * stepSeconds * 1000, stats)
    }
  }

  /** Writes what there is. */
  async close(): Promise<void> {
    this.#end()
    await this.#writing
    await this.#write()
  }

  #unwritten(): Point[] {
    const step = this.#step
    return step === null ? [...this.#waiting] : [...this.#waiting, pointOf(step)]
  }

  #foldOf(key: string, atMs: number): Fold {
    const number = stepOf(atMs, this.#parts.stepSeconds)
    if (this.#step?.number !== number) {
      this.#end()
      this.#step = { number, names: new Map() }
    }
    const { names } = this.#step!
    const fold = names.get(key) ?? emptyFold()
    names.set(key, fold)
    return fold
  }

  #end(): void {
    const step = this.#step
    if (step === null) return
    this.#step = null
    const { stepSeconds, keptSteps, onPoint } = this.#parts
    const point = pointOf(step)
    for (const [key, stats] of point.names) onPoint?.(key, step.number * stepSeconds * 1000, stats)
    this.#waiting.push(point)
    if (this.#waiting.length > mostWaitingSteps) this.#waiting.shift()
    if (this.#waiting.length % keptSteps === 0 && this.#writing === null) {
      this.#writing = this.#write().finally(() => {
        this.#writing = null
      })
    }
  }

  /** Never throws. What is not written waits for the next time. */
  async #write(): Promise<void> {
    try {
      for (let points = run(this.#waiting); points.length > 0; points = run(this.#waiting)) {
        const mark = points.at(-1)!.number * this.#parts.stepSeconds * 1000
        await this.#parts.log.append({ mark, payload: encode(points, this.#parts.stepSeconds) })
        this.#waiting = this.#waiting.filter((point) => !points.includes(point))
        this.#parts.onWritten(null)
      }
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#parts.onWritten(error)
    }
  }
}

/** The first ones, up to where the clock jumped: a block is looked for by the time of its last. */
function run(points: readonly Point[]): readonly Point[] {
  const jump = points.findIndex(({ number }, index) => {
    const before = points[index - 1]?.number ?? number - 1
    return number <= before || number > before + mostWaitingSteps
  })
  return jump < 0 ? points : points.slice(0, jump)
}

function pointOf({ number, names }: Step): Point {
  return { number, names: new Map([...names].map(([key, fold]) => [key, statsOf(fold)])) }
}

function encode(points: readonly Point[], stepSeconds: number): Uint8Array {
  const keys = new Set(points.flatMap(({ names }) => [...names.keys()]))
  const unknown = new Float64Array(figureCount * statCount).fill(Number.NaN)
  const names = new Map(
    [...keys].map((key) => [key, points.map((point) => point.names.get(key) ?? unknown)]),
  )
  return encodeHistoryBlock({ stepSeconds, steps: points.map(({ number }) => number), names }, form)
}

/** Null: of another release, or nothing of ours. */
function decoded(payload: Uint8Array, key: string) {
  try {
    return decodeHistoryBlock(payload, form, key)
  } catch (error) {
    if (error instanceof CausewayError) return null
    throw error
  }
}
