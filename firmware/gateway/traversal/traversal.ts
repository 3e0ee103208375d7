/**
 * How each peer is reached: knows by which kinds of ways, decides when one through a relay is wanted, has direct ones looked for
 * (quest.ts), and names to the datapath those to be tried beside the program's. Which of them then carry what is the datapath's.
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import type { UdpAddress } from '../../host/udp/udp.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import type { Counters, DatapathEvent } from '../../model/program.ts'
import { parseRelayed } from '../../model/relayed-address.ts'
import { mostChannels, noSpray, type SprayProgram } from '../../model/traversal-program.ts'
import { decodeWireKey } from '../../model/wire-key.ts'
import type { OwnPlace } from '../../plan/candidate.ts'
import type { UplinkPlace } from '../../plan/compile.ts'
import { countedWays, noWays, reachOf, toldWays } from '../../plan/reach.ts'
import type { ControlItem, Item } from '../../wire/control-item.ts'
import type { Nat } from '../nat/nat.ts'
import type { Need } from '../relay/wish.ts'
import type { Numbers } from '../uplink-numbers.ts'
import { type Known, moveToTell, newKnown, type PeerReach, reachAt, triedNow } from './known.ts'
import { OwnPlaces } from './own-places.ts'
import { Quest } from './quest.ts'
import { SprayTurns } from './spray-turns.ts'

export interface TraversalParts {
  readonly clock: Clock
  readonly numbers: Numbers
  readonly nat: Nat
  readonly ownKey: Uint8Array
  /** Whether a way to the peer through a relay is to be had. */
  readonly want: (peer: string, need: Need) => void
  /** Nothing is heard by the ways through relays that there should be. */
  readonly doubt: (peer: string) => void
  /** Seals an item for a peer; may be lost. */
  readonly send: (peer: string, item: ControlItem) => void
  /** It is reached in another way than before. */
  readonly onReach: (reach: PeerReach) => void
}

/** A peer that has endpoints is called at them for so long before a relay is asked. */
const graceMs = 1_000
/** So long after the last packet the way through a relay is kept beside a direct one, to fall back on without loss. */
const keepMs = 120_000
/** Data flows, as long as the last packet is no older. */
const dataMs = 30_000
/** A way through a relay that is not up by then may have ended. */
const doubtMs = 10_000
/** A path by which the session began is told of by then. */
const settleMs = 150
/** Peers that are reached anyhow look for more ways one after the other. */
const spreadMs = 2_000
const moved: Item<'candidates'> = {
  ...{ type: 'candidates', round: 0, wantsAnswer: false, isSpray: false, isBusy: false },
  ...{ wall: 'open', isMoved: true, candidates: [] },
}

export class Traversal implements Disposable {
  readonly #parts: TraversalParts
  readonly #own: OwnPlaces
  readonly #known = new Map<string, Known>()
  readonly #stop: () => void
  readonly #turns: SprayTurns
  #datapath: Datapath | null = null
  /** This box is a hub. */
  #isRelay = false
  /** More peers than a relay has channels for: only those that are used get one. */
  #isCrowded = false

