/**
 * What a session consists of, and the context that all sessions of a gateway share: data, and how to let go of
 * it. What happens with it: initiate.ts, respond.ts, rekey.ts, keypairs.ts.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import type { UdpAddress, UdpSocket } from '../../host/udp/udp.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { Whereabout } from '../../model/whereabouts.ts'
import type { SessionTiming } from '../../plan/session.ts'
import type { Suite } from '../../wire/handshake.ts'
import type { Reassembly } from '../../wire/handshake-part.ts'
import type { InitiatorState } from '../../wire/noise.ts'
import type { X25519Pair } from '../../wire/x25519.ts'
import type { Numbers } from '../uplink-numbers.ts'
import type { Admission } from './admission.ts'
import type { Freshness } from './freshness.ts'
import type { Indices } from './indices.ts'
import type { SessionLog, SessionsListener } from './listener.ts'
import type { RotatingSecret } from './rotating-secret.ts'
import type { SessionEnd } from './session-end.ts'

export interface PeerConfig {
  readonly name: string
  /** Public, 32 bytes. */
  readonly wireKey: Uint8Array
  /** 32 bytes, number 1 on the wire; without one, number 0, which is zeros. */
  readonly psk?: Uint8Array
  /** Where to initiate to, in turn; empty for a peer that only ever comes to us. */
  readonly endpoints: readonly UdpAddress[]
}

/** An uplink by one of its sockets: with addresses of both families it is there twice, under one name. */
export interface Uplink {
  readonly name: string
  readonly socket: UdpSocket
  readonly isMetered?: boolean
}

export interface Context {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly log: SessionLog
  readonly listener: SessionsListener
  readonly tenant: Uint8Array
  readonly local: X25519Pair
  readonly ownMac1Key: Uint8Array
  readonly timing: SessionTiming
  readonly indices: Indices
  readonly admission: Admission
  readonly ownCookieKey: Uint8Array
  readonly cookieSecret: RotatingSecret
  readonly freshness: Freshness
  /** By static key, hex. */
  readonly byKey: Map<string, Session>
  /** Those with a raw initiation under way or a response given, by its sender index. */
  readonly bySenderIndex: Map<number, Session>
  /** Datagrams that led to no session. */
  readonly strays: Record<StrayReason, number>
  uplinks: readonly Uplink[]
  /** Other ports of the same uplinks: nothing begins by them but what a peer expects from there. */
  otherPorts: readonly Uplink[]
  /** Where a peer was heard last. */
  readonly whereabouts: (peer: string) => readonly Whereabout[]
  readonly numbers: Numbers
  /** Null while there is none: then nothing is initiated or answered. */
  datapath: Datapath | null
  suites: readonly Suite[]
  /** Takes the next step wherever one is due, after any change to a session. */
  readonly steer: (session: Session) => void
  /** Reads the session's keypairs from the datapath again: the two disagree about what is current. */
  readonly resync: (session: Session) => void
}

export type StrayReason =
  | 'malformed'
  | 'mac1'
  | 'limited'
  | 'cookie'
  | 'unauthentic'
  | 'unknown'
  | 'stale'

const noFailures = {
  timeout: 0,
  unauthentic: 0,
  malformed: 0,
  mismatch: 0,
  install: 0,
  send: 0,
  closed: 0,
}
export type FailureReason = keyof typeof noFailures

/** A keypair of the datapath, as far as the gateway remembers it: not the traffic keys, and `suite` only if it made it. */
export interface KnownKeypair {
  readonly localIndex: number
  readonly remoteIndex: number
  readonly role: 'initiator' | 'responder'
  readonly origin: 'raw' | 'rekey'
  readonly suite: Suite | null
  readonly installedAtMs: number
  /** By name, where its session began; null: nobody knows any more. */
  readonly uplink: string | null
  readonly remote: UdpAddress
  readonly chain: Uint8Array
  readonly h: Uint8Array
}

/** An own initiation under way. */
export interface Attempt {
  readonly senderIndex: number
  readonly state: InitiatorState
  readonly startedAtMs: number
  /** Cancels its resends and its end. */
  readonly timers: CancelTimer[]
}

/** A raw message that was sent, and may be again. */
export interface Sent {
  readonly uplink: Uplink
  /** Where copies went to: only from there an answer is taken. */
  readonly sentTo: UdpAddress[]
  datagram: Uint8Array
  /** Whether it was sent again for a cookie that came back. */
  isResent: boolean
}

export interface RawAttempt extends Attempt, Sent {
  /** How many challenges led to this initiation, one after the other. */
  readonly challenges: number
}

export interface RekeyAttempt extends Attempt {
  readonly carrier: KnownKeypair
}

/** An initiation that was answered; `send` is null until its keypair is installed. */
export interface Answered {
  readonly ephemeral: Uint8Array
  readonly localIndex: number
  /** The raw response; null for a rekey's. */
  sent: Sent | null
  send: ((to: UdpAddress | null) => void) | null
}

