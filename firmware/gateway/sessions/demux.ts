/**
 * Brings what arrives to the session it is for: handshake datagrams of the overlay sockets, and the datapath's
 * events. Everything from outside is counted when it is not for us, and answered only by those it reaches.
 */
import type { UdpAddress } from '../../host/udp/udp.ts'
import { CausewayError } from '../../model/errors.ts'
import type { DatapathEvent } from '../../model/program.ts'
import { decodeItems } from '../../wire/control.ts'
import { cookieMessageBytes } from '../../wire/cookie.ts'
import {
  challengeMessageBytes,
  initiationBytes,
  macsBytes,
  messageType,
  receiverIndexOf,
  responseBytes,
  withoutMacs,
} from '../../wire/handshake.ts'
import { onCookie } from './cookies.ts'
import { socketTo } from './family.ts'
import { onChallenge, onResponse } from './initiate.ts'
import { isCurrent, onConfirmed, onErased } from './keypairs.ts'
import { isSpeedItem, isWayItem } from './listener.ts'
import { onHandshakePart } from './rekey.ts'
import { onInitiation } from './respond.ts'
import { onAnswer, onSilent, rawNow, rekeyNow } from './schedule.ts'
import {
  type Context,
  fail,
  type RawAttempt,
  resetSession,
  type Session,
  type Uplink,
} from './session.ts'
import { noteEnd } from './session-end.ts'

/** A datagram of an overlay socket. Types that are not ours (STUN, say) are left to others. */
export function onDatagram(
  context: Context,
  uplink: Uplink,
  datagram: Uint8Array,
  from: UdpAddress,
): void {
  switch (datagram[0]) {
    case messageType.initiation: {
      const message = checkMacs(context, datagram, initiationBytes)
      if (message === null || context.datapath === null) return
      context.admission.admit({ datagram, from, socket: uplink.socket }, () => {
        void onInitiation(context, uplink, message, from)
      })
      return
    }
    case messageType.response: {
      const message = checkMacs(context, datagram, responseBytes)
      if (message === null || findAttempt(context, uplink, message, from) === null) return
      context.admission.admit({ datagram, from, socket: uplink.socket }, () => {
        // Another answer may have come first.
        const found = findAttempt(context, uplink, message, from)
        if (found !== null) void onResponse(...found, message, from)
      })
      return
    }
    case messageType.cookie:
      if (hasSize(context, datagram, cookieMessageBytes)) {
        onCookie(context, uplink, datagram, from)
      }
      return
    case messageType.challenge: {
      if (!hasSize(context, datagram, challengeMessageBytes)) return
      const found = findAttempt(context, uplink, datagram, from)
      if (found !== null) onChallenge(...found, datagram, from)
      return
    }
    default:
  }
}

export function onEvent(
  context: Context,
  sessions: ReadonlyMap<string, Session>,
  event: DatapathEvent,
): void {
  // Not of a session: whoever wired the datapath listens to these.
  if (!isOfSession(event)) return
  const session = sessions.get(event.peer)
  if (event.kind === 'path') {
    if (session !== undefined && event.change === 'state' && event.state === 'up') onAnswer(session)
    return
  }
  if (session === undefined) {
    context.strays.stale++
    return
  }
  switch (event.kind) {
    case 'confirmed':
      onConfirmed(session, event.localIndex)
      return
    case 'erased':
      onErased(session, event.localIndex)
      return
    case 'silent':
      onSilent(session, event.localIndex)
      return
    case 'used':
      if (isCurrent(session, event.localIndex)) rekeyNow(session)
      return
    case 'wanted':
      rawNow(session)
      return
    case 'control':
      onControl(session, event.localIndex, event.items)
  }
}

function isOfSession(
  event: DatapathEvent,
): event is Exclude<DatapathEvent, { kind: 'denied' | 'links' | 'relayed' | 'channel-ended' }> {
  return !['denied', 'links', 'relayed', 'channel-ended'].includes(event.kind)
}

/** Items for the gateway: handshake parts and close are the session's, all else its listener's. */
function onControl(session: Session, localIndex: number, bytes: Uint8Array): void {
  let items: ReturnType<typeof decodeItems>
  try {
    items = decodeItems(bytes)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    fail(session, 'malformed', error.code)
    return
  }
  for (const item of items) {
    if (item.type === 'handshake-part') void onHandshakePart(session, localIndex, item)
    if (item.type === 'close' && isCurrent(session, localIndex)) onClosed(session)
    if (isWayItem(item)) session.context.listener.onItem(session.peer.name, item)
    if (isSpeedItem(item)) session.context.listener.onSpeed(session.peer.name, item)
  }
}

/** The other end erased the session: so do we, and start anew after the time of a retry. */
function onClosed(session: Session): void {
  const { context } = session
  const indices = [session.previous, session.current, session.next].flatMap((keypair) =>
    keypair === null ? [] : [keypair.localIndex],
  )
  noteEnd(session, 'close')
  resetSession(session)
  fail(session, 'closed', 'SESSION_REFUSED')
  session.rawNotBeforeMs = context.clock.nowMs() + context.timing.retryMs[0]
  // A datapath that died meanwhile has erased them already.
  context.datapath?.retire(indices).catch(() => undefined)
  context.steer(session)
}

function hasSize(context: Context, datagram: Uint8Array, bytes: number): boolean {
  if (datagram.length === bytes) return true
  context.strays.malformed++
  return false
}

function checkMacs(context: Context, datagram: Uint8Array, bytes: number): Uint8Array | null {
  if (!hasSize(context, datagram, bytes + macsBytes)) return null
  try {
    return withoutMacs(datagram, context.ownMac1Key)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    context.strays.mac1++
    return null
  }
}

function findAttempt(
  context: Context,
  uplink: Uplink,
  message: Uint8Array,
  from: UdpAddress,
): [Session, RawAttempt] | null {
  const index = receiverIndexOf(message)
  const session = context.bySenderIndex.get(index)
  const attempt = session?.raw
  const isAnswered =
    attempt?.senderIndex === index && socketTo(context, attempt.uplink, from) === uplink.socket
  if (isAnswered) return [session!, attempt]
  context.strays.stale++
  return null
}
