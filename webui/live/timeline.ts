/** Puts what the box kept and what the page has heard since together, as columns over time for a chart. Pure. */
import type {
  FigureName,
  HistoryOfName,
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
  const first = histories.values().next().value
  const kept = first === undefined ? [] : timesOf(first)
  const newer = samples.filter(({ atSeconds }) => atSeconds > (kept.at(-1) ?? 0))
  const times = [...kept, ...newer.map(({ atSeconds }) => atSeconds)]
  const figures = new Map(
    names.map((name) => {
      const history = histories.get(name)
      const live = newer.map((sample) => sample[subject].find((one) => one.name === name))
      const column = (figure: ShownFigure): Value[] => [
        ...kept.map((_, index) => history?.figures[figure].mean[index] ?? null),
        ...live.map((one) => figureOf(one, figure)),
      ]
      const columns = Object.fromEntries(shownFigures.map((figure) => [figure, column(figure)]))
      return [name, columns as Record<ShownFigure, Value[]>] as const
    }),
  )
  return { times, figures }
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
