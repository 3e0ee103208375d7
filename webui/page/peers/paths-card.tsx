/** Every path to a peer: its state and why, how good it is, what goes by it. */
import type { PathAnswer, PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import type { Answered } from '../../live/answer.ts'
import { Answer } from '../../part/answer.tsx'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { type Column, Table } from '../../part/table.tsx'
import type { Tone } from '../../part/tone.ts'
import { peersText } from '../../text/en-peers.ts'
import { delay, rate, ratio, sentence } from '../../text/format.ts'

const text = peersText.paths

export interface PathsCardProps {
  readonly paths: Answered<PathsAnswer>
  readonly peer: string
}

export function PathsCard({ paths, peer }: PathsCardProps) {
  return (
    <Card title={text.title} about={text.about} isFlush>
      <Answer of={paths}>
        {({ peers }) => (
          <Table
            caption={text.table}
            columns={columns}
            rows={peers.find((one) => one.peer === peer)?.paths ?? []}
            keyOf={({ uplink, endpoint, number }) => `${uplink} ${endpoint} ${number}`}
            empty={<p class="quiet peer-none">{text.none}</p>}
          />
        )}
      </Answer>
    </Card>
  )
}

const columns: readonly Column<PathAnswer>[] = [
  { head: text.columns.uplink, isRowHead: true, cell: (path) => path.uplink },
  { head: text.columns.to, cell: (path) => <To {...path} />, isWide: true },
  { head: text.columns.state, cell: (path) => <State path={path} />, isWide: true },
  {
    head: text.columns.latency,
    isNumber: true,
    cell: ({ rttSeconds, rttP95Seconds }) => (
      <>
        {delay(rttSeconds)}
        <span class="peer-why">{rttP95Seconds !== null && text.p95(delay(rttP95Seconds))}</span>
      </>
    ),
  },
  {
    head: text.columns.loss,
    isNumber: true,
    cell: ({ tx, rx }) => (
      <>
        ↓ {ratio(rx.lossRatio)}
        <br />↑ {ratio(tx.lossRatio)}
      </>
    ),
  },
  { head: text.columns.jitter, isNumber: true, cell: ({ tx }) => delay(tx.jitterSeconds) },
  {
    head: text.columns.mtu,
    isNumber: true,
    cell: ({ mtuBytes }) => (mtuBytes === null ? '–' : text.bytes(mtuBytes)),
  },
  {
    head: text.columns.traffic,
    isNumber: true,
    cell: ({ throughput }) => (
      <>
        ↓ {rate(throughput?.rxBitsPerSecond)}
        <br />↑ {rate(throughput?.txBitsPerSecond)}
      </>
    ),
  },
]

function To({ endpoint, isMetered, isBackup, isLearned }: PathAnswer) {
  const marks = [
    isMetered ? text.metered : '',
    isBackup ? text.standby : '',
    isLearned ? text.learned : '',
  ].filter(Boolean)
  return (
    <>
      <code class="peer-to">{endpoint}</code>
      {marks.length > 0 && <span class="peer-why">{marks.join(', ')}</span>}
    </>
  )
}

function State({ path }: { readonly path: PathAnswer }) {
  const { state, isBest, stateSeconds, explanation, failures } = path
  const [tone, word] = toneOf(state, isBest)
  return (
    <>
      <Badge tone={tone}>{word}</Badge>
      <span class="peer-why is-sentence">
        {explanation === null ? sentence(text.since(stateSeconds)) : sentence(explanation)}{' '}
        {failures > 0 && sentence(text.failures(failures))}
      </span>
    </>
  )
}

function toneOf(state: PathAnswer['state'], isBest: boolean): readonly [Tone, string] {
  if (state === 'down') return ['bad', text.down]
  if (state === 'untried') return ['idle', text.untried]
  return isBest ? ['good', text.inUse] : ['info', text.ready]
}
