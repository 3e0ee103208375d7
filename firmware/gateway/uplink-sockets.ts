/**
 * One UDP socket per uplink, on its first address and the overlay port: handshakes come and go through it. Keeps
 * those whose place stays, so that a new configuration loses no datagram.
 */
import type { UdpAddress, UdpSocket } from '../host/udp/udp.ts'
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
      const address = addresses[0]!.split('/')[0]!
      made.push({ number, name, socket: await this.#at({ address, port }) })
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
    const found = this.#open.find(
      ({ local }) => local.address === place.address && local.port === place.port,
    )
    if (found !== undefined) return found
    const socket = await this.#bind(place)
    this.#open = [...this.#open, socket]
    return socket
  }
}

async function close(sockets: readonly UdpSocket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()))
}
