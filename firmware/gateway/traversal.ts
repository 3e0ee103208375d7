/**
 * How each peer is reached: decides when a way through a relay is wanted, and has the datapath try the ways that are known
 * beside those of the program. What a relay is: relay/. Which paths then carry what is the datapath's.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { UdpAddress } from '../host/udp/udp.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { Counters, DatapathEvent } from '../model/program.ts'
import { relayUplink } from '../model/traversal-program.ts'
import { countedWays, noWays, reachOf, toldWays, unreached, type Ways } from '../plan/reach.ts'
import { relayedOf } from '../wire/relay.ts'

export interface TraversalParts {
  readonly clock: Clock
  /** Whether a way to the peer through a relay is to be had. */
  readonly want: (peer: string, isWanted: boolean) => void
}

interface Quest {
  readonly peer: string
  /** Can be called without a relay, perhaps. */
  hasEndpoints: boolean
  isRelay: boolean
  /** A session, and its peer is heard. */
  isUp: boolean
  upOrDownAtMs: number
  ways: Ways
  /** Inner packets came or went then. */
  dataAtMs: number
  relayed: readonly UdpAddress[]
  timer: CancelTimer | null
}

/** A peer that has endpoints is called at them for so long before a relay is asked. */
const graceMs = 1_000
/** So long after the last packet the way through a relay is kept beside a direct one, to fall back on without loss. */
const keepMs = 120_000

export class Traversal implements Disposable {
  readonly #parts: TraversalParts
  readonly #quests = new Map<string, Quest>()
  #datapath: Datapath | null = null

  constructor(parts: TraversalParts) {
    this.#parts = parts
  }

  configure({ peers }: Pick<DeviceConfig, 'peers'>, datapath: Datapath): void {
    const names = new Set(peers.map(({ name }) => name))
    for (const [name, quest] of this.#quests) {
      if (names.has(name)) continue
      quest.timer?.()
      this.#quests.delete(name)
    }
    const isOther = datapath !== this.#datapath
    this.#datapath = datapath
    for (const { name, endpoints, role } of peers) {
      const known = this.#quests.get(name)
      const quest = known ?? newQuest(name, this.#parts.clock.nowMs())
      quest.hasEndpoints = endpoints.length > 0
      quest.isRelay = role === 'hub'
      this.#quests.set(name, quest)
      this.#steer(quest)
      if (isOther && quest.relayed.length > 0) this.#try(quest)
    }
  }

  onUp(peer: string): void {
    this.#onSession(peer, true)
  }

  onDown(peer: string): void {
    this.#onSession(peer, false)
  }

  /** The ways to a peer through relays are these from now on. */
  setRelayed(peer: string, ways: readonly UdpAddress[]): void {
    const quest = this.#quests.get(peer)
    if (quest === undefined) return
    quest.relayed = ways
    this.#try(quest)
  }

  onEvent(event: DatapathEvent): void {
    if (event.kind !== 'path') return
    const quest = this.#quests.get(event.peer)
    if (quest === undefined) return
    quest.ways = toldWays(quest.ways, event, relayedOf(event.remoteAddress) !== null)
    this.#steer(quest)
  }

  onCounters(counters: Counters): void {
    const counted = countedWays(counters)
    for (const quest of this.#quests.values()) {
      const ways = counted.get(quest.peer) ?? noWays
      if (ways.packets > quest.ways.packets) quest.dataAtMs = this.#parts.clock.nowMs()
      quest.ways = ways
      this.#steer(quest)
    }
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#quests.values()) timer?.()
    this.#quests.clear()
  }

  #onSession(peer: string, isUp: boolean): void {
    const quest = this.#quests.get(peer)
    if (quest === undefined) return
    if (quest.isUp !== isUp) quest.upOrDownAtMs = this.#parts.clock.nowMs()
    quest.isUp = isUp
    if (isUp && quest.relayed.length > 0) this.#try(quest)
    this.#steer(quest)
  }

  #steer(quest: Quest): void {
    const { clock, want } = this.#parts
    const nowMs = clock.nowMs()
    quest.timer?.()
    quest.timer = null
    if (quest.isRelay) return
    const { isDirect } = quest.isUp ? reachOf(quest.ways) : unreached
    if (quest.isUp && isDirect) {
      want(quest.peer, nowMs - quest.dataAtMs < keepMs)
      return
    }
    const leftMs = quest.hasEndpoints ? quest.upOrDownAtMs + graceMs - nowMs : 0
    if (leftMs <= 0) want(quest.peer, true)
    else quest.timer = clock.after(leftMs, () => this.#steer(quest))
  }

  /** Ways through relays stay tried for as long as they are named. */
  #try({ peer, relayed }: Quest): void {
    const ways = relayed.map(({ address, port }) => {
      return { uplink: relayUplink, localPort: 0, remoteAddress: address, remotePort: port }
    })
    // What fails is tried again when anything changes.
    this.#datapath?.try({ peer, forMs: 0, ways }).catch(() => undefined)
  }
}

function newQuest(peer: string, nowMs: number): Quest {
  return {
    peer,
    hasEndpoints: false,
    isRelay: false,
    isUp: false,
    upOrDownAtMs: nowMs,
    ways: noWays,
    dataAtMs: Number.NEGATIVE_INFINITY,
    relayed: [],
    timer: null,
  }
}
