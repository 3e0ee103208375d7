/**
 * The relay's half of relaying: opens a channel between two of its peers when one of them asks, tells both, and tells the other
 * end when it is over. What is forwarded, how fast, and when a channel has been unused for too long is the datapath's.
 * wire.md, "Relay".
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import type { Log } from '../../host/system/log.ts'
import { CausewayError } from '../../model/errors.ts'
import type { ChannelCounters } from '../../model/traversal-program.ts'
import { openSourceBuckets, type SourceBuckets } from '../../plan/rate-limit.ts'
import { anyChannel, type Item, relayStatus } from '../../wire/control-item.ts'
import { fieldsOf } from '../log-fields.ts'
import { type End, type HubPeer, type Pair, Pairs } from './pairs.ts'

export interface HubParts {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly log: Pick<Log, 'info' | 'warn'>
  /** Null while there is none. */
  readonly datapath: () => Pick<Datapath, 'openChannel' | 'closeChannel' | 'listChannels'> | null
  readonly isUp: (peer: string) => boolean
  /** Seals an item for the peer; may be lost. */
  readonly send: (peer: string, item: Item<'relay-channel' | 'relay-close'>) => void
}

/** A gateway that has just come up asks for many at once. */
const requestRate = { perSecond: 20, burst: 40 }
const mostPeers = 1_024
/** When a box that begins to relay says so: again, for what is said may be lost. */
const newsAtMs = [0, 1_000, 4_000]

export class Hub implements Disposable {
  readonly #parts: HubParts
  readonly #requests: SourceBuckets = openSourceBuckets(requestRate, mostPeers)
  readonly #pairs = new Pairs()
  #byName: ReadonlyMap<string, HubPeer> = new Map()
  /** By static key, hex. */
  #byKey: ReadonlyMap<string, HubPeer> = new Map()
  #rateBps: number | null = null
  /** The datapath may forward what a gateway before this one opened, which nobody here knows. */
  #isInherited = false
  /** Ends that went while channels are read; null: none are. */
  #ended: Set<string> | null = null
  /** It relays from now on, and nobody is told yet. */
  #isNews = false
  #timers: CancelTimer[] = []

  constructor(parts: HubParts) {
    this.#parts = parts
  }

  /** Of a channel in each direction; null: this box relays nothing. */
  get rateBps(): number | null {
    return this.#rateBps
  }

  get isForwarding(): boolean {
    return !this.#pairs.isEmpty
  }

  /**
   * Channels of another rate are closed: their ends ask again.
   * @param rateBps of a channel in each direction; null: this box relays nothing
   */
  configure(peers: readonly HubPeer[], rateBps: number | null): void {
    this.#byName = new Map(peers.map((peer) => [peer.name, peer]))
    this.#byKey = new Map(peers.map((peer) => [hex(peer.wireKey), peer]))
    const isOtherRate = rateBps !== this.#rateBps
    if (rateBps === null) this.#hush()
    this.#isNews = rateBps !== null && (this.#isNews || this.#rateBps === null)
    this.#rateBps = rateBps
    for (const pair of this.#pairs.all()) {
      const isKnown = pair.ends.every(
        ({ peer }) => this.#byKey.get(hex(peer.wireKey))?.name === peer.name,
      )
      if (isOtherRate || !isKnown) this.#close(pair)
    }
  }

  /** All numbers mean nothing any more: the datapath is another one, or none. */
  reset(): void {
    this.#pairs.clear()
    this.#ended = null
    this.#isInherited = true
  }

