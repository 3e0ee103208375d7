/**
 * Cookies that others ask us to show: kept as long as they are good, shown in mac2 of every initiation and response to
 * that peer from the same uplink. What is under way is sent again at once, with the cookie. Cookies never move an
 * endpoint. wire.md, "Denial of service".
 */
import { isSamePlace, type UdpAddress } from '../../host/udp/udp.ts'
import { cookieKey, readCookie, withMac2 } from '../../wire/cookie.ts'
import { receiverIndexOf } from '../../wire/handshake.ts'
import { failOn } from './fail-on.ts'
import { socketTo } from './family.ts'
import type { Context, Sent, Session, Uplink } from './session.ts'

/** 0xD6: the other end has more to do than it can, and wants to see that we receive where we send from. */
export function onCookie(
  context: Context,
  uplink: Uplink,
  message: Uint8Array,
  from: UdpAddress,
): void {
  const index = receiverIndexOf(message)
  const session = context.bySenderIndex.get(index)
  const sent = session === undefined ? null : findSent(session, index)
  const isOurs =
    sent != null &&
    socketTo(context, sent.uplink, from) === uplink.socket &&
    sent.sentTo.some((to) => isSamePlace(to, from))
  if (session === undefined || sent === null || !isOurs) {
    context.strays.stale++
    return
  }
  let cookie: Uint8Array
  try {
    cookie = readCookie(message, sent.datagram, cookieKey(session.peer.wireKey))
  } catch (error) {
    failOn(session, error)
    return
  }
  const untilMs = context.clock.nowMs() + context.timing.cookieMs
  session.cookies.set(uplink.socket, { cookie, untilMs })
  sent.datagram = withMac2(sent.datagram, cookie)
  // Once: were it answered with a cookie again, the two would go round in circles.
  if (sent.isResent) return
  sent.isResent = true
  uplink.socket.send(sent.datagram, from)
}

/** The datagram with mac2, where there is a cookie to show. */
export function showCookie(session: Session, uplink: Uplink, datagram: Uint8Array): Uint8Array {
  const kept = session.cookies.get(uplink.socket)
  if (kept === undefined || kept.untilMs <= session.context.clock.nowMs()) return datagram
  return withMac2(datagram, kept.cookie)
}

/** The own initiation or response that has this sender index. */
function findSent({ raw, answered }: Session, index: number): Sent | null {
  if (raw?.senderIndex === index) return raw
  return answered.find(({ localIndex }) => localIndex === index)?.sent ?? null
}
