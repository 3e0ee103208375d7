/** The session with a peer: its keys' age, how often handshakes went well or failed. Nothing secret. */
import type { SessionAnswer, SessionsAnswer } from '../../../firmware/model/local-api-session.ts'
import type { Answered } from '../../live/answer.ts'
import { Answer } from '../../part/answer.tsx'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { peersText } from '../../text/en-peers.ts'
import { duration } from '../../text/format.ts'

const text = peersText.session

export interface SessionCardProps {
  readonly sessions: Answered<SessionsAnswer>
  readonly peer: string
}

export function SessionCard({ sessions, peer }: SessionCardProps) {
  return (
    <Card title={text.title}>
      <Answer of={sessions}>
        {(told) => {
          const session = told.sessions.find((one) => one.peer === peer)
          return session === undefined ? (
            <p class="quiet">{text.none}</p>
          ) : (
            <Facts session={session} />
          )
        }}
      </Answer>
    </Card>
  )
}

function Facts({ session }: { readonly session: SessionAnswer }) {
  const { state, stateSeconds, suite, handshakeRole, keypairSeconds, handshakes, rekeys } = session
  const failures = Object.entries(session.failures).filter(([, count]) => count > 0)
  return (
    <KeyValue
      items={[
        [text.state, text.stateText(text.states[state], stateSeconds)],
        [text.key, keypairSeconds === null ? null : duration(keypairSeconds)],
        [text.began, handshakeRole === null ? null : text.roles[handshakeRole]],
        [text.handshakes, text.handshakesText(handshakes, rekeys)],
        [
          text.failures,
          failures.length === 0
            ? null
            : failures.map(([reason, count]) => text.failuresText(count, reason)).join(', '),
        ],
        [text.suite, suite],
      ]}
    />
  )
}