  constructor(parts: TraversalParts) {
    this.#parts = parts
    this.#own = new OwnPlaces(parts)
    this.#turns = new SprayTurns(parts.clock)
    this.#stop = parts.nat.onChange(() => {
      if (this.#own.isOther()) this.#beginAll()
    })
  }

  configure(config: DeviceConfig, places: readonly UplinkPlace[], datapath: Datapath): void {
    const keys = new Map(config.peers.map(({ name, wireKey }) => [name, wireKey]))
    for (const known of this.#known.values()) {
      if (keys.get(known.peer) !== known.wireKey) this.#remove(known)
    }
    const isOther = datapath !== this.#datapath
    this.#datapath = datapath
    this.#own.configure(config, places)
    this.#isRelay = config.overlay.relay !== undefined
    this.#isCrowded = config.peers.filter(({ role }) => role !== 'hub').length > mostChannels
    for (const { name, endpoints, role, wireKey } of config.peers) {
      const known = this.#known.get(name) ?? this.#add(name, wireKey)
      known.hasEndpoints = endpoints.length > 0
      known.isHub = role === 'hub'
      known.isByHub = known.isHub || this.#isRelay
      this.#steer(known)
      if (isOther && known.relayed.length > 0) this.#try(known)
    }
    if (this.#own.isOther()) this.#beginAll()
  }

  onUp(peer: string): void {
    const known = this.#known.get(peer)
    if (known === undefined) return
    // One that has begun anew counts its moves anew.
    known.heardMove = null
    this.#setUp(known, true)
    if (known.relayed.length > 0) this.#try(known)
    this.#later(known, settleMs, () => {
      if (known.how !== 'direct') this.#begin(known)
    })
  }

  onDown(peer: string): void {
    const known = this.#known.get(peer)
    if (known === undefined) return
    this.#setUp(known, false)
    known.quest.end()
  }

  onCandidates(peer: string, item: Item<'candidates'>): void {
    const known = this.#known.get(peer)
    if (known === undefined) return
    if (!known.isByHub) known.quest.onCandidates(item)
    else if (known.isHub && item.isMoved && item.round !== known.heardMove) {
      known.heardMove = item.round
      this.#own.onMoved()
    }
  }

  /** The ways to a peer through relays are these from now on. */
  setRelayed(peer: string, ways: readonly UdpAddress[]): void {
    const known = this.#known.get(peer)
    if (known === undefined) return
    known.relayed = ways
    this.#try(known)
  }

  onEvent(event: DatapathEvent): void {
    if (event.kind !== 'path' && event.kind !== 'wanted') return
    const known = this.#known.get(event.peer)
    if (known === undefined) return
    if (event.kind === 'wanted') known.wantedAtMs = this.#parts.clock.nowMs()
    else known.ways = toldWays(known.ways, event, parseRelayed(event.remoteAddress) !== null)
    this.#steer(known)
    this.#tellMoved(known)
  }

  onCounters(counters: Counters): void {
    const counted = countedWays(counters)
    for (const known of this.#known.values()) {
      const ways = counted.get(known.peer) ?? noWays
      const isData = ways.packets > known.ways.packets && known.ways !== noWays
      known.ways = ways
      if (isData) {
        known.dataAtMs = this.#parts.clock.nowMs()
        known.quest.hurry()
      }
      this.#steer(known)
      this.#doubt(known)
      this.#tellMoved(known)
    }
  }

  /** Where this box is, as far as it knows. */
  get place(): OwnPlace {
    return this.#own.place
  }

  reaches(): PeerReach[] {
    const nowMs = this.#parts.clock.nowMs()
    return [...this.#known.values()].map((known) => reachAt(known, nowMs))
  }

  [Symbol.dispose](): void {
    this.#stop()
    this.#turns[Symbol.dispose]()
    this.#own[Symbol.dispose]()
    for (const known of this.#known.values()) this.#remove(known)
  }

  #add(peer: string, wireKey: string): Known {
    const { clock, send, ownKey } = this.#parts
    const known: Known = {
      ...newKnown(peer, wireKey, clock.nowMs()),
      quest: new Quest({
        clock,
        own: () => this.#own.place,
        isSmaller: Buffer.compare(ownKey, decodeWireKey(wireKey)!) < 0,
        isDirect: () => known.how === 'direct',
        hasData: () => clock.nowMs() - known.dataAtMs < dataMs,
        send: (item) => send(peer, item),
        try: (ways, forMs) => {
          known.tried = { ways, untilMs: clock.nowMs() + forMs }
          this.#try(known)
        },
        spray: ({ delayMs: _delay, lastsMs: _lasts, ...spray }) => this.#spray({ peer, ...spray }),
        stopSpray: () => this.#spray({ peer, ...noSpray }),
        turn: this.#turns.of(peer),
        refresh: (whose) => this.#own.refresh(whose),
      }),
    }
    this.#known.set(peer, known)
    return known
  }

  /** One that is refused is one that did not meet. */
  #spray(program: SprayProgram): void {
    this.#datapath?.spray(program).catch(() => undefined)
  }

  #remove(known: Known): void {
    known.timer?.()
    known.quest[Symbol.dispose]()
    this.#known.delete(known.peer)
  }

  #setUp(known: Known, isUp: boolean): void {
    if (known.isUp !== isUp) known.upOrDownAtMs = this.#parts.clock.nowMs()
    known.isUp = isUp
    this.#steer(known)
  }

  #steer(known: Known): void {
    const { clock, want } = this.#parts
    const nowMs = clock.nowMs()
    const { isDirect, isRelayed } = reachOf(known.ways)
    const how = !known.isUp ? 'none' : isDirect ? 'direct' : isRelayed ? 'relayed' : 'none'
    const before = known.how
    if (how !== before) {
      Object.assign(known, { how, howAtMs: nowMs })
      this.#parts.onReach(reachAt(known, nowMs))
    }
    if (known.isByHub) {
      want(known.peer, 'none')
      return
    }
    if (how === 'direct') {
      if (before !== 'direct') known.quest.end()
      want(known.peer, nowMs - known.dataAtMs < keepMs ? 'spare' : 'none')
      return
    }
    if (before === 'direct' && known.isUp) this.#begin(known)
    const leftMs = known.hasEndpoints ? known.upOrDownAtMs + graceMs - nowMs : 0
    const usedAtMs = Math.max(known.dataAtMs, known.wantedAtMs)
    const isUsed = !this.#isCrowded || nowMs - usedAtMs < keepMs
    if (!isUsed || known.isUp || leftMs <= 0) want(known.peer, isUsed ? 'needed' : 'none')
    else if (known.timer === null) this.#later(known, leftMs, () => this.#steer(known))
  }

  /** A hub tells whom it sees at another address. */
  #tellMoved(known: Known): void {
    const move = this.#isRelay ? moveToTell(known, this.#parts.clock.nowMs()) : null
    if (move !== null) this.#parts.send(known.peer, { ...moved, round: move })
  }

  /** What its relay ended may not have been told. Of a peer without data a way sleeps, and proves nothing. */
  #doubt(known: Known): void {
    const nowMs = this.#parts.clock.nowMs()
    const isWell = known.relayed.length === 0 || reachOf(known.ways).isRelayed
    if (isWell) known.relayedAtMs = nowMs
    if (nowMs - known.relayedAtMs < doubtMs || nowMs - known.dataAtMs >= keepMs) return
    known.relayedAtMs = nowMs
    this.#parts.doubt(known.peer)
  }

  #begin(known: Known): void {
    if (known.isUp && !known.isByHub) known.quest.begin()
  }

  #beginAll(): void {
    const reached = [...this.#known.values()].filter(({ isUp }) => isUp)
    reached.forEach((known, at) => {
      const waitMs = known.how === 'direct' ? (at / reached.length) * spreadMs : 0
      this.#later(known, waitMs, () => this.#begin(known))
    })
  }

  #later(known: Known, ms: number, run: () => void): void {
    known.timer?.()
    known.timer = this.#parts.clock.after(ms, () => {
      known.timer = null
      run()
    })
  }

  #try(known: Known): void {
    // What fails is tried again when anything changes.
    this.#datapath?.try(triedNow(known, this.#parts.clock.nowMs())).catch(() => undefined)
  }
}
