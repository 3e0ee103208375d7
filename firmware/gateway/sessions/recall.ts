/**
 * Calls a peer where it was heard last before the datapath began anew: who sits behind a NAT and knows nothing of that need not find
 * it out by silence, and its NAT still lets in whom it has sent to. So many times after a start and no more: somebody else may be there by now.
 */
import type { UdpAddress } from '../../host/udp/udp.ts'
import { isGlobal, parseAddress } from '../../model/address.ts'
import type { Session, Uplink } from './session.ts'

/** Initiations to one peer, one each 5 to 6 s: who is still there has called by then, whatever its NAT remembers. */
export const mostRecalls = 30

export interface Call {
  readonly uplink: Uplink
  readonly to: UdpAddress
}

/** Where it may be called so, now. */
export function recalls({ context, peer, current, recallsLeft }: Session): Call[] {
  if (recallsLeft === 0 || current !== null) return []
  const sockets = [...context.uplinks, ...context.otherPorts]
  return context.whereabouts(peer.name).flatMap((place) => {
    const to = { address: place.remoteAddress, port: place.remotePort }
    // A file may say anything: no peer is at this box, or where nobody can be.
    const address = parseAddress(to.address)
    const isOwn = sockets.some(({ socket }) => socket.local.address === to.address)
    if (isOwn || address === null || !isGlobal(address)) return []
    const uplink = sockets.find(
      ({ name, socket: { local } }) =>
        name === place.uplink &&
        local.port === place.localPort &&
        local.address.includes(':') === to.address.includes(':'),
    )
    return uplink === undefined ? [] : [{ uplink, to }]
  })
}

/** Every other time, where there is another way to call it. Null: this is that one's turn, or there is nowhere to call. */
export function nextRecall(session: Session, hasOther: boolean): Call | null {
  const calls = recalls(session)
  const turn = session.turns.recall++
  if (calls.length === 0 || (hasOther && turn % 2 === 0)) return null
  session.recallsLeft--
  return calls[(hasOther ? turn >> 1 : turn) % calls.length]!
}
