/**
 * The sessions of a gateway with its peers: brought up, rekeyed and brought back for as long as they are
 * configured. Handshakes are made here; packets, probes and keypairs in use are the datapath's. wire.md.
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import type { UdpAddress } from '../../host/udp/udp.ts'
import { CausewayError } from '../../model/errors.ts'
import { isUsableWireKey } from '../../model/wire-key.ts'
import { type SessionTiming, wireTiming } from '../../plan/session.ts'
import { encodeItems } from '../../wire/control.ts'
import { type ControlItem, closeReason } from '../../wire/control-item.ts'
import { cookieKey } from '../../wire/cookie.ts'
import { mac1Key } from '../../wire/handshake.ts'
import type { X25519Pair } from '../../wire/x25519.ts'
import type { Numbers } from '../uplink-numbers.ts'
import { openAdmission } from './admission.ts'
import { openAttachment, resync } from './attachment.ts'
import { onDatagram } from './demux.ts'
import { openFreshness } from './freshness.ts'
import { openIndices } from './indices.ts'
import { setRelayed } from './initiate.ts'
import { nobody, type SessionLog, type SessionsListener } from './listener.ts'
import { hex } from './respond.ts'
import { openRotatingSecret } from './rotating-secret.ts'
import { callAnew, callAt, steer } from './schedule.ts'
import {
  type Context,
  newSession,
  type PeerConfig,
  resetSession,
  type Session,
  type StrayReason,
  type Uplink,
} from './session.ts'
import { type SessionStatus, statusOf } from './status.ts'
import { isSameEndpoints, isSameUplinks } from './thrift.ts'

export interface SessionsOptions {
  readonly clock: Clock
  /** Cryptographically strong; every call yields a fresh buffer, which is wiped after use. */
  readonly random: (bytes: number) => Uint8Array
  readonly log: SessionLog
  /** 16 bytes. */
  readonly tenant: Uint8Array
  readonly wireKey: X25519Pair
  readonly timing?: SessionTiming
  readonly numbers: Numbers
  readonly listener?: SessionsListener
  /** Where a peer was heard last: called there, too, once the datapath has begun anew. */
  readonly whereabouts?: Context['whereabouts']
}

export interface SessionsConfig {
  /** By these handshakes begin: one socket an uplink and family. */
  readonly uplinks: readonly Uplink[]
  /** By these they are answered too: other ports of the same uplinks. */
  readonly otherPorts?: readonly Uplink[]
  readonly peers: readonly PeerConfig[]
}

export interface Sessions extends AsyncDisposable {
  /**
   * Makes the sessions those of the configuration, over this connection to the datapath; one whose key and PSK stay
   * is not touched. Over a new connection, what the datapath has is adopted and what it lacks is made. The peers
   * must be in the running program. Sockets and datapath remain the caller's.
   * @throws DATAPATH_ errors when the datapath fails; the same call again makes up for it
   */
  configure(config: SessionsConfig, datapath: Datapath): Promise<void>
  /**
   * Ends the sessions of all but these peers, and tells the other ends. Belongs before the load of a program: after
   * it the datapath has forgotten them, and there is no way left to tell them. @throws DATAPATH_ errors
   */
  leaveAllBut(peers: readonly PeerConfig[]): Promise<void>
  /** The ways to a peer through relays from now on, as addresses: raw handshakes go by them, too. */
  setRelayed(peer: string, ways: readonly UdpAddress[]): void
  /** A peer that no endpoint leads to may be called there, says somebody who tells it the same of this box. */
  callAt(peer: string, places: readonly UdpAddress[]): void
  /** Seals items for a peer, if there is a session; they may be lost on their way. False: they did not leave. */
  send(peer: string, items: readonly ControlItem[]): Promise<boolean>
  /** In order of configuration. */
  status(): SessionStatus[]
  /** Datagrams that led to no session, by reason. */
  strays(): Readonly<Record<StrayReason, number>>
}

