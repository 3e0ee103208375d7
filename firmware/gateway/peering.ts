/**
 * Ties the sessions to the configuration and to whichever datapath is connected: opens them, gives them sockets,
 * peers and datapath, and has ways found to those that cannot be called. What happens inside a session is the business of
 * sessions/, what a relay is that of relay/, which ways are looked for that of traversal.ts.
 */
import type { Clock } from '../host/clock/clock.ts'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { Log } from '../host/system/log.ts'
import { type Endpoint, type Family, parseEndpoint } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { defaultRekeySeconds } from '../model/device-config-overlay.ts'
import { stunPort } from '../model/nat.ts'
import type { Counters, DatapathEvent } from '../model/program.ts'
import { relayUplinkName } from '../model/traversal-program.ts'
import { decodeWireKey } from '../model/wire-key.ts'
import type { UplinkPlace } from '../plan/compile.ts'
import { isIpv6 } from '../plan/prefix.ts'
import { type ReachFacts, relayOf } from '../plan/relayed.ts'
import type { RelayingFacts } from '../plan/relaying.ts'
import { type SessionTiming, wireTiming } from '../plan/session.ts'
import { placesToTell, soundPlaces } from '../plan/told-place.ts'
import type { SpeedItem } from '../wire/speed.ts'
import type { X25519Pair } from '../wire/x25519.ts'
import type { NatFinder } from './nat/nat.ts'
import type { RecordFile } from './program-loader.ts'
import { Relaying } from './relay/relaying.ts'
import type { SessionsListener } from './sessions/listener.ts'
import type { PeerConfig, Uplink } from './sessions/session.ts'
import { openSessions, type Sessions } from './sessions/sessions.ts'
import type { SessionStatus } from './sessions/status.ts'
import type { PeerReach } from './traversal/known.ts'
import { Traversal } from './traversal/traversal.ts'
import type { Numbers } from './uplink-numbers.ts'
import { type BindUdp, type Ports, UplinkSockets } from './uplink-sockets.ts'
import { WhereaboutsRecord } from './whereabouts.ts'

export interface PeeringParts {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly wireKey: X25519Pair
  readonly bindUdp: BindUdp
  readonly numbers: Numbers
  /** Told of the sockets of all uplinks, those of before being about to close; it outlives the peering. */
  readonly nat: NatFinder
  /** Where each peer was heard last is kept there. */
  readonly whereaboutsRecord: Pick<RecordFile, 'read' | 'write'>
  readonly onSpeed: (peer: string, item: SpeedItem) => void
}

export class Peering implements AsyncDisposable {
  readonly #parts: PeeringParts
  readonly #sockets: UplinkSockets
  readonly #relaying: Relaying
  readonly #traversal: Traversal
  readonly #whereabouts: WhereaboutsRecord
  #sessions: Sessions | null = null
  #peers: DeviceConfig['peers'] = []
  #unnamed: DeviceConfig['peers'] = []
  /** What the open sessions were opened with: they cannot change it. */
  #openedFor = { tenant: '', rekeySeconds: 0 }

