/** One peer: how it is reached and why so, its figures, its paths, the session with it. */
import type { PeerStatus, Status } from '../../../firmware/model/local-api.ts'
import type { PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import type { SessionsAnswer } from '../../../firmware/model/local-api-session.ts'
import { useAnswer } from '../../live/answer.ts'
import { linkTo } from '../../live/route.ts'
import { liveOf } from '../../live/samples.ts'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { Figures } from '../../part/figures.tsx'
import { Icon } from '../../part/icon.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { Notice } from '../../part/notice.tsx'
import { PageHead } from '../../part/page-head.tsx'
import { Words } from '../../part/words.tsx'
import { peersText } from '../../text/en-peers.ts'
import { rate } from '../../text/format.ts'
import { EntryButton } from '../config/entry-button.tsx'
import { PathsCard } from './paths-card.tsx'
import { peerState } from './peer-state.ts'
import { SessionCard } from './session-card.tsx'

export interface PeerPageProps {
  readonly name: string
  readonly status: Status
}

const everyMs = 5_000

export function PeerPage({ name, status }: PeerPageProps) {
  const peer = status.peers.find((one) => one.name === name)
  const paths = useAnswer<PathsAnswer>('/paths', { everyMs })
  const sessions = useAnswer<SessionsAnswer>('/sessions', { everyMs: 2 * everyMs })
  const back = (
    <p class="peer-back">
      <a href={linkTo('peers')}>
        <Icon name="left" size={16} />
        {peersText.all}
      </a>
    </p>
  )
  if (peer === undefined) {
    return (
      <>
        {back}
        <h1 class="unseen">{name}</h1>
        <Empty icon="peers" title={peersText.unknownPeer}>
          <p>{peersText.unknownPeerAbout}</p>
        </Empty>
      </>
    )
  }
  const { tone, word, sentence } = peerState(peer)
  return (
    <>
      {back}
      <PageHead
        title={name}
        about={sentence}
        actions={
          <>
            <Badge tone={tone}>{word}</Badge>
            <EntryButton section="peers" name={name} />
          </>
        }
      />
      <div class="stack">
        <Why peer={peer} />
        <Card>
          <Facts peer={peer} />
        </Card>
        <Figures title={peersText.figures} subject="peers" names={[name]} />
        <PathsCard paths={paths} peer={name} />
        <SessionCard sessions={sessions} peer={name} />
      </div>
    </>
  )
}

function Why({ peer }: { readonly peer: PeerStatus }) {
  const { tone, why, remedy } = peerState(peer)
  const { nextTrySeconds, how } = peer.reach
  if (why === null && remedy === null) return null
  const next =
    how !== 'relayed'
      ? ''
      : nextTrySeconds === null
        ? peersText.lookingNow
        : peersText.nextTry(nextTrySeconds)
  return (
    <Notice tone={tone} title={why === null ? undefined : `${peersText.why} ${why}`}>
      {remedy !== null && <Words text={remedy} />} {next}
    </Notice>
  )
}

function Facts({ peer }: { readonly peer: PeerStatus }) {
  const { name, role, endpoint, lastHeardSeconds, lastError, throughput } = peer
  const text = peersText.facts
  const live = liveOf('peers', name)
  const rx = rate(live?.rxBitsPerSecond ?? throughput?.rxBitsPerSecond)
  const tx = rate(live?.txBitsPerSecond ?? throughput?.txBitsPerSecond)
  return (
    <KeyValue
      items={[
        [text.now, `↓ ${rx}  ↑ ${tx}`],
        [text.endpoint, endpoint],
        [text.heard, lastHeardSeconds === null ? null : text.heardAgo(lastHeardSeconds)],
        [text.role, peersText.roles[role] ?? role],
        [peersText.lastError, lastError === null ? null : <code key="code">{lastError}</code>],
      ]}
    />
  )
}
