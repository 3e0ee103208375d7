/**
 * Takes the next step of a session wherever one is due: a raw handshake where there is no keypair, a rekey where
 * `current` grows old; and notes what state that makes. Idempotent: called after every change.
 */
import type { UdpAddress } from '../../host/udp/udp.ts'
import { between, type CurrentAge, quietLeftMs, rekeyDelayMs } from '../../plan/session.ts'
import { canInitiate, restMs, startRaw } from './initiate.ts'
import { setTold } from './recall.ts'
import { startRekey } from './rekey.ts'
import { cancelDue, chance, type Session, type SessionState } from './session.ts'
import { spend } from './thrift.ts'

export function steer(session: Session): void {
  const { context } = session
  if (context.datapath === null) cancelDue(session)
  else if (session.current === null) steerRaw(session)
  else steerRekey(session)
  noteState(session)
}

/** 2^28 packets under `current`: rekey as soon as the quiet time allows. */
export function rekeyNow(session: Session): void {
  if (session.current === null || session.rekey !== null || session.raw !== null) return
  const waitMs = quietLeftMs(ageOfCurrent(session), session.context.timing)
  session.due.rekey?.()
  scheduleRekey(session, waitMs)
}

/** A packet waits for a keypair: no need to wait for the turn of this peer. */
export function rawNow(session: Session): void {
  spend(session)
  if (session.current !== null || session.next !== null || session.raw !== null) return
  session.due.raw?.()
  session.due.raw = null
  startRaw(session)
}

/** Somebody else says where it is, and tells it where this box is: both call now. A session that runs needs no call. */
export function callAt(session: Session, places: readonly UdpAddress[]): void {
  setTold(session, places)
  if (session.current !== null && session.silentAtMs !== null) startRaw(session)
  else rawNow(session)
  noteState(session)
}

/** This box is somewhere else now, or the peer, or calls cost otherwise: what was put off, since it was in vain, may not be. */
export function callAnew(session: Session): void {
  if (session.thrift.misses === 0) return
  spend(session)
  session.due.raw?.()
  session.due.raw = null
}

/** The path of `current` is dead in at least one direction: a raw handshake may find another. */
export function onSilent(session: Session, localIndex: number): void {
  const { context, current, next } = session
  if (current?.localIndex !== localIndex) return
  session.silentAtMs = context.clock.nowMs()
  spend(session)
  // Who answered a moment ago lets the other end finish: two handshakes would cross. Silence repeats itself.
  const isAnswered =
    next !== null && context.clock.nowMs() - next.installedAtMs < context.timing.retryMs[1]
  if (!isAnswered) startRaw(session)
  noteState(session)
}

/** A path came up: the peer answers under `current`, and is silent no more, whatever handshake is under way. */
export function onAnswer(session: Session): void {
  if (session.current === null || session.silentAtMs === null) return
  session.silentAtMs = null
  noteState(session)
}

/** When the state last changed is part of the status; that a session came up or went down is worth a line. */
export function noteState(session: Session): void {
  const { context, peer } = session
  const state = stateOf(session)
  // A rekey interrupts nothing.
  const isRekey = isUp(state) && isUp(session.state)
  if (state !== session.state && !isRekey) session.stateSinceMs = context.clock.nowMs()
  session.state = state
  // Without a connection to the datapath nobody here knows; its sessions may well go on.
  if (context.datapath === null) return
  const isOther = isUp(state) !== session.isLoggedUp
  // One that took the place of another is news to those who had an agreement with the one before.
  const isAnew = isUp(state) && session.handshakes !== session.toldHandshakes
  session.isLoggedUp = isUp(state)
  if (isUp(state)) spend(session)
  session.toldHandshakes = session.handshakes
  if (isOther && isUp(state)) context.log.info({ peer: peer.name }, 'session up')
  else if (isOther) context.log.warn({ peer: peer.name, code: session.lastError }, 'session down')
  if (isUp(state) && (isOther || isAnew)) context.listener.onUp(peer.name)
  else if (isOther) context.listener.onDown(peer.name)
}

function stateOf(session: Session): SessionState {
  const { context, current, silentAtMs } = session
  const isTrying = session.raw !== null || session.due.raw !== null || session.next !== null
  if (context.datapath === null || current === null) return isTrying ? 'connecting' : 'down'
  const isSilent =
    silentAtMs !== null && context.clock.nowMs() - silentAtMs < 1.5 * context.timing.silentMs
  if (isSilent) return isTrying ? 'connecting' : 'down'
  return session.rekey === null ? 'up' : 'rekeying'
}

function isUp(state: SessionState): boolean {
  return state === 'up' || state === 'rekeying'
}

function steerRaw(session: Session): void {
  const { context, due } = session
  if (session.raw !== null || due.raw !== null || !canInitiate(session)) return
  const waitMs =
    session.next === null
      ? Math.max(session.rawNotBeforeMs - context.clock.nowMs(), restMs(session))
      : // The other end has its answer and is about to use it; a handshake of our own would cross that.
        between(context.timing.retryMs, chance(context))
  due.raw = context.clock.after(waitMs, () => {
    due.raw = null
    if (session.current === null) startRaw(session)
    noteState(session)
  })
}

function steerRekey(session: Session): void {
  const { context, due } = session
  if (session.rekey !== null || session.raw !== null || due.rekey !== null) return
  const age = ageOfCurrent(session)
  const waitMs = session.isRekeyBegun
    ? quietLeftMs(age, context.timing)
    : rekeyDelayMs(age, context.timing, chance(context))
  scheduleRekey(session, waitMs)
}

function scheduleRekey(session: Session, waitMs: number): void {
  session.due.rekey = session.context.clock.after(waitMs, () => {
    session.due.rekey = null
    startRekey(session)
  })
}

function ageOfCurrent(session: Session): CurrentAge {
  const { current, changedAtMs, isFirst } = session
  const nowMs = session.context.clock.nowMs()
  return {
    role: current!.role,
    ageMs: nowMs - current!.installedAtMs,
    sinceChangeMs: nowMs - changedAtMs,
    isFirst,
  }
}