export function openSessions(options: SessionsOptions): Sessions {
  const sessions = new Map<string, Session>()
  const context = newContext(options, sessions)
  const attachment = openAttachment(context, sessions)
  const listeners = new Map<Uplink['socket'], () => void>()
  let turn: Promise<void> = Promise.resolve()
  let isDisposed = false

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(() => (isDisposed ? undefined : work()))
    turn = done.catch(() => undefined)
    return done
  }
  const leaveAllBut = async (peers: readonly PeerConfig[]): Promise<void> => {
    // All end before the first wait, so that no message or event finds one half gone.
    const remains = takeOut(context, sessions, peers).map(endSession)
    if (context.datapath !== null) await clearAway(context.datapath, remains)
  }
  const apply = async (config: SessionsConfig, datapath: Datapath): Promise<void> => {
    const peers = usablePeers(context, config.peers)
    await leaveAllBut(peers)
    const isElsewhere = !isSameUplinks(context.uplinks, config.uplinks)
    listen(context, listeners, config)
    putIn(context, sessions, peers)
    if (isElsewhere) for (const session of sessions.values()) callAnew(session)
    await attachment.attach(datapath)
    for (const session of sessions.values()) steer(session)
  }
  return {
    configure: (config, datapath) => inTurn(() => apply(config, datapath)),
    leaveAllBut: (peers) => inTurn(() => leaveAllBut(peers)),
    setRelayed: (peer, ways) => {
      const session = sessions.get(peer)
      if (session !== undefined) setRelayed(session, ways)
    },
    callAt: (peer, places) => {
      const session = sessions.get(peer)
      if (session !== undefined) callAt(session, places)
    },
    send: (peer, items) => send(sessions.get(peer), items),
    status: () => [...sessions.values()].map(statusOf),
    strays: () => ({ ...context.strays }),
    [Symbol.asyncDispose]: async () => {
      isDisposed = true
      for (const stop of listeners.values()) stop()
      listeners.clear()
      attachment.end()
      context.admission.end()
      for (const session of sessions.values()) endSession(session)
      await turn
    },
  }
}

async function send(session: Session | undefined, items: readonly ControlItem[]): Promise<boolean> {
  const { context: { datapath = null } = {}, peer, current = null } = session ?? {}
  if (datapath === null || peer === undefined || current === null) return false
  try {
    const { localIndex } = current
    await datapath.send({ peer: peer.name, localIndex, items: encodeItems(items) })
    return true
  } catch (error) {
    // No key any more, or no datapath: as lost as on the way.
    if (!(error instanceof CausewayError)) throw error
    return false
  }
}

function newContext(options: SessionsOptions, sessions: ReadonlyMap<string, Session>): Context {
  const { clock, random, wireKey } = options
  const timing = options.timing ?? wireTiming
  const strays: Context['strays'] = {
    malformed: 0,
    mac1: 0,
    limited: 0,
    cookie: 0,
    unauthentic: 0,
    unknown: 0,
    stale: 0,
  }
  const ownCookieKey = cookieKey(wireKey.publicKey)
  const cookieSecret = openRotatingSecret(clock, random, timing.cookieMs)
  const isKept = (session: Session): boolean => sessions.get(session.peer.name) === session
  return {
    clock,
    random,
    log: options.log,
    listener: options.listener ?? nobody,
    tenant: options.tenant,
    local: wireKey,
    ownMac1Key: mac1Key(wireKey.publicKey),
    timing,
    indices: openIndices(clock, random, timing.lifetimeMs),
    ownCookieKey,
    cookieSecret,
    admission: openAdmission({
      clock,
      random,
      secret: cookieSecret,
      ownCookieKey,
      onRefused: (how) => strays[how]++,
    }),
    freshness: openFreshness(clock, random, timing.challengeMs),
    byKey: new Map(),
    bySenderIndex: new Map(),
    strays,
    uplinks: [],
    otherPorts: [],
    whereabouts: options.whereabouts ?? (() => []),
    numbers: options.numbers,
    datapath: null,
    suites: ['chacha20-poly1305'],
    // A session that was removed meanwhile takes no steps any more.
    steer: (session) => {
      if (isKept(session)) steer(session)
    },
    resync: (session) => void resync(session, () => isKept(session)),
  }
}

