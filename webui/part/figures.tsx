/** Throughput, latency, loss and jitter of uplinks or peers as charts, over a span that can be chosen. */
import { useState } from 'preact/hooks'
import type { HistorySpan } from '../../firmware/model/local-api-history.ts'
import { useTimeline } from '../live/history.ts'
import { type ShownFigure, type Subject, sumOf, type Timeline } from '../live/timeline.ts'
import { figuresText } from '../text/en-overview.ts'
import { delay, rate, ratio } from '../text/format.ts'
import { Card } from './card.tsx'
import { Chart, type Line } from './chart.tsx'
import { Choice } from './choice.tsx'
import './figures.css'

const spans = ['minutes', 'hour', 'day', 'week', 'month'] as const satisfies readonly HistorySpan[]

export interface FiguresProps {
  readonly title: string
  readonly about?: string
  readonly subject: Subject
  readonly names: readonly string[]
}

export function Figures({ title, about, subject, names }: FiguresProps) {
  const [span, setSpan] = useState<HistorySpan>('minutes')
  const timeline = useTimeline(subject, names, span)
  const { times } = timeline
  return (
    <Card
      title={title}
      {...(about === undefined ? {} : { about })}
      actions={
        <Choice<HistorySpan>
          label={figuresText.span}
          value={span}
          options={spans.map((one) => [one, figuresText.spans[one]] as const)}
          onChange={setSpan}
        />
      }
    >
      <div class="figures">
        <Chart
          title={figuresText.throughput}
          times={times}
          lines={throughputOf(timeline)}
          format={rate}
          atLeast={100_000}
        />
        <Chart
          title={figuresText.latency}
          times={times}
          lines={linesOf(timeline, 'latencySeconds')}
          format={delay}
          atLeast={0.005}
        />
        <Chart
          title={figuresText.loss}
          times={times}
          lines={linesOf(timeline, 'lossRatio')}
          format={ratio}
          atLeast={0.005}
        />
        <Chart
          title={figuresText.jitter}
          times={times}
          lines={linesOf(timeline, 'jitterSeconds')}
          format={delay}
          atLeast={0.002}
        />
      </div>
    </Card>
  )
}

/** Of all together: each by itself has a page. */
function throughputOf({ figures }: Timeline): Line[] {
  const columns = [...figures.values()]
  return [
    {
      label: figuresText.received,
      values: sumOf(columns.map(({ rxBitsPerSecond }) => rxBitsPerSecond)),
      isFilled: true,
    },
    {
      label: figuresText.sent,
      values: sumOf(columns.map(({ txBitsPerSecond }) => txBitsPerSecond)),
      isDashed: true,
    },
  ]
}

function linesOf({ figures }: Timeline, figure: ShownFigure): Line[] {
  return [...figures].map(([name, columns], index) => ({
    label: name,
    values: columns[figure],
    colour: ((index % 4) + 1) as 1 | 2 | 3 | 4,
    isDashed: index % 2 === 1,
  }))
}
