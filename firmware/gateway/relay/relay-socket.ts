/**
 * The relays as one socket: handshakes go through them and come back as by any other, from and to relayed addresses. What is
 * sent is handed to the datapath, which seals it for the relay; datagrams come as its events.
 */
import type { Datapath } from '../../host/datapath/datapath.ts'
import type { DatagramHandler, UdpAddress, UdpCounters, UdpSocket } from '../../host/udp/udp.ts'
import { keyPrefixOf, parseRelayed } from '../../model/relayed-address.ts'
import { relayedAddress } from '../../wire/relay.ts'

export interface Relay {
  /** The peer that forwards. */
  readonly name: string
  readonly wireKey: Uint8Array
}

/** Sends within one turn that wait for the datapath; beyond, they are lost as on any network. */
const mostUnderWay = 256

export class RelaySocket implements UdpSocket {
  /** Belongs to no relay. */
  readonly local: UdpAddress = { address: relayedAddress(new Uint8Array(4), 0), port: 0 }
  readonly #datapath: () => Pick<Datapath, 'relay'> | null
  readonly #handlers = new Set<DatagramHandler>()
  readonly #count = { received: 0, dropped: 0, sent: 0, sendErrors: 0 }
  #relays: readonly Relay[] = []
  #underWay = 0

  /** @param datapath null while there is none */
  constructor(datapath: () => Pick<Datapath, 'relay'> | null) {
    this.#datapath = datapath
  }

  /** No two of their keys begin alike: the datapath takes no such program. */
  configure(relays: readonly Relay[]): void {
    this.#relays = relays
  }

  send(datagram: Uint8Array, to: UdpAddress): void {
    const way = parseRelayed(to.address)
    const relay = way === null ? undefined : relayNamed(this.#relays, way.keyPrefix)
    const datapath = this.#datapath()
    if (way === null || relay === undefined || datapath === null) {
      this.#count.sendErrors++
      return
    }
    if (this.#underWay >= mostUnderWay) {
      this.#count.dropped++
      return
    }
    this.#underWay++
    const { channel } = way
    datapath
      .relay({ relay: relay.name, channel, datagram })
      .then(
        () => this.#count.sent++,
        () => this.#count.sendErrors++,
      )
      .finally(() => this.#underWay--)
  }

  /** A handshake that came through a relay; one that is none any more is not listened to. */
  take(relay: string, channel: number, datagram: Uint8Array): void {
    const known = this.#relays.find(({ name }) => name === relay)
    if (known === undefined) {
      this.#count.dropped++
      return
    }
    this.#count.received++
    const from = { address: relayedAddress(known.wireKey, channel), port: 0 }
    for (const handler of this.#handlers) handler(datagram, from)
  }

  onDatagram(handler: DatagramHandler): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  counters(): UdpCounters {
    return { ...this.#count }
  }

  isStale(): boolean {
    return false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handlers.clear()
  }
}

function relayNamed(relays: readonly Relay[], keyPrefix: number): Relay | undefined {
  return relays.find(({ wireKey }) => keyPrefixOf(wireKey) === keyPrefix)
}