function listen(
  context: Context,
  listeners: Map<Uplink['socket'], () => void>,
  { uplinks, otherPorts = [] }: SessionsConfig,
): void {
  for (const stop of listeners.values()) stop()
  listeners.clear()
  for (const uplink of [...uplinks, ...otherPorts]) {
    const stop = uplink.socket.onDatagram((data, from) => onDatagram(context, uplink, data, from))
    listeners.set(uplink.socket, stop)
  }
  context.uplinks = uplinks
  context.otherPorts = otherPorts
}

/** Configuration has refused such keys before; should one come nevertheless, it is one peer's trouble only. */
function usablePeers({ log }: Context, peers: readonly PeerConfig[]): PeerConfig[] {
  return peers.filter(({ name, wireKey }) => {
    const isUsable = isUsableWireKey(wireKey)
    if (!isUsable) log.warn({ peer: name, code: 'CONFIG_WIRE_KEY_INVALID' }, 'peer left out')
    return isUsable
  })
}

/** Takes out, and returns, the sessions of peers that are not among these, or are somebody else there. */
function takeOut(
  context: Context,
  sessions: Map<string, Session>,
  peers: readonly PeerConfig[],
): Session[] {
  const staying = new Map(peers.map((peer) => [peer.name, peer]))
  const leaving = [...sessions.values()].filter((session) => {
    const peer = staying.get(session.peer.name)
    return peer === undefined || !isSameIdentity(session.peer, peer)
  })
  for (const session of leaving) {
    sessions.delete(session.peer.name)
    context.byKey.delete(hex(session.peer.wireKey))
  }
  return leaving
}

/** Makes the sessions that are missing; all of them end up in the order of these peers. */
function putIn(
  context: Context,
  sessions: Map<string, Session>,
  peers: readonly PeerConfig[],
): void {
  const known = new Map(sessions)
  sessions.clear()
  for (const peer of peers) {
    const session = known.get(peer.name) ?? newSession(context, peer)
    if (!isSameEndpoints(session.peer, peer)) callAnew(session)
    session.peer = peer
    sessions.set(peer.name, session)
    context.byKey.set(hex(peer.wireKey), session)
  }
}

/** What a session that ended leaves in the datapath. */
interface Remains {
  readonly peer: string
  /** The keypair under which the other end can still be told. */
  readonly current: number | null
  readonly indices: readonly number[]
}

function endSession(session: Session): Remains {
  const { previous, current, next, peer } = session
  const indices = [previous, current, next].flatMap((keypair) => keypair?.localIndex ?? [])
  const remains = { peer: peer.name, current: current?.localIndex ?? null, indices }
  resetSession(session)
  session.context.listener.onDown(peer.name)
  return remains
}

async function clearAway(datapath: Datapath, remains: readonly Remains[]): Promise<void> {
  const items = encodeItems([{ type: 'close', reason: closeReason.removed }])
  for (const { peer, current: localIndex } of remains) {
    // Good manners only: without it the other end notices by itself.
    if (localIndex !== null) {
      await datapath.send({ peer, localIndex, items }).catch(() => undefined)
    }
  }
  const indices = remains.flatMap((item) => item.indices)
  if (indices.length > 0) await datapath.retire(indices)
}

function isSameIdentity(a: PeerConfig, b: PeerConfig): boolean {
  return (
    Buffer.compare(a.wireKey, b.wireKey) === 0 &&
    Buffer.compare(a.psk ?? Buffer.alloc(0), b.psk ?? Buffer.alloc(0)) === 0
  )
}
