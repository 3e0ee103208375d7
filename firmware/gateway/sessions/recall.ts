/**
 * Calls a peer that no endpoint leads to: where it was heard last before the datapath began anew, since who sits behind a NAT and
 * knows nothing of that need not find it out by silence, and its NAT still lets in whom it has sent to; and where its owner's controller
 * says that it is, since the peer is told where this box is, and calls as well. So many times and no more: somebody else may be there by now.
 */
import { isSamePlace, type UdpAddress } from '../../host/udp/udp.ts'
import { isGlobal, parseAddress } from '../../model/address.ts'
import { relayUplinkName } from '../../model/traversal-program.ts'
import type { Session, Uplink } from './session.ts'

/** Initiations to one peer, one each 5 to 6 s: who is still there has called by then, whatever its NAT remembers. */
export const mostRecalls = 30
/** Places by own uplinks that take turns: a NAT lets in for 30 s whom was sent to (RFC 4787 §4.3 has 2 minutes). */
const mostTold = 6

export interface Call {
  readonly uplink: Uplink
  readonly to: UdpAddress
}

/** @param isLost there is no session; while there is one, those calls are kept that are for when it ends */
export function allowRecalls({ recall }: Session, isLost: boolean): void {
  recall.left = isLost || recall.told.length > 0 ? mostRecalls : 0
}

/** It is said to be there now. @param places sound ones; empty: nobody knows */
export function setTold({ recall }: Session, places: readonly UdpAddress[]): void {
  recall.told = places
  recall.left = mostRecalls
}

/** Where it may be called so, now. */
export function recalls(session: Session): Call[] {
  const { current, silentAtMs, recall } = session
  if (recall.left === 0) return []
  if (current !== null) return silentAtMs === null ? [] : toldCalls(session)
  const told = toldCalls(session)
  const isTold = ({ to }: Call): boolean => told.some((one) => isSamePlace(one.to, to))
  return [...told, ...heardCalls(session).filter((one) => !isTold(one))]
}

/** Every other time, where there is another way to call it. Null: this is that one's turn, or there is nowhere to call. */
export function nextRecall(session: Session, hasOther: boolean): Call | null {
  const calls = recalls(session)
  const turn = session.turns.recall++
  if (calls.length === 0 || (hasOther && turn % 2 === 0)) return null
  session.recall.left--
  return calls[(hasOther ? turn >> 1 : turn) % calls.length]!
}

/** The best place by each uplink, then the next. */
function toldCalls({ context, recall }: Session): Call[] {
  const uplinks = context.uplinks.filter(({ name }) => name !== relayUplinkName)
  return recall.told
    .flatMap((to) =>
      uplinks.filter((one) => isReachable(one, to)).map((uplink) => ({ uplink, to })),
    )
    .slice(0, mostTold)
}

function heardCalls({ context, peer }: Session): Call[] {
  const sockets = [...context.uplinks, ...context.otherPorts]
  return context.whereabouts(peer.name).flatMap((place) => {
    const to = { address: place.remoteAddress, port: place.remotePort }
    // A file may say anything: no peer is at this box, or where nobody can be.
    const address = parseAddress(to.address)
    const isOwn = sockets.some(({ socket }) => socket.local.address === to.address)
    if (isOwn || address === null || !isGlobal(address)) return []
    const uplink = sockets.find(
      (one) =>
        one.name === place.uplink &&
        one.socket.local.port === place.localPort &&
        isReachable(one, to),
    )
    return uplink === undefined ? [] : [{ uplink, to }]
  })
}

/** By family. */
function isReachable({ socket }: Uplink, { address }: UdpAddress): boolean {
  return socket.local.address.includes(':') === address.includes(':')
}
