/**
 * The relay's half of relaying: opens a channel between two of its peers when one of them asks, tells both, and tells the other
 * end when it is over. What is forwarded, how fast, and when a channel has been unused for too long is the datapath's.
 * wire.md, "Relay".
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import type { Log } from '../../host/system/log.ts'
import { CausewayError } from '../../model/errors.ts'
import { mostChannels } from '../../model/traversal-program.ts'
import { openSourceBuckets, type SourceBuckets } from '../../plan/rate-limit.ts'
import { type Item, relayStatus } from '../../wire/control-item.ts'
import { fieldsOf } from '../log-fields.ts'

export interface HubPeer {
  readonly name: string
  readonly wireKey: Uint8Array
}

export interface HubParts {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly log: Pick<Log, 'info' | 'warn'>
  /** Null while there is none. */
  readonly datapath: () => Pick<Datapath, 'openChannel' | 'closeChannel'> | null
  readonly isUp: (peer: string) => boolean
  /** Seals an item for the peer; may be lost. */
  readonly send: (peer: string, item: Item<'relay-channel' | 'relay-close'>) => void
}

/** One end of a channel, and by which number it goes there. */
interface End {
  readonly peer: HubPeer
  readonly channel: number
}

interface Pair {
  readonly ends: readonly [End, End]
  isOpen: boolean
}

/** A gateway that has just come up asks for many at once. */
const requestRate = { perSecond: 20, burst: 40 }
const mostPeers = 1_024

export class Hub {
  readonly #parts: HubParts
  readonly #requests: SourceBuckets = openSourceBuckets(requestRate, mostPeers)
  /** By each end's name and number: those that are open, and those that are being opened. */
  readonly #pairs = new Map<string, Map<number, Pair>>()
  #byName: ReadonlyMap<string, HubPeer> = new Map()
  /** By static key, hex. */
  #byKey: ReadonlyMap<string, HubPeer> = new Map()
  #rateBps: number | null = null
  /** The datapath may forward what a gateway before this one opened, which nobody here knows. */
  #isInherited = false

  constructor(parts: HubParts) {
    this.#parts = parts
  }

  /**
   * Channels of another rate are closed: their ends ask again.
   * @param rateBps of a channel in each direction; null: this box relays nothing
   */
  configure(peers: readonly HubPeer[], rateBps: number | null): void {
    this.#byName = new Map(peers.map((peer) => [peer.name, peer]))
    this.#byKey = new Map(peers.map((peer) => [hex(peer.wireKey), peer]))
    const isOtherRate = rateBps !== this.#rateBps
    this.#rateBps = rateBps
    for (const pair of new Set([...this.#pairs.values()].flatMap((own) => [...own.values()]))) {
      const isKnown = pair.ends.every(
        ({ peer }) => this.#byKey.get(hex(peer.wireKey))?.name === peer.name,
      )
      if (isOtherRate || !isKnown) this.#close(pair)
    }
  }

  /** All numbers mean nothing any more: the datapath is another one, or none. */
  reset(): void {
    this.#pairs.clear()
    this.#isInherited = true
  }

  /** Belongs after the sessions of all peers are known. What goes on undisturbed may, where this box still relays. */
  async take(): Promise<void> {
    if (this.#rateBps === null) await this.#clear()
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
    const known = this.#find(asker, to.name)
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
    if ([from, to].some(({ name }) => (this.#pairs.get(name)?.size ?? 0) >= mostChannels)) {
      refuse(relayStatus.full)
      return
    }
    const status = await this.#open(open, from, to)
    if (status !== relayStatus.open) refuse(status)
  }

  /** An end has no use for its channel any more. */
  onClose(asker: string, { channel }: Item<'relay-close'>): void {
    const pair = this.#pairs.get(asker)?.get(channel)
    if (pair !== undefined) this.#close(pair)
  }

  /** The datapath ended one direction of a channel, and with it the other. */
  onEnded(peer: string, channel: number): void {
    const { isUp, send } = this.#parts
    const pair = this.#pairs.get(peer)?.get(channel)
    if (pair !== undefined) this.#remove(pair)
    const ends = pair?.ends.map((end) => ({ name: end.peer.name, number: end.channel }))
    for (const { name, number } of ends ?? [{ name: peer, number: channel }]) {
      if (isUp(name)) send(name, { type: 'relay-close', channel: number })
    }
  }

  async #open(
    datapath: Pick<Datapath, 'openChannel'>,
    from: HubPeer,
    to: HubPeer,
  ): Promise<number> {
    const { log } = this.#parts
    const ends = [from, to].map((peer) => ({ peer, channel: this.#newNumber(peer.name) }))
    const pair: Pair = { ends: [ends[0]!, ends[1]!], isOpen: false }
    // Known at once, so that the other end, which asks as well, gets the same numbers.
    for (const { peer, channel } of ends) {
      if (!this.#pairs.has(peer.name)) this.#pairs.set(peer.name, new Map())
      this.#pairs.get(peer.name)!.set(channel, pair)
    }
    const fields = { peer: from.name, detail: to.name }
    try {
      await datapath.openChannel({
        peer: from.name,
        channel: pair.ends[0].channel,
        to: to.name,
        toChannel: pair.ends[1].channel,
        rateBps: this.#rateBps ?? 0,
      })
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#remove(pair)
      log.warn({ ...fieldsOf(error), ...fields }, 'relay channel not opened')
      // It may be that nobody uses those that are in the way.
      await this.#clear()
      return relayStatus.full
    }
    if (!this.#isKept(pair)) return relayStatus.absent
    pair.isOpen = true
    log.info(fields, 'relay channel opened')
    for (const { peer } of ends) this.#tell(pair, peer.name)
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

  /** Ends all; the datapath says so of each, and its ends, who are told, ask again. */
  async #clear(): Promise<void> {
    if (!this.#isInherited) return
    this.#isInherited = false
    const datapath = this.#parts.datapath()
    for (const { name } of this.#byName.values()) {
      // One that dies has none any more.
      await datapath?.closeChannel({ peer: name, channel: 0 }).catch(() => undefined)
    }
  }

  #close(pair: Pair): void {
    const { datapath, isUp, send } = this.#parts
    this.#remove(pair)
    const [{ peer, channel }] = pair.ends
    // One that has ended by itself is nobody's fault.
    datapath()
      ?.closeChannel({ peer: peer.name, channel })
      .catch(() => undefined)
    for (const end of pair.ends) {
      if (isUp(end.peer.name)) send(end.peer.name, { type: 'relay-close', channel: end.channel })
    }
  }

  #remove(pair: Pair): void {
    for (const { peer, channel } of pair.ends) {
      const own = this.#pairs.get(peer.name)
      if (own?.get(channel) === pair) own.delete(channel)
      if (own?.size === 0) this.#pairs.delete(peer.name)
    }
  }

  #isKept({ ends: [{ peer, channel }] }: Pair): boolean {
    return this.#pairs.get(peer.name)?.has(channel) === true
  }

  #find(one: string, other: string): Pair | null {
    const own = [...(this.#pairs.get(one)?.values() ?? [])]
    return own.find(({ ends }) => ends.some(({ peer }) => peer.name === other)) ?? null
  }

  #newNumber(peer: string): number {
    for (;;) {
      const number = Buffer.from(this.#parts.random(4)).readUInt32BE(0)
      if (number !== 0 && this.#pairs.get(peer)?.has(number) !== true) return number
    }
  }
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex')
}
