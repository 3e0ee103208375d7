/**
 * All that this box has to do with relays: as one of them, as one who has peers reached through them, and the socket for what
 * goes by them. Tells who is reached through whom; when a relay is wanted is traversal.ts's business.
 */
import type { Datapath } from '../../host/datapath/datapath.ts'
import type { UdpAddress } from '../../host/udp/udp.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import { defaultRelayRate } from '../../model/device-config-overlay.ts'
import type { DatapathEvent } from '../../model/program.ts'
import { relayUplinkName } from '../../model/traversal-program.ts'
import { rateBps } from '../../model/units.ts'
import { decodeWireKey } from '../../model/wire-key.ts'
import type { RelayingFacts } from '../../plan/relaying.ts'
import type { ControlItem } from '../../wire/control-item.ts'
import { relayedAddress } from '../../wire/relay.ts'
import type { WayItem } from '../sessions/listener.ts'
import type { Uplink } from '../sessions/session.ts'
import { Channels } from './channels.ts'
import { Hub, type HubParts } from './hub.ts'
import { RelaySocket } from './relay-socket.ts'
import { RelayTraffic } from './traffic.ts'
import type { Channel, ChannelAnswer, Need } from './wish.ts'

export interface RelayingParts extends Pick<HubParts, 'clock' | 'random' | 'log'> {
  /** Seals an item for a peer; may be lost. */
  readonly send: (peer: string, item: ControlItem) => void
  /** The ways to a peer through relays, as addresses, are others now. */
  readonly onWays: (peer: string, ways: readonly UdpAddress[]) => void
}

interface RelayPeer {
  readonly name: string
  readonly wireKey: Uint8Array
  readonly isRelay: boolean
}

export class Relaying implements Disposable {
  /** By which raw handshakes go. */
  readonly uplink: Uplink
  readonly #parts: RelayingParts
  readonly #socket: RelaySocket
  readonly #channels: Channels
  readonly #hub: Hub
  readonly #traffic: RelayTraffic
  readonly #up = new Set<string>()
  #peers: readonly RelayPeer[] = []
  #datapath: Datapath | null = null

  constructor(parts: RelayingParts) {
    this.#parts = parts
    const datapath = (): Datapath | null => this.#datapath
    this.#socket = new RelaySocket(datapath)
    this.uplink = { name: relayUplinkName, socket: this.#socket }
    this.#channels = new Channels({
      clock: parts.clock,
      send: parts.send,
      onChange: (peer, channels) => parts.onWays(peer, this.#addresses(channels)),
    })
    this.#traffic = new RelayTraffic(parts.clock, datapath)
    this.#hub = new Hub({ ...parts, datapath, isUp: (peer) => this.#up.has(peer) })
  }

  configure({ peers, overlay }: DeviceConfig, datapath: Datapath): void {
    if (datapath !== this.#datapath) {
      this.#hub.reset()
      this.#traffic.reset()
    }
    this.#datapath = datapath
    this.#peers = peers.map(({ name, wireKey, role }) => {
      return { name, wireKey: decodeWireKey(wireKey)!, isRelay: role === 'hub' }
    })
    const { relay } = overlay
    this.#hub.configure(
      this.#peers,
      relay === undefined ? null : rateBps(relay.rate ?? defaultRelayRate),
    )
    const relays = this.#peers.filter(({ isRelay }) => isRelay)
    this.#socket.configure(relays)
    // A relay itself is never reached through another: nothing goes in circles.
    const others = this.#peers.filter(({ isRelay }) => !isRelay)
    this.#channels.configure(relays, others)
  }

  /** Whatever the datapath forwards for a gateway before this one: its ends, who may have to be told, must be in session. */
  async take(): Promise<void> {
    await this.#hub.take()
  }

  /** Now and then: reads what it forwards. */
  look(): void {
    if (this.#hub.rateBps === null) return
    if (this.#hub.isForwarding) this.#traffic.look()
    else this.#traffic.reset()
  }

  /** What it forwards for others; null: nothing. */
  facts(): RelayingFacts | null {
    const { rateBps } = this.#hub
    return rateBps === null ? null : this.#traffic.facts(rateBps)
  }

  /** Tells the ways to all peers that have some, again. */
  tell(): void {
    for (const { name } of this.#peers) {
      const channels = this.#channels.of(name)
      if (channels.length > 0) this.#parts.onWays(name, this.#addresses(channels))
    }
  }

  /** Whether a way to the peer through a relay is to be had. */
  want(peer: string, need: Need): void {
    this.#channels.want(peer, need)
  }

  /** Nothing is heard by the ways to the peer that there should be. */
  doubt(peer: string): void {
    this.#channels.hurry(peer, true)
  }

  /** What came of asking relays for a way to the peer. */
  answersOf(peer: string): ChannelAnswer[] {
    return this.#channels.answersOf(peer)
  }

  onUp(peer: string): void {
    this.#up.add(peer)
    this.#channels.onUp(peer)
  }

  onDown(peer: string): void {
    this.#up.delete(peer)
    this.#channels.onDown(peer)
  }

  /** Those of other kinds are none of its business. */
  onItem(peer: string, item: WayItem): void {
    if (item.type === 'relay-open') void this.#hub.onOpen(peer, item)
    else if (item.type === 'relay-channel') this.#channels.onChannel(peer, item)
    else if (item.type === 'relay-close') {
      this.#channels.onClose(peer, item)
      this.#hub.onClose(peer, item)
    }
  }

  /** As above. */
  onEvent(event: DatapathEvent): void {
    if (event.kind === 'relayed') this.#socket.take(event.peer, event.channel, event.datagram)
    if (event.kind === 'channel-ended') this.#hub.onEnded(event.peer, event.channel)
    if (event.kind === 'wanted') this.#channels.hurry(event.peer)
  }

  [Symbol.dispose](): void {
    this.#channels[Symbol.dispose]()
    this.#hub[Symbol.dispose]()
  }

  #addresses(channels: readonly Channel[]): UdpAddress[] {
    return channels.flatMap(({ relay, channel }) => {
      const known = this.#peers.find(({ name }) => name === relay)
      if (known === undefined) return []
      return [{ address: relayedAddress(known.wireKey, channel), port: 0 }]
    })
  }
}
