/**
 * Lines over time (uPlot), with a legend that follows the pointer. Screen readers hear each line's last, least and most; the
 * colours are those of the style sheet, and lines differ by their dashes too.
 */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { isDark } from '../live/scheme.ts'
import { partText } from '../text/en.ts'
import { moment } from '../text/format.ts'
import './chart.css'
import { type Line, optionsOf, seriesColour } from './chart-options.ts'

export type { Line } from './chart-options.ts'

export interface ChartProps {
  /** What it shows, for the legend's heading and for screen readers. */
  readonly title: string
  /** Seconds since 1970, growing. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number | null) => string
  readonly height?: number
  /** The axis reaches so far at least: small noise does not look like a storm. */
  readonly atLeast?: number
}

export function Chart({ title, times, lines, format, height = 150, atLeast = 0 }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const at = useSignal<number | null>(null)
  const dark = isDark()
  const isEmpty = lines.every(({ values }) => values.every((value) => value === null))
  const shape = lines.map(({ label }) => label).join('\n')

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const options = optionsOf(element, { lines, format, height, atLeast })
    const made = new uPlot(
      {
        ...options,
        hooks: {
          setCursor: [
            ({ cursor }) => {
              at.value = cursor.idx ?? null
            },
          ],
        },
      },
      dataOf(times, lines),
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [dark, shape, height, atLeast])

  useEffect(() => {
    plot.current?.setData(dataOf(times, lines))
  }, [times, lines])

  const pointed = at.value === null ? undefined : times[at.value]
  return (
    <figure class="chart">
      <figcaption class="chart-legend">
        <span class="chart-title">
          {title} {pointed !== undefined && <time class="quiet">{momentText(pointed)}</time>}
        </span>
        {lines.map((line, index) => (
          <span key={line.label} class="chart-key">
            <Swatch index={index} line={line} />
            {line.label}
            <b>{format(valueAt(line, at.value))}</b>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="chart-plot" role="img" aria-label={spoken(title, lines, format)} />
      {isEmpty && <p class="chart-none">{partText.chart.none}</p>}
    </figure>
  )
}

function Swatch({ index, line }: { readonly index: number; readonly line: Line }) {
  return (
    <svg width="18" height="8" viewBox="0 0 18 8" aria-hidden="true" focusable="false">
      <path
        d="M1 4h16"
        stroke={`var(${seriesColour(line, index)})`}
        stroke-width="2.5"
        stroke-linecap="round"
        stroke-dasharray={line.isDashed ? '4 4' : undefined}
      />
    </svg>
  )
}

function momentText(seconds: number): string {
  return moment(new Date(seconds * 1000), new Date())
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])]
}

/** Where the pointer is, else the last one. */
function valueAt({ values }: Line, index: number | null): number | null {
  return values.at(index ?? -1) ?? null
}

function spoken(
  title: string,
  lines: readonly Line[],
  format: (value: number | null) => string,
): string {
  const sentences = lines.flatMap(({ label, values }) => {
    const known = values.filter((value) => value !== null)
    if (known.length === 0) return []
    const low = known.reduce((least, value) => Math.min(least, value))
    const high = known.reduce((most, value) => Math.max(most, value))
    return [partText.chart.line(label, format(known.at(-1)!), format(low), format(high))]
  })
  return `${title}. ${sentences.length === 0 ? partText.chart.none : sentences.join(' ')}`
}
