/** The sockets of one uplink, one for each family: what goes to an address leaves by that of its family, and is answered by it. */
import type { UdpAddress, UdpSocket } from '../../host/udp/udp.ts'
import type { Context, Uplink } from './session.ts'

/** By which socket of the uplink that address is called. */
export function socketTo(context: Context, uplink: Uplink, { address }: UdpAddress): UdpSocket {
  const isV6 = address.includes(':')
  if (isIpv6(uplink) === isV6) return uplink.socket
  const other = context.uplinks.find((one) => isSame(one, uplink) && isIpv6(one) === isV6)
  return (other ?? uplink).socket
}

/** Of those that can be used, the uplink's own first and then the other family's, in turn. */
export function familyAt(usable: readonly Uplink[], uplink: Uplink, turn: number): Uplink {
  const others = usable.filter((one) => isSame(one, uplink) && isIpv6(one) !== isIpv6(uplink))
  const all = [uplink, ...others]
  return all[turn % all.length]!
}

function isSame(one: Uplink, other: Uplink): boolean {
  return one.name === other.name && one.socket.local.port === other.socket.local.port
}

function isIpv6({ socket }: Uplink): boolean {
  return socket.local.address.includes(':')
}
