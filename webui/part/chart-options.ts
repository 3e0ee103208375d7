/** How uPlot draws a chart here: axes without frames, a quiet grid, times of 24 hours. */
import type uPlot from 'uplot'

export interface Line {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** One of the style sheet's series, from 1; without it, by its place. */
  readonly colour?: 1 | 2 | 3 | 4
  readonly isDashed?: boolean
  /** With a wash below it. */
  readonly isFilled?: boolean
}

export interface ChartShape {
  readonly lines: readonly Line[]
  readonly format: (value: number | null) => string
  readonly height: number
  readonly atLeast: number
}

export function seriesColour({ colour }: Line, index: number): string {
  return `--series-${colour ?? (index % 4) + 1}`
}

export function optionsOf(element: HTMLElement, shape: ChartShape): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const font = `12px ${style.fontFamily}`
  const ink = colour('--ink-2')
  const grid = { stroke: colour('--line'), width: 1 }
  return {
    width: Math.max(element.clientWidth, 100),
    height: shape.height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      y: { range: (_, __, high) => [0, Math.max(high * 1.08, shape.atLeast)] },
    },
    axes: [
      {
        stroke: ink,
        font,
        size: 26,
        space: 70,
        grid: { show: false },
        ticks: { show: false },
        values: (_, splits, __, ___, step) => splits.map((at) => timeText(at, step)),
      },
      {
        stroke: ink,
        font,
        size: 68,
        space: 34,
        grid,
        ticks: { show: false },
        values: (_, splits) => splits.map((value) => axisText(shape.format(value))),
      },
    ],
    series: [
      {},
      ...shape.lines.map((line, index): uPlot.Series => {
        const stroke = colour(seriesColour(line, index))
        return {
          label: line.label,
          stroke,
          width: 1.75,
          points: { show: false },
          ...(line.isDashed ? { dash: [5, 4] } : {}),
          ...(line.isFilled ? { fill: `color-mix(in srgb, ${stroke} 13%, transparent)` } : {}),
        }
      }),
    ],
  }
}

/** `50.0 Mbit/s` → `50 Mbit/s`, `0 µs` → `0`: on an axis figures are round. */
function axisText(text: string): string {
  return text
    .replace(/^0 .*/, '0')
    .replace(/\.0+(?= )/, '')
    .replace(/(\.\d)0+(?= )/, '$1')
}

/** @param step seconds from one label to the next */
function timeText(at: number, step: number): string {
  const date = new Date(at * 1000)
  if (step >= 86_400) {
    return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
  }
  const time = date.toLocaleTimeString('en-GB')
  return step >= 60 ? time.slice(0, 5) : time
}
