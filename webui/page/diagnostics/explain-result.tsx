/** What becomes of a flow: the verdict, what else is so, the chain of decisions, and what was weighed. */
import type {
  ExplainAnswer,
  ExplainedIncident,
  ExplainedPathAnswer,
  ExplainedPeerAnswer,
} from '../../../firmware/model/local-api-explain.ts'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { Icon } from '../../part/icon.tsx'
import { Notice } from '../../part/notice.tsx'
import { type Column, Table } from '../../part/table.tsx'
import { toneIcons } from '../../part/tone.ts'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { ago, count, delay, ratio, sentence } from '../../text/format.ts'
import { chainOf } from './explain-chain.ts'

const text = diagnosticsText.explain

export function ExplainResult({ answer }: { readonly answer: ExplainAnswer }) {
  const { passes, also, paths, peers, incidents } = answer
  return (
    <>
      <div class="explain-verdict">
        <Notice
          tone={passes ? 'good' : 'bad'}
          title={`${passes ? text.passes : text.fails}.`}
          isLive
        >
          {sentence(answer.sentence)} <code class="quiet">{answer.cause}</code>
        </Notice>
      </div>
      {also.length > 0 && (
        <Card title={text.also}>
          <ul class="explain-also">
            {also.map((finding) => (
              <li key={finding.cause}>
                {sentence(finding.sentence)} <code class="quiet">{finding.cause}</code>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Card title={text.chain}>
        <ol class="chain">
          {chainOf(answer).map(({ step, tone, text: said }) => (
            <li key={step} class={`chain-link is-${tone}`}>
              <Icon name={toneIcons[tone]} size={18} />
              <span class="chain-step">{text.steps[step]}</span>
              <span class="chain-text">{said}</span>
            </li>
          ))}
        </ol>
      </Card>
      {peers.length > 0 && (
        <Card title={text.peers} isFlush>
          <Table
            caption={text.peers}
            columns={peerColumns}
            rows={peers}
            keyOf={({ peer }) => peer}
          />
        </Card>
      )}
      {paths.length > 0 && (
        <Card title={text.paths} isFlush>
          <Table
            caption={text.paths}
            columns={pathColumns}
            rows={paths}
            keyOf={({ uplink, endpoint }) => `${uplink} ${endpoint}`}
          />
        </Card>
      )}
      {incidents.length > 0 && (
        <Card title={text.incidents} isFlush>
          <Table
            caption={text.incidents}
            columns={incidentColumns}
            rows={incidents}
            keyOf={({ reason, of }) => `${reason} ${of}`}
          />
        </Card>
      )}
    </>
  )
}

const peerColumns: readonly Column<ExplainedPeerAnswer>[] = [
  { head: text.heads.peer, isRowHead: true, cell: ({ peer }) => peer },
  { head: text.heads.verdict, isWide: true, cell: (peer) => sentence(peer.sentence) },
]

const pathColumns: readonly Column<ExplainedPathAnswer>[] = [
  {
    head: text.heads.path,
    isRowHead: true,
    cell: ({ uplink, endpoint, isTaken }) => (
      <>
        {uplink} → <span class="mono">{endpoint}</span>{' '}
        {isTaken && <Badge tone="good">{text.taken}</Badge>}
      </>
    ),
  },
  { head: text.heads.verdict, isWide: true, cell: (path) => sentence(path.sentence) },
  {
    head: text.heads.latency,
    isNumber: true,
    cell: ({ latencySeconds }) => delay(latencySeconds),
  },
  { head: text.heads.loss, isNumber: true, cell: ({ lossRatio }) => ratio(lossRatio) },
  { head: text.heads.jitter, isNumber: true, cell: ({ jitterSeconds }) => delay(jitterSeconds) },
  { head: text.heads.mtu, isNumber: true, cell: ({ mtuBytes }) => `${mtuBytes} B` },
]

const incidentColumns: readonly Column<ExplainedIncident>[] = [
  { head: text.heads.reason, isRowHead: true, isWide: true, cell: ({ meaning }) => meaning },
  { head: text.heads.count, isNumber: true, cell: (incident) => count(incident.count) },
  { head: text.heads.last, isNumber: true, cell: ({ lastSeconds }) => ago(lastSeconds) },
]
