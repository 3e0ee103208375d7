/**
 * Folds figures over time: seconds to points of ten seconds, those to points of five minutes, whatever is kept to the columns of a
 * chart. Pure. A point belongs to a step of the wall clock, so that what two gateways kept one after the other fits together; after a
 * jump of that clock it is another step's. Not known is NaN here, and null in an answer.
 */
import {
  type FigureName,
  figureNames,
  type HistorySeries,
  type HistorySpan,
  historySpans,
  type LiveFigures,
} from '../model/local-api-history.ts'
import { digits } from './sample.ts'

export const figureCount = figureNames.length
/** Mean, least and greatest of each figure. */
export const statCount = 3

/** `figureCount` values, NaN where nothing is known. */
export type Figures = Float64Array
/** `figureCount` × mean, min, max. */
export type Stats = Float64Array

/** Of one step, as long as it lasts. */
export interface Fold {
  readonly sums: Float64Array
  readonly counts: Float64Array
  readonly mins: Float64Array
  readonly maxs: Float64Array
}

export function figuresOf(live: Omit<LiveFigures, 'name'>): Figures {
  const known = (value: number | null): number => value ?? Number.NaN
  return Float64Array.of(
    live.isUp === null ? Number.NaN : Number(live.isUp),
    known(live.rxBitsPerSecond),
    known(live.txBitsPerSecond),
    known(live.lossRatio),
    known(live.latencySeconds),
    known(live.jitterSeconds),
  )
}

export function emptyFold(): Fold {
  return {
    sums: new Float64Array(figureCount),
    counts: new Float64Array(figureCount),
    mins: new Float64Array(figureCount).fill(Number.POSITIVE_INFINITY),
    maxs: new Float64Array(figureCount).fill(Number.NEGATIVE_INFINITY),
  }
}

/** One more second. */
export function foldFigures(fold: Fold, figures: Figures): void {
  for (let at = 0; at < figureCount; at++) {
    const value = figures[at]!
    foldStat(fold, at, value, value, value)
  }
}

/** One more point, of whatever length: points of one length count alike. */
export function foldStats(fold: Fold, stats: Stats): void {
  for (let at = 0; at < figureCount; at++) {
    const from = at * statCount
    foldStat(fold, at, stats[from]!, stats[from + 1]!, stats[from + 2]!)
  }
}

function foldStat(fold: Fold, at: number, mean: number, min: number, max: number): void {
  if (Number.isNaN(mean)) return
  fold.sums[at]! += mean
  fold.counts[at]!++
  fold.mins[at] = Math.min(fold.mins[at]!, min)
  fold.maxs[at] = Math.max(fold.maxs[at]!, max)
}

export function statsOf(fold: Fold): Stats {
  const stats = new Float64Array(figureCount * statCount).fill(Number.NaN)
  for (let at = 0; at < figureCount; at++) {
    const count = fold.counts[at]!
    if (count === 0) continue
    stats[at * statCount] = fold.sums[at]! / count
    stats[at * statCount + 1] = fold.mins[at]!
    stats[at * statCount + 2] = fold.maxs[at]!
  }
  return stats
}

/** Which step a moment is in. */
export function stepOf(atMs: number, stepSeconds: number): number {
  return Math.floor(atMs / (stepSeconds * 1000))
}

/** What was asked for, in steps of the clock that it is told in. */
export interface Window {
  readonly span: HistorySpan
  readonly stepSeconds: number
  /** Number of the first step, and of how many. */
  readonly first: number
  readonly points: number
}

/** @param nowMs by the clock in which points are told; the step that is under way is the last one */
export function windowOf(span: HistorySpan, ago: number, nowMs: number): Window {
  const { seconds, stepSeconds } = historySpans[span]
  const points = seconds / stepSeconds
  const last = stepOf(nowMs, stepSeconds) - ago * points
  return { span, stepSeconds, first: Math.max(0, last - points + 1), points }
}

/** `hour-3` → the hour, and how many of them ago it ended. */
export function parseSpan(text: string): { readonly span: HistorySpan; readonly ago: number } {
  const [span, ago = '0'] = text.split('-')
  return { span: span as HistorySpan, ago: Number(ago) }
}

export interface Columns {
  /** @param atMs when the point began */
  readonly put: (atMs: number, stats: Stats) => void
  readonly series: (figure: FigureName) => HistorySeries
}

/** What lies outside of the window falls away, whatever a clock that was wrong made of it. */
export function openColumns({ first, points, stepSeconds }: Window): Columns {
  const folds: (Fold | undefined)[] = new Array(points)
  return {
    put: (atMs, stats) => {
      const column = stepOf(atMs, stepSeconds) - first
      if (column < 0 || column >= points) return
      folds[column] ??= emptyFold()
      foldStats(folds[column], stats)
    },
    series: (figure) => {
      const at = figureNames.indexOf(figure)
      const column = (of: (fold: Fold) => number): (number | null)[] =>
        Array.from({ length: points }, (_, index) => {
          const fold = folds[index]
          return fold === undefined || fold.counts[at] === 0 ? null : digits(of(fold))
        })
      return {
        mean: column(({ sums, counts }) => sums[at]! / counts[at]!),
        min: column(({ mins }) => mins[at]!),
        max: column(({ maxs }) => maxs[at]!),
      }
    },
  }
}
