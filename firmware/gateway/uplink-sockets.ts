/**
 * A UDP socket per uplink and family, on its first address of that family and the overlay port: handshakes come and go
 * through it. Keeps those whose place stays, so that a new configuration loses no datagram.
 */
import { isSamePlace, type UdpAddress, type UdpSocket } from '../host/udp/udp.ts'
import type { UplinkPlace } from '../plan/compile.ts'
import type { Uplink } from './sessions/session.ts'

export type BindUdp = (local: UdpAddress) => Promise<UdpSocket>

export class UplinkSockets implements AsyncDisposable {
  readonly #bind: BindUdp
  #open: readonly UdpSocket[] = []

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
    for (const { number, name, addresses } of places) {
      for (const address of firstOfEach(addresses)) {
        made.push({ number, name, socket: await this.#at({ address, port }) })
      }
    }
    const needed = new Set(made.map(({ socket }) => socket))
    const retired = this.#open.filter((socket) => !needed.has(socket))
    const retire = async (): Promise<void> => {
      this.#open = this.#open.filter((socket) => needed.has(socket))
      await close(retired)
    }
    return { uplinks: made, retire }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open
    this.#open = []
    await close(open)
  }

  async #at(place: UdpAddress): Promise<UdpSocket> {
    const found = this.#open.find(({ local }) => isSamePlace(local, place))
    if (found !== undefined) return found
    const socket = await this.#bind(place)
    this.#open = [...this.#open, socket]
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

async function close(sockets: readonly UdpSocket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()))
}
