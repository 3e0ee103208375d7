/** What this box forwards between peers that do not reach each other directly. */
import type { RelayedPair, Relaying } from '../../../firmware/model/local-api-relaying.ts'
import { Card } from '../../part/card.tsx'
import { type Column, Table } from '../../part/table.tsx'
import { peersText } from '../../text/en-peers.ts'
import { ago, list, rate } from '../../text/format.ts'

const text = peersText.relaying

const columns: readonly Column<RelayedPair>[] = [
  { head: text.columns.pair, isRowHead: true, cell: ({ peers }) => list(peers) },
  {
    head: text.columns.traffic,
    cell: ({ traffic }) => traffic.map(({ bitsPerSecond }) => rate(bitsPerSecond)).join(', '),
  },
  {
    head: text.columns.limited,
    cell: ({ traffic }) =>
      traffic.some(({ isLimited }) => isLimited) ? text.limited : text.notLimited,
  },
  { head: text.columns.since, cell: ({ seconds }) => ago(seconds) },
]

export function RelayingCard({ relaying }: { readonly relaying: Relaying }) {
  const { rateBitsPerSecond, pairs, pairCount } = relaying
  return (
    <Card title={text.title} about={text.about(rate(rateBitsPerSecond))} isFlush>
      <Table
        caption={text.title}
        columns={columns}
        rows={pairs}
        keyOf={({ peers }) => peers.join(' ')}
      />
      {pairCount > pairs.length && <p class="quiet">{text.more(pairCount - pairs.length)}</p>}
    </Card>
  )
}
