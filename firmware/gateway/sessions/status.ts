/** What may be told about a session: everything but its secrets. */
import type { UdpAddress } from '../../host/udp/udp.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { Suite } from '../../wire/handshake.ts'
import { canInitiate } from './initiate.ts'
import { noteState } from './schedule.ts'
import type { FailureReason, Session, SessionState } from './session.ts'
import type { SessionEnd } from './session-end.ts'

export interface SessionStatus {
  readonly peer: string
  /** `up` and `rekeying` carry data; `down` means that nothing is being tried either. */
  readonly state: SessionState
  /** How long it has been in this state; `up` and `rekeying` count as one. */
  readonly stateAgeMs: number
  /** How the last keypair ended, if there is none after it. */
  readonly ended: { readonly by: SessionEnd['by']; readonly ageMs: number } | null
  /** Whether there is anywhere to call it. */
  readonly canCall: boolean
  /** Name of the uplink and where the peer was when the session began; null without a current keypair. */
  readonly uplink: string | null
  readonly endpoint: UdpAddress | null
  /** Since the installation of the current keypair; null without one. */
  readonly keypairAgeMs: number | null
  readonly localIndex: number | null
  /** Who began the handshake or rekey that the current keypair is from. */
  readonly role: 'initiator' | 'responder' | null
  readonly suite: Suite | null
  /** Sessions and rekeys completed since the peer was configured. */
  readonly handshakes: number
  readonly rekeys: number
  readonly failures: Readonly<Record<FailureReason, number>>
  readonly lastError: ErrorCode | null
}

export function statusOf(session: Session): SessionStatus {
  // Silence ends without an event.
  noteState(session)
  const { context, current } = session
  const nowMs = context.clock.nowMs()
  const { ended } = session
  return {
    peer: session.peer.name,
    state: session.state,
    stateAgeMs: nowMs - session.stateSinceMs,
    ended: ended === null ? null : { by: ended.by, ageMs: nowMs - ended.atMs },
    canCall: canInitiate(session),
    uplink: current?.uplink ?? null,
    endpoint: current === null ? null : { ...current.remote },
    keypairAgeMs: current === null ? null : nowMs - current.installedAtMs,
    localIndex: current?.localIndex ?? null,
    role: current?.role ?? null,
    suite: current?.suite ?? null,
    handshakes: session.handshakes,
    rekeys: session.rekeys,
    failures: { ...session.failures },
    lastError: session.lastError,
  }
}
