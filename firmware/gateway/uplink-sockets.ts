/**
 * UDP sockets per uplink, family and port, on the first address of that family: handshakes and STUN come and go through
 * them, and by this uplink alone, for another one may have the same address. Keeps those whose place stays, so that a new
 * configuration loses no datagram.
 */
import { isSamePlace, type UdpAddress, type UdpSocket } from '../host/udp/udp.ts'
import type { UplinkPlace } from '../plan/compile.ts'
import { firstOfEachFamily } from '../plan/prefix.ts'
import type { Uplink } from './sessions/session.ts'

export type BindUdp = (local: UdpAddress, device: string) => Promise<UdpSocket>

/** Which ports an uplink listens on. */
export interface Ports {
  readonly overlay: number
  readonly otherOverlay: readonly number[]
  /** Of a hub: where else it answers STUN. */
  readonly stun: number | null
}

/** Sockets of all uplinks, by port, as long as `retire` has not been called. */
export interface OpenPorts {
  readonly overlay: readonly Uplink[]
  readonly otherOverlay: readonly Uplink[]
  readonly stun: readonly Uplink[]
  /** Closes sockets that are not needed any more, once nobody listens. */
  readonly retire: () => Promise<void>
}

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

  /** @throws the system's error when an address is not there or a port is taken */
  async update(ports: Ports, places: readonly UplinkPlace[]): Promise<OpenPorts> {
    const overlay = await this.#onAll([ports.overlay], places)
    const otherOverlay = await this.#onAll(ports.otherOverlay, places)
    const stun = await this.#onAll(ports.stun === null ? [] : [ports.stun], places)
    const needed = new Set([...overlay, ...otherOverlay, ...stun].map(({ socket }) => socket))
    const retired = this.#open.filter(({ socket }) => !needed.has(socket))
    const retire = async (): Promise<void> => {
      this.#open = this.#open.filter(({ socket }) => needed.has(socket))
      await close(retired)
    }
    return { overlay, otherOverlay, stun, retire }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open
    this.#open = []
    await close(open)
  }

  async #onAll(ports: readonly number[], places: readonly UplinkPlace[]): Promise<Uplink[]> {
    const made: Uplink[] = []
    for (const { name, addresses } of places) {
      for (const address of firstOfEachFamily(addresses)) {
        for (const port of ports)
          made.push({ name, socket: await this.#at({ address, port }, name) })
      }
    }
    return made
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

async function close(sockets: readonly OpenSocket[]): Promise<void> {
  await Promise.all(sockets.map(({ socket }) => socket[Symbol.asyncDispose]()))
}
