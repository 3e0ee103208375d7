/**
 * A UDP socket per uplink and family, on its first address of that family and the overlay port: handshakes come and go
 * through it, and by this uplink alone, for another one may have the same address. Keeps those whose place stays, so that a
 * new configuration loses no datagram.
 */
import { isSamePlace, type UdpAddress, type UdpSocket } from '../host/udp/udp.ts'
import type { UplinkPlace } from '../plan/compile.ts'
import type { Uplink } from './sessions/session.ts'

export type BindUdp = (local: UdpAddress, device: string) => Promise<UdpSocket>

interface OpenSocket {
  readonly device: string
  readonly socket: UdpSocket
}

export class UplinkSockets implements AsyncDisposable {
  readonly #bind: BindUdp
  #open: readonly OpenSocket[] = []

  constructor(bind: BindUdp) {
    this.#bind = bind
  }

  /**
   * The uplinks with their sockets. `retire` closes those that are not needed any more, once nobody listens.
   * @throws the system's error when an address is not there or the port is taken
   */
  async update(
    port: number,
    places: readonly UplinkPlace[],
  ): Promise<{ readonly uplinks: readonly Uplink[]; readonly retire: () => Promise<void> }> {
    const made: Uplink[] = []
    for (const { name, addresses } of places) {
      for (const address of firstOfEach(addresses)) {
        made.push({ name, socket: await this.#at({ address, port }, name) })
      }
    }
    const needed = new Set(made.map(({ socket }) => socket))
    const retired = this.#open.filter(({ socket }) => !needed.has(socket))
    const retire = async (): Promise<void> => {
      this.#open = this.#open.filter(({ socket }) => needed.has(socket))
      await close(retired)
    }
    return { uplinks: made, retire }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open
    this.#open = []
    await close(open)
  }

  /** A twin that was made anew is another interface, whatever its name. */
  async #at(place: UdpAddress, device: string): Promise<UdpSocket> {
    const found = this.#open.find(
      (one) =>
        one.device === device && isSamePlace(one.socket.local, place) && !one.socket.isStale(),
    )
    if (found !== undefined) return found.socket
    const socket = await this.#bind(place, device)
    this.#open = [...this.#open, { device, socket }]
    return socket
  }
}

/** Without prefix lengths: the first IPv4 and the first IPv6 address. */
function firstOfEach(addresses: readonly string[]): string[] {
  const bare = addresses.map((text) => text.split('/')[0]!)
  const isV6 = (text: string): boolean => text.includes(':')
  const firsts = [bare.find((text) => !isV6(text)), bare.find(isV6)]
  return firsts.filter((text) => text !== undefined)
}

async function close(sockets: readonly OpenSocket[]): Promise<void> {
  await Promise.all(sockets.map(({ socket }) => socket[Symbol.asyncDispose]()))
}
