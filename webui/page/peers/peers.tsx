/** The other sites in one table; behind each name all that is known of it. */
import { useState } from 'preact/hooks'
import type { PeerStatus, Status } from '../../../firmware/model/local-api.ts'
import { linkTo, route } from '../../live/route.ts'
import { liveOf } from '../../live/samples.ts'
import { status } from '../../live/status.ts'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { TextField } from '../../part/field.tsx'
import { Loading } from '../../part/loading.tsx'
import { PageHead } from '../../part/page-head.tsx'
import { type Column, Table } from '../../part/table.tsx'
import { frameText } from '../../text/en.ts'
import { peersText } from '../../text/en-peers.ts'
import { delay, rate, ratio } from '../../text/format.ts'
import { EntryButton } from '../config/entry-button.tsx'
import { PeerPage } from './peer-page.tsx'
import { peerState, reachText, sortedPeers } from './peer-state.ts'
import { RelayingCard } from './relaying-card.tsx'
import './peers.css'

/** With more of them, one can be searched for. */
const fewPeers = 8
const text = peersText.columns

export function Page() {
  const { value } = status
  const [, name] = route.value
  if (name !== undefined && value !== null) return <PeerPage name={name} status={value} />
  return (
    <>
      <PageHead
        title={frameText.pages.peers}
        about={peersText.about}
        actions={<EntryButton section="peers" name={null} />}
      />
      {value === null ? <Loading /> : <Peers status={value} />}
    </>
  )
}

function Peers({ status: { peers, relaying } }: { readonly status: Status }) {
  const [wanted, setWanted] = useState('')
  const found = sortedPeers(peers, wanted)
  if (peers.length === 0) {
    return (
      <Empty icon="peers" title={peersText.none}>
        <p>{peersText.noneAbout}</p>
      </Empty>
    )
  }
  return (
    <div class="stack">
      {peers.length > fewPeers && (
        <div class="peer-find">
          <TextField label={peersText.find} value={wanted} onInput={setWanted} />
          <p class="quiet" aria-live="polite">
            {peersText.found(found.length)}
          </p>
        </div>
      )}
      <Card isFlush>
        <Table
          caption={peersText.table}
          columns={columns}
          rows={found}
          keyOf={(peer) => peer.name}
        />
      </Card>
      {relaying !== null && relaying.pairCount > 0 && <RelayingCard relaying={relaying} />}
    </div>
  )
}

const columns: readonly Column<PeerStatus>[] = [
  {
    head: text.peer,
    isRowHead: true,
    cell: ({ name, role }) => (
      <>
        <a href={linkTo('peers', name)}>{name}</a>{' '}
        {role !== 'site' && <span class="quiet">{peersText.roles[role] ?? role}</span>}
      </>
    ),
  },
  {
    head: text.state,
    cell: (peer) => {
      const { tone, word } = peerState(peer)
      return <Badge tone={tone}>{word}</Badge>
    },
  },
  { head: text.reached, cell: reachText },
  {
    head: text.latency,
    isNumber: true,
    cell: ({ name, rttSeconds }) => delay(liveOf('peers', name)?.latencySeconds ?? rttSeconds),
  },
  {
    head: text.loss,
    isNumber: true,
    cell: ({ name }) => ratio(liveOf('peers', name)?.lossRatio),
  },
  { head: text.traffic, isNumber: true, cell: (peer) => <Traffic {...peer} /> },
  {
    head: text.paths,
    isNumber: true,
    cell: ({ paths: { up, down, untried } }) => peersText.pathCount(up, up + down + untried),
  },
]

function Traffic({ name, throughput }: Pick<PeerStatus, 'name' | 'throughput'>) {
  const live = liveOf('peers', name)
  return (
    <>
      ↓ {rate(live?.rxBitsPerSecond ?? throughput?.rxBitsPerSecond)}
      <br />↑ {rate(live?.txBitsPerSecond ?? throughput?.txBitsPerSecond)}
    </>
  )
}