  constructor(parts: PeeringParts) {
    this.#parts = parts
    this.#sockets = new UplinkSockets(parts.bindUdp)
    this.#whereabouts = new WhereaboutsRecord({ ...parts, file: parts.whereaboutsRecord })
    this.#relaying = new Relaying({
      ...parts,
      send: (peer, item) => void this.#sessions?.send(peer, [item]),
      onWays: (peer, ways) => {
        this.#sessions?.setRelayed(peer, ways)
        this.#traversal.setRelayed(peer, ways)
      },
    })
    this.#traversal = new Traversal({
      ...parts,
      ownKey: parts.wireKey.publicKey,
      onReach: (reach) => this.#logReach(reach),
      send: (peer, item) => void this.#sessions?.send(peer, [item]),
      want: (peer, need) => this.#relaying.want(peer, need),
      doubt: (peer) => this.#relaying.doubt(peer),
    })
  }

  /** The peers must be in the datapath's running program, and the uplinks' addresses on their twins. */
  async configure(
    config: DeviceConfig,
    places: readonly UplinkPlace[],
    datapath: Datapath,
  ): Promise<void> {
    await this.#whereabouts.read()
    const ports = await this.#sockets.update(portsOf(config), places)
    const { tenant, rekeySeconds } = wantOf(config)
    const isOther =
      tenant !== this.#openedFor.tenant || rekeySeconds !== this.#openedFor.rekeySeconds
    if (this.#sessions === null || isOther) {
      await this.#sessions?.[Symbol.asyncDispose]()
      this.#sessions = this.#open(tenant, rekeySeconds)
      this.#openedFor = { tenant, rekeySeconds }
    }
    this.#peers = config.peers
    const isHub = config.overlay.relay !== undefined
    this.#unnamed = config.peers.filter(({ endpoints, role }) => {
      return endpoints.length === 0 && role !== 'hub' && !isHub
    })
    this.#relaying.configure(config, datapath)
    this.#traversal.configure(config, places, datapath)
    const uplinks = withCost([...ports.overlay, this.#relaying.uplink], config)
    const wanted = { uplinks, otherPorts: ports.otherOverlay, peers: config.peers.map(peerOf) }
    await this.#sessions.configure(wanted, datapath)
    // Sessions that are new know of none yet.
    this.#relaying.tell()
    await this.#relaying.take()
    this.#parts.nat.configure(ports, config)
    await ports.retire()
  }

  /**
   * Tells peers that are not in this configuration, or are another's there, that their sessions end. Belongs before
   * the load of its program, with which the datapath forgets them. @throws DATAPATH_ errors
   */
  async leave(config: DeviceConfig): Promise<void> {
    const isSameTenant = wantOf(config).tenant === this.#openedFor.tenant
    await this.#sessions?.leaveAllBut(isSameTenant ? config.peers.map(peerOf) : [])
  }

  /** Of any kind; those of sessions they hear themselves. */
  onEvent(event: DatapathEvent): void {
    // Which says first who is wanted.
    this.#traversal.onEvent(event)
    this.#relaying.onEvent(event)
  }

  onCounters(counters: Counters): void {
    this.#whereabouts.take(counters)
    this.#relaying.look()
    this.#traversal.onCounters(counters)
  }

  /** Where peers can call this box from outside, the best first. */
  places(): Endpoint[] {
    return placesToTell(this.#traversal.place)
  }

  /** Has the NATs tested again, soon. */
  refresh(): void {
    this.#parts.nat.refresh()
  }

  /** Those that no endpoint leads to, by wire key, and whether there is a session. A hub is nobody to be found: it is named. */
  unnamed(): { readonly wireKey: string; readonly isUp: boolean }[] {
    const states = new Map(this.status().map(({ peer, state }) => [peer, state]))
    const isUp = (peer: string): boolean => ['up', 'rekeying'].includes(states.get(peer) ?? 'down')
    return this.#unnamed.map(({ name, wireKey }) => ({ wireKey, isUp: isUp(name) }))
  }

  /** Calls such a peer there, as somebody says who tells it where this box is: as far as a peer can be there. */
  callAt(wireKey: string, places: readonly Endpoint[]): void {
    const peer = this.#unnamed.find((one) => one.wireKey === wireKey)
    const sound = soundPlaces(places, this.#traversal.place)
    if (peer !== undefined && sound.length > 0) this.#sessions?.callAt(peer.name, sound)
  }

  /** Seals it for the peer; it may be lost on its way. False: there is no session. */
  async sendSpeed(peer: string, item: SpeedItem): Promise<boolean> {
    return (await this.#sessions?.send(peer, [item])) ?? false
  }

  /** Of each peer, in no order. */
  reaches(): ReachFacts[] {
    return this.#traversal.reaches().map((reach) => {
      return { ...reach, channels: this.#relaying.answersOf(reach.peer) }
    })
  }

  /** What this box forwards for others; null: nothing. */
  relaying(): RelayingFacts | null {
    return this.#relaying.facts()
  }

  status(): SessionStatus[] {
    return this.#sessions?.status() ?? []
  }

  /** Whether a session was set up over the uplink, not through a relay, and is up. */
  isReached(uplink: string, family: Family): boolean {
    return this.status().some(
      ({ uplink: by, endpoint }) =>
        by === uplink && endpoint !== null && isIpv6(endpoint.address) === (family === 6),
    )
  }

  /** Handshake messages that led to no session, by reason. */
  strays(): Readonly<Record<string, number>> {
    return this.#sessions?.strays() ?? {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions?.[Symbol.asyncDispose]()
    this.#sessions = null
    await this.#whereabouts.end()
    this.#traversal[Symbol.dispose]()
    this.#relaying[Symbol.dispose]()
    await this.#sockets[Symbol.asyncDispose]()
  }

  /** That a session is over has a line of its own. */
  #logReach({ peer, how, relayed }: PeerReach): void {
    const { log } = this.#parts
    if (how === 'direct') log.info({ peer }, 'peer reached directly')
    else if (how === 'relayed') {
      const detail = relayOf(relayed ?? '', this.#peers) ?? ''
      log.info({ peer, detail }, 'peer reached through a relay')
    }
  }

  #open(tenantId: string, rekeySeconds: number): Sessions {
    const { clock, random, log, wireKey, numbers } = this.#parts
    const tenant = Buffer.from(tenantId.replaceAll('-', ''), 'hex')
    const timing = timingOf(rekeySeconds)
    const listener: SessionsListener = {
      onUp: (peer) => {
        this.#parts.nat.retry()
        this.#relaying.onUp(peer)
        this.#traversal.onUp(peer)
      },
      onDown: (peer) => {
        this.#relaying.onDown(peer)
        this.#traversal.onDown(peer)
      },
      onItem: (peer, item) => {
        if (item.type === 'candidates') this.#traversal.onCandidates(peer, item)
        else this.#relaying.onItem(peer, item)
      },
      onSpeed: this.#parts.onSpeed,
    }
    const whereabouts = (peer: string) => this.#whereabouts.of(peer)
    const parts = { clock, random, log, tenant, wireKey, numbers, timing, listener }
    return openSessions({ ...parts, whereabouts })
  }
}

function portsOf({ overlay: { port, ports = [], relay } }: DeviceConfig): Ports {
  return { overlay: port, otherOverlay: ports, stun: relay === undefined ? null : stunPort }
}

/** Ways through relays cost where there is no uplink that does not. */
function withCost(open: readonly Uplink[], { uplinks }: DeviceConfig): Uplink[] {
  const dear = uplinks.filter(({ metered }) => metered === true).map(({ name }) => name)
  const isAllDear = dear.length > 0 && dear.length === uplinks.length
  return open.map((one) => {
    const isMetered = one.name === relayUplinkName ? isAllDear : dear.includes(one.name)
    return { ...one, isMetered }
  })
}

function wantOf({ tenant, overlay }: DeviceConfig): { tenant: string; rekeySeconds: number } {
  return { tenant, rekeySeconds: overlay.rekeySeconds ?? defaultRekeySeconds }
}

/** However fast rekeys are: so long a box may be cut off, or its gateway away, before its sessions end. */
const leastLifetimeMs = 10_000

/** The intervals of wire.md, shortened in proportion where the configuration asks for faster rekeys. */
export function timingOf(rekeySeconds: number): SessionTiming {
  const scaled = (ms: number): number => Math.round((ms * rekeySeconds) / defaultRekeySeconds)
  // Half a period leaves room for a rekey in the other half.
  const atMostHalf = (ms: number): number => Math.min(ms, rekeySeconds * 500)
  const { lifetimeMs, rekeyInitiatorMs } = wireTiming
  const [least, most] = rekeyInitiatorMs
  return {
    ...wireTiming,
    rekeyInitiatorMs: [scaled(least), scaled(most)],
    rekeyResponderMs: scaled(wireTiming.rekeyResponderMs),
    lifetimeMs: Math.min(lifetimeMs, Math.max(leastLifetimeMs, scaled(lifetimeMs))),
    rekeyQuietMs: atMostHalf(wireTiming.rekeyQuietMs),
    nextHoldMs: atMostHalf(wireTiming.nextHoldMs),
    ownRekeyMs: atMostHalf(wireTiming.ownRekeyMs),
  }
}

function peerOf({ name, wireKey, endpoints }: DeviceConfig['peers'][number]): PeerConfig {
  return {
    name,
    wireKey: decodeWireKey(wireKey)!,
    endpoints: endpoints.map((text) => parseEndpoint(text)!),
  }
}
