/**
 * A box behind a NAT of some kind, hubs that answer STUN, and a network in memory between them, on a virtual clock. The NAT
 * is of RFC 4787's words: how it maps, and whom it lets back in. Nothing here asserts.
 */
import { Discovery } from '../../firmware/gateway/nat/discovery.ts'
import { StunServer } from '../../firmware/gateway/nat/stun-server.ts'
import type { Uplink } from '../../firmware/gateway/sessions/session.ts'
import { type VirtualClock, virtualClock } from '../../firmware/host/clock/virtual.ts'
import { type FakeNetwork, fakeNetwork } from '../../firmware/host/udp/fake.ts'
import type { DatagramHandler, UdpAddress, UdpSocket } from '../../firmware/host/udp/udp.ts'
import { seeded } from './session-world.ts'

export type By = 'endpoint' | 'address' | 'port'

/** `by` endpoint: independent of it; `blocks` lets nothing out to these ports. */
export interface NatKind {
  readonly mapping: By
  readonly filtering: By
  readonly step?: number
  readonly blocks?: readonly number[]
}

export interface NatWorld {
  readonly clock: VirtualClock
  readonly network: FakeNetwork
  readonly random: (bytes: number) => Uint8Array
  readonly discovery: Discovery
  readonly box: Uplink
  /** By number; each has port 51820 and 3478 at these addresses. */
  readonly hubs: readonly { readonly server: StunServer; readonly addresses: readonly string[] }[]
  /** Another NAT takes the place of the one there is; null: none. */
  readonly setNat: (kind: NatKind | null, address?: string) => void
  /** What the box sent so far. */
  readonly sent: () => number
}

const inside = '192.168.1.2'

export function natWorld(seed: number, hubAddresses: readonly (readonly string[])[]): NatWorld {
  const clock = virtualClock(1_000)
  const random = seeded(seed)
  const network = fakeNetwork(clock, random)
  const bytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => Math.floor(random() * 256))
  let nat = openNat(network, null, '')
  let sent = 0
  const bindInside = (local: UdpAddress): UdpSocket => {
    const handlers = new Set<DatagramHandler>()
    return {
      local,
      send: (datagram, to) => {
        sent++
        nat.send(local, handlers, datagram, to)
      },
      onDatagram: (handler) => {
        handlers.add(handler)
        return () => handlers.delete(handler)
      },
      counters: () => ({ received: 0, dropped: 0, sent, sendErrors: 0 }),
      isStale: () => false,
      [Symbol.asyncDispose]: async () => handlers.clear(),
    }
  }
  const hubs = hubAddresses.map((addresses) => {
    const socketsAt = (port: number): Uplink[] =>
      addresses.map((address, at) => ({
        name: `wan${at}`,
        socket: network.bind({ address, port }),
      }))
    const server = new StunServer(clock)
    const [overlay, stun] = [socketsAt(51_820), socketsAt(3478)]
    server.configure({ overlay, otherOverlay: socketsAt(443), stun, retire: async () => {} })
    return { server, addresses }
  })
  return {
    clock,
    network,
    random: bytes,
    discovery: new Discovery({ clock, random: bytes, bindUdp: async (local) => bindInside(local) }),
    box: { name: 'wan0', socket: bindInside({ address: inside, port: 51_820 }) },
    hubs,
    setNat: (kind, address = '198.51.100.20') => {
      nat.close()
      nat = openNat(network, kind, address)
    },
    sent: () => sent,
  }
}

/** What is sent from inside, as the NAT's own or, without one, as it is. */
function openNat(network: FakeNetwork, kind: NatKind | null, address: string) {
  const sockets = new Map<string, { socket: UdpSocket; sentTo: Set<string> }>()
  let port = 40_000
  const textOf = (by: By, to: UdpAddress): string =>
    ({ endpoint: '', address: to.address, port: `${to.address} ${to.port}` })[by]
  return {
    send: (
      local: UdpAddress,
      handlers: ReadonlySet<DatagramHandler>,
      datagram: Uint8Array,
      to: UdpAddress,
    ): void => {
      if (kind?.blocks?.includes(to.port)) return
      const key = `${local.port} ${textOf(kind?.mapping ?? 'endpoint', to)}`
      let mapping = sockets.get(key)
      if (mapping === undefined) {
        port += kind?.step ?? 1
        const from = kind === null ? local : { address, port }
        const made = { socket: network.bind(from), sentTo: new Set<string>() }
        made.socket.onDatagram((bytes, source) => {
          const isLetIn = made.sentTo.has(textOf(kind?.filtering ?? 'endpoint', source))
          if (isLetIn) for (const handler of handlers) handler(bytes, source)
        })
        sockets.set(key, made)
        mapping = made
      }
      mapping.sentTo.add(textOf(kind?.filtering ?? 'endpoint', to))
      mapping.socket.send(datagram, to)
    },
    close: () => {
      for (const { socket } of sockets.values()) void socket[Symbol.asyncDispose]()
    },
  }
}