export interface Session {
  readonly context: Context
  peer: PeerConfig
  /** Whether the own static key is the smaller one: decides between crossing initiations. */
  readonly isSmaller: boolean
  previous: KnownKeypair | null
  current: KnownKeypair | null
  next: KnownKeypair | null
  /** Counts what became of the keypairs here: a reading of the datapath begun before is out of date. */
  changes: number
  /** When `current` became so. */
  changedAtMs: number
  isFirst: boolean
  silentAtMs: number | null
  raw: RawAttempt | null
  rekey: RekeyAttempt | null
  /** Whether a rekey of `current` was begun, and how often nobody answered it: it is not over till it is done. */
  isRekeyBegun: boolean
  rekeyMisses: number
  /** The raw initiation or the rekey that is due later. */
  readonly due: { raw: CancelTimer | null; rekey: CancelTimer | null }
  /** No raw initiation before: a restarted box spreads them. */
  rawNotBeforeMs: number
  /** Calls that are left to where it was heard last, or to where somebody else says that it is. */
  readonly recall: { left: number; told: readonly UdpAddress[] }
  /** Calls in a row that nobody answered; until when uplinks that are paid for rest. */
  readonly thrift: { misses: number; untilMs: number }
  /** Ways through relays that have a channel. */
  relayed: readonly UdpAddress[]
  /** When a handshake by an endpoint gave way to one through a relay. */
  yieldedAtMs: number
  /** Counts initiations, and transmissions by each socket: so each tries all endpoints of its family in turn. */
  readonly turns: { uplink: number; recall: number; readonly endpoint: WeakMap<UdpSocket, number> }
  /** The last eight initiations answered, oldest first. */
  answered: Answered[]
  challengesUsed: number
  /** Those to show in mac2, by the socket they were given to. */
  readonly cookies: WeakMap<UdpSocket, { readonly cookie: Uint8Array; readonly untilMs: number }>
  /** Of handshake items: the own message id, and the other end's message under way. */
  messageId: number
  incoming: Reassembly
  state: SessionState
  stateSinceMs: number
  /** Null while there is a keypair, and before the first. */
  ended: SessionEnd | null
  /** What the log said last; of a session, by how many there were. */
  isLoggedUp: boolean
  toldHandshakes: number
  handshakes: number
  rekeys: number
  readonly failures: Record<FailureReason, number>
  lastError: ErrorCode | null
}

export type SessionState = 'connecting' | 'up' | 'rekeying' | 'down'

export const noPsk = new Uint8Array(32)

export function newSession(context: Context, peer: PeerConfig): Session {
  return {
    context,
    peer,
    // Before enrolment no device id exists; static keys are as unequal, and both ends know both.
    isSmaller: Buffer.compare(context.local.publicKey, peer.wireKey) < 0,
    ...{ previous: null, current: null, next: null, changes: 0, changedAtMs: 0 },
    ...{ isFirst: true, silentAtMs: null, raw: null, rekey: null },
    ...{ isRekeyBegun: false, rekeyMisses: 0 },
    due: { raw: null, rekey: null },
    rawNotBeforeMs: 0,
    thrift: { misses: 0, untilMs: 0 },
    ...{ relayed: [], yieldedAtMs: Number.NEGATIVE_INFINITY, recall: { left: 0, told: [] } },
    turns: { uplink: 0, recall: 0, endpoint: new WeakMap() },
    answered: [],
    challengesUsed: 0,
    cookies: new WeakMap(),
    messageId: Buffer.from(context.random(2)).readUInt16BE(0),
    ...{ incoming: null, state: 'down' },
    stateSinceMs: context.clock.nowMs(),
    ended: null,
    ...{ isLoggedUp: false, toldHandshakes: 0, handshakes: 0, rekeys: 0 },
    failures: { ...noFailures },
    lastError: null,
  }
}

/** A random time from a range of the timing. */
export function chance(context: Context): number {
  return Buffer.from(context.random(4)).readUInt32BE(0) / 2 ** 32
}

export function fail(session: Session, reason: FailureReason, code: ErrorCode): void {
  session.failures[reason]++
  session.lastError = code
}

export function dropRaw(session: Session): void {
  const { context, raw } = session
  finishRaw(session)
  if (raw !== null) context.indices.release(raw.senderIndex)
}

/** Its index lives on, with the keypair that comes of it. */
export function finishRaw(session: Session): void {
  const { context, raw } = session
  if (raw === null) return
  for (const cancel of raw.timers) cancel()
  context.bySenderIndex.delete(raw.senderIndex)
  session.raw = null
}

export function dropRekey(session: Session): void {
  const { context, rekey } = session
  finishRekey(session)
  if (rekey !== null) context.indices.release(rekey.senderIndex)
}

/** Its index lives on, with the keypair that comes of it. */
export function finishRekey(session: Session): void {
  for (const cancel of session.rekey?.timers ?? []) cancel()
  session.rekey = null
}

export function cancelDue(session: Session): void {
  session.due.raw?.()
  session.due.rekey?.()
  session.due.raw = null
  session.due.rekey = null
}

/** Frees what a keypair held here; whether the datapath still has it is the caller's business. */
export function forgetKeypair(session: Session, keypair: KnownKeypair | null): void {
  if (keypair === null) return
  keypair.chain.fill(0)
  session.context.bySenderIndex.delete(keypair.localIndex)
  session.context.indices.release(keypair.localIndex)
}

/** Back to a session without keypairs and attempts. */
export function resetSession(session: Session): void {
  dropRaw(session)
  dropRekey(session)
  cancelDue(session)
  for (const keypair of [session.previous, session.current, session.next]) {
    forgetKeypair(session, keypair)
  }
  session.previous = session.current = session.next = null
  session.changes++
  session.isFirst = true
  session.silentAtMs = null
  session.isRekeyBegun = false
  session.rekeyMisses = 0
  session.incoming = null
  session.answered = []
}
