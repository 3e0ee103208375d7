/**
 * The port to UDP: sockets bound to one address and port. Behind it stand `system.ts` (node:dgram) and
 * `fake.ts` (tests). Datagrams may be lost, doubled and reordered; nothing here retries.
 */
import { ipBytes } from '../../wire/ip.ts'

export interface UdpAddress {
  /** An IP address as text, never a name. */
  readonly address: string
  readonly port: number
}

/** As bytes: IPv6 has more than one spelling. */
export function isSamePlace(a: UdpAddress, b: UdpAddress): boolean {
  return a.port === b.port && ipBytes(a.address).equals(ipBytes(b.address))
}

export interface UdpSocket extends AsyncDisposable {
  readonly local: UdpAddress
  /** Sends or counts: a full buffer, a missing route or a closed socket is not the sender's problem. */
  send(datagram: Uint8Array, to: UdpAddress): void
  /** Every handler sees every datagram; it must copy what it keeps. Returns the way to end it. */
  onDatagram(handler: DatagramHandler): () => void
  counters(): UdpCounters
  /** Its interface is gone, or was made anew: nothing comes or goes by this socket any more. */
  isStale(): boolean
}

export type DatagramHandler = (datagram: Uint8Array, from: UdpAddress) => void

export interface UdpCounters {
  readonly received: number
  /** Came faster than the handlers could take them. */
  readonly dropped: number
  readonly sent: number
  readonly sendErrors: number
}
