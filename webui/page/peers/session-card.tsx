/** The session with a peer: its keys' age, how often handshakes went well or failed. Nothing secret. */
import type { SessionAnswer } from '../../../firmware/model/local-api-session.ts'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { peersText } from '../../text/en-peers.ts'
import { duration } from '../../text/format.ts'

const text = peersText.session

export function SessionCard({ session }: { readonly session: SessionAnswer | null }) {
  return (
    <Card title={text.title}>
      {session === null ? <p class="quiet">{text.none}</p> : <Facts session={session} />}
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