  /**
   * Belongs after the sessions of all peers are known. What the datapath forwards for a gateway before this one goes on, if it is as
   * this one would have it. @throws DATAPATH_ errors
   */
  async take(): Promise<void> {
    if (this.#isInherited) await this.#inherit()
    if (this.#isNews) this.#tellNews()
  }

  /** Asks that come too fast get no answer: their sender asks again. */
  async onOpen(asker: string, { deviceId }: Item<'relay-open'>): Promise<void> {
    const { clock, isUp, send, datapath } = this.#parts
    if (!this.#requests.take(asker, clock.nowMs())) return
    const from = this.#byName.get(asker)
    const to = this.#byKey.get(hex(deviceId))
    const refuse = (status: number): void =>
      send(asker, { type: 'relay-channel', channel: 0, status, deviceId })
    if (from === undefined || to === undefined || to === from || this.#rateBps === null) {
      refuse(relayStatus.refused)
      return
    }
    const known = this.#pairs.between(asker, to.name)
    if (known !== null) {
      // One that is being opened is told to both ends once it is.
      if (known.isOpen) this.#tell(known, asker)
      return
    }
    const open = datapath()
    if (!isUp(to.name) || open === null) {
      refuse(relayStatus.absent)
      return
    }
    if ([from, to].some(({ name }) => this.#pairs.isFull(name))) {
      refuse(relayStatus.full)
      return
    }
    const status = await this.#open(open, from, to)
    if (status !== relayStatus.open) refuse(status)
  }

  /** An end has no use for its channel any more. */
  onClose(asker: string, { channel }: Item<'relay-close'>): void {
    const pair = this.#pairs.at(asker, channel)
    if (pair !== null) this.#close(pair)
  }

  /** The datapath ended one direction of a channel, and with it the other. */
  onEnded(peer: string, channel: number): void {
    this.#ended?.add(endName(peer, channel))
    const pair = this.#pairs.at(peer, channel)
    if (pair !== null) this.#pairs.remove(pair)
    const ends = pair?.ends.map((end) => ({ name: end.peer.name, number: end.channel }))
    for (const { name, number } of ends ?? [{ name: peer, number: channel }]) {
      this.#tellClosed(name, number)
    }
  }

  [Symbol.dispose](): void {
    this.#hush()
  }

  async #open(
    datapath: Pick<Datapath, 'openChannel'>,
    from: HubPeer,
    to: HubPeer,
  ): Promise<number> {
    const { log } = this.#parts
    const [one, other] = [from, to].map((peer): End => {
      return { peer, channel: this.#newNumber(peer.name) }
    }) as [End, End]
    const pair: Pair = { ends: [one, other], isOpen: false }
    // Known at once, so that the other end, which asks as well, gets the same numbers.
    this.#pairs.add(pair)
    const fields = { peer: from.name, detail: to.name }
    try {
      await datapath.openChannel({
        ...{ peer: from.name, channel: one.channel, to: to.name, toChannel: other.channel },
        rateBps: this.#rateBps ?? 0,
      })
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#pairs.remove(pair)
      log.warn({ ...fieldsOf(error), ...fields }, 'relay channel not opened')
      return relayStatus.full
    }
    if (this.#pairs.at(from.name, one.channel) !== pair) return relayStatus.absent
    pair.isOpen = true
    log.info(fields, 'relay channel opened')
    for (const { peer } of pair.ends) this.#tell(pair, peer.name)
    return relayStatus.open
  }

  /** The number is good at this end's side; the item names whom it leads to. */
  #tell({ ends: [one, two] }: Pair, name: string): void {
    const [own, other] = one.peer.name === name ? [one, two] : [two, one]
    this.#parts.send(name, {
      type: 'relay-channel',
      channel: own.channel,
      status: relayStatus.open,
      deviceId: other.peer.wireKey,
    })
  }

  #tellClosed(peer: string, channel: number): void {
    const { isUp, send } = this.#parts
    if (isUp(peer)) send(peer, { type: 'relay-close', channel })
  }

  async #inherit(): Promise<void> {
    const ended = new Set<string>()
    this.#ended = ended
    const channels = (await this.#parts.datapath()?.listChannels()) ?? []
    // Another datapath by now: its own are still to be read.
    if (this.#ended !== ended) return
    this.#ended = null
    this.#isInherited = false
    for (const channel of channels) {
      const { peer, to, toChannel } = channel
      const isOver = ended.has(endName(peer, channel.channel)) || ended.has(endName(to, toChannel))
      if (isOver) continue
      if (this.#pairs.at(channel.peer, channel.channel) !== null) continue
      const pair = this.#asWanted(channel)
      if (pair !== null) this.#pairs.add(pair)
      else this.#closeStray(channel)
    }
  }

  /** Null: it is not as it would be opened now, or there is another one between the two. */
  #asWanted({ peer, channel, to, toChannel, rateBps }: ChannelCounters): Pair | null {
    const [from, other] = [this.#byName.get(peer), this.#byName.get(to)]
    if (from === undefined || other === undefined || rateBps !== this.#rateBps) return null
    if (this.#pairs.between(peer, to) !== null) return null
    const ends: Pair['ends'] = [
      { peer: from, channel },
      { peer: other, channel: toChannel },
    ]
    return { ends, isOpen: true }
  }

  #closeStray({ peer, channel, to, toChannel }: ChannelCounters): void {
    this.#end(peer, channel)
    this.#tellClosed(peer, channel)
    this.#tellClosed(to, toChannel)
  }

  #close(pair: Pair): void {
    this.#pairs.remove(pair)
    this.#end(pair.ends[0].peer.name, pair.ends[0].channel)
    for (const end of pair.ends) this.#tellClosed(end.peer.name, end.channel)
  }

  #end(peer: string, channel: number): void {
    const { datapath } = this.#parts
    this.#ended?.add(endName(peer, channel))
    // One that has ended by itself is nobody's fault.
    datapath()
      ?.closeChannel({ peer, channel })
      .catch(() => undefined)
  }

  /** Whom a box without relaying has refused asks again at once. */
  #tellNews(): void {
    this.#isNews = false
    this.#timers = newsAtMs.map((ms) =>
      this.#parts.clock.after(ms, () => {
        for (const name of this.#byName.keys()) this.#tellClosed(name, anyChannel)
      }),
    )
  }

  #hush(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers = []
  }

  #newNumber(peer: string): number {
    for (;;) {
      const number = Buffer.from(this.#parts.random(4)).readUInt32BE(0)
      if (number !== anyChannel && this.#pairs.at(peer, number) === null) return number
    }
  }
}

function endName(peer: string, channel: number): string {
  return `${peer} ${channel}`
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex')
}
