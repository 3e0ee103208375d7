/** Puts what the box kept and what the page has heard since together, as columns over time for a chart. Pure. */
import type {
  FigureName,
  HistoryOfName,
  historySpans,
  LiveFigures,
  SampleEvent,
} from '../../firmware/model/local-api-history.ts'

export type Subject = 'uplinks' | 'peers'

export interface Timeline {
  /** Seconds since 1970, growing. */
  readonly times: readonly number[]
  /** By name, then figure: as long as `times`. */
  readonly figures: ReadonlyMap<string, Readonly<Record<ShownFigure, readonly Value[]>>>
}

export type ShownFigure = Exclude<FigureName, 'upRatio'>
type Value = number | null

export const shownFigures: readonly ShownFigure[] = [
  'rxBitsPerSecond',
  'txBitsPerSecond',
  'lossRatio',
  'latencySeconds',
  'jitterSeconds',
]

/** What a chart of the last minutes shows. */
const spanSeconds: (typeof historySpans)['minutes']['seconds'] = 600
/** A sample comes each second: where more is missing, nothing was heard, and no line is drawn. */
const gapSeconds = 3

/** One moment: a point of what was kept, a sample, or, with neither, a gap. */
interface Row {
  readonly atSeconds: number
  readonly point?: number
  readonly sample?: SampleEvent
}

/**
 * @param histories of one span, by name
 * @param samples to go on with behind them; none where a span's points are longer than a second or two
 */
export function timelineOf(
  names: readonly string[],
  histories: ReadonlyMap<string, HistoryOfName>,
  samples: readonly SampleEvent[],
  subject: Subject,
): Timeline {
  const rows = rowsOf(histories.values().next().value, samples)
  const figures = new Map(
    names.map((name) => {
      const kept = histories.get(name)?.figures
      const live = rows.map(({ sample }) => sample?.[subject].find((one) => one.name === name))
      const column = (figure: ShownFigure): Value[] =>
        rows.map(({ point }, index) =>
          point === undefined
            ? figureOf(live[index], figure)
            : (kept?.[figure].mean[point] ?? null),
        )
      const columns = Object.fromEntries(shownFigures.map((figure) => [figure, column(figure)]))
      return [name, columns as Record<ShownFigure, Value[]>] as const
    }),
  )
  return { times: rows.map(({ atSeconds }) => atSeconds), figures }
}

/** By time, growing. */
function rowsOf(history: HistoryOfName | undefined, samples: readonly SampleEvent[]): Row[] {
  const kept = history === undefined ? [] : timesOf(history)
  const rows: Row[] = kept.map((atSeconds, point) => ({ atSeconds, point }))
  // With samples it is the last minutes that are shown, and what is older leaves as they go on.
  const oldest = (samples.at(-1)?.atSeconds ?? 0) - spanSeconds
  for (const sample of samples) {
    const { atSeconds } = sample
    const before = rows.at(-1)
    if (before !== undefined && atSeconds <= before.atSeconds) continue
    const stepSeconds = before?.point === undefined ? 0 : (history?.stepSeconds ?? 0)
    if (before !== undefined && atSeconds - before.atSeconds > stepSeconds + gapSeconds) {
      rows.push({ atSeconds: before.atSeconds + 1 })
    }
    rows.push({ atSeconds, sample })
  }
  return samples.length === 0 ? rows : rows.filter(({ atSeconds }) => atSeconds > oldest)
}

function timesOf({ beginSeconds, stepSeconds, points }: HistoryOfName): number[] {
  return Array.from({ length: points }, (_, index) => beginSeconds + index * stepSeconds)
}

function figureOf(figures: LiveFigures | undefined, figure: ShownFigure): Value {
  return figures?.[figure] ?? null
}

/** Of several columns; null where none says anything. */
export function sumOf(columns: readonly (readonly Value[])[]): Value[] {
  const [first = []] = columns
  return first.map((_, index) =>
    columns.reduce<Value>((sum, column) => {
      const value = column[index] ?? null
      return value === null ? sum : (sum ?? 0) + value
    }, null),
  )
}
