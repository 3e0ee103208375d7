/** A session in the words of the local API. */
import type { SessionAnswer } from '../model/local-api-session.ts'
import { endpointOf, type NamedPeer } from '../plan/relayed.ts'
import type { SessionStatus } from './sessions/status.ts'

export function sessionAnswer(status: SessionStatus, peers: readonly NamedPeer[]): SessionAnswer {
  const { peer, state, role, suite, uplink, endpoint, handshakes, rekeys, failures } = status
  return {
    peer,
    state,
    stateSeconds: status.stateAgeMs / 1000,
    handshakeRole: role,
    suite,
    uplink,
    endpoint:
      endpoint === null
        ? null
        : endpointOf({ remoteAddress: endpoint.address, remotePort: endpoint.port }, peers),
    keypairSeconds: status.keypairAgeMs === null ? null : status.keypairAgeMs / 1000,
    handshakes,
    rekeys,
    failures: { ...failures },
    lastError: status.lastError,
  }
}
