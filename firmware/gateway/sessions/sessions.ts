/**
 * The sessions of a gateway with its peers: brought up, rekeyed and brought back for as long as they are
 * configured. Handshakes are made here; packets, probes and keypairs in use are the datapath's. wire.md.
 */
import assert from 'node:assert/strict'
import type { Clock } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import { CausewayError } from '../../model/errors.ts'
import type { DatapathEvent } from '../../model/program.ts'
import { type SessionTiming, wireTiming } from '../../plan/session.ts'
import { encodeItems } from '../../wire/control.ts'
import { closeReason } from '../../wire/control-item.ts'
import { mac1Key } from '../../wire/handshake.ts'
import { sharedSecret, type X25519Pair } from '../../wire/x25519.ts'
import { onDatagram, onEvent } from './demux.ts'
import { openFreshness } from './freshness.ts'
import { openIndices } from './indices.ts'
import { adoptKeypairs } from './keypairs.ts'
import { hex } from './respond.ts'
import { steer } from './schedule.ts'
import {
  type Context,
  chance,
  newSession,
  type PeerConfig,
  resetSession,
  type Session,
  type SessionLog,
  type StrayReason,
  type Uplink,
} from './session.ts'
import { openSourceLimit } from './source-limit.ts'
import { type SessionStatus, statusOf } from './status.ts'

export interface SessionsOptions {
  readonly datapath: Datapath
  readonly clock: Clock
  /** Cryptographically strong; every call yields a fresh buffer, which is wiped after use. */
  readonly random: (bytes: number) => Uint8Array
  readonly log: SessionLog
  /** 16 bytes. */
  readonly tenant: Uint8Array
  readonly wireKey: X25519Pair
  readonly timing?: SessionTiming
}

export interface SessionsConfig {
  readonly uplinks: readonly Uplink[]
  readonly peers: readonly PeerConfig[]
}

export interface Sessions extends AsyncDisposable {
  /**
   * Makes the sessions those of the configuration; one whose key and PSK stay is not touched. The peers must be
   * in the running program. Sockets and datapath remain the caller's.
   * @throws WIRE_UNAUTHENTIC with `path` for a key of low order, before anything is changed; DATAPATH_ errors when
   *   the datapath fails, whereupon `reattach` makes up for it
   */
  configure(config: SessionsConfig): Promise<void>
  /**
   * Goes on with a new connection, to another datapath or the same one: what it has is adopted, what it lacks
   * is made. @throws DATAPATH_ errors
   */
  reattach(datapath: Datapath): Promise<void>
  /** In order of configuration. */
  status(): SessionStatus[]
  /** Datagrams that led to no session, by reason. */
  strays(): Readonly<Record<StrayReason, number>>
}

/** Events that may come while a datapath's keypairs are being read; more would mean that it does nothing else. */
const backlogLimit = 4_096

export function openSessions(options: SessionsOptions): Sessions {
  const sessions = new Map<string, Session>()
  const context = newContext(options, sessions)
  const listeners = new Map<Uplink['socket'], () => void>()
  let turn: Promise<void> = Promise.resolve()
  let attached: Datapath | null = null
  let isDisposed = false

  const attach = (datapath: Datapath): Promise<void> => {
    // Its handlers stay for its life: a second time, every event would count twice.
    assert.notEqual(datapath, attached, 'a connection to a datapath is attached once')
    attached = datapath
    return attachDatapath(context, sessions, datapath, () => !isDisposed)
  }
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(() => (isDisposed ? undefined : work()))
    turn = done.catch(() => undefined)
    return done
  }
  const apply = async (config: SessionsConfig): Promise<void> => {
    checkKeys(context, config.peers)
    listen(context, listeners, config.uplinks)
    const removed = updatePeers(context, sessions, config.peers)
    for (const session of removed) await closeSession(session)
    if (attached === null) await attach(options.datapath)
    for (const session of sessions.values()) steer(session)
  }
  return {
    configure: (config) => inTurn(() => apply(config)),
    reattach: (datapath) => inTurn(() => attach(datapath)),
    status: () => [...sessions.values()].map(statusOf),
    strays: () => ({ ...context.strays }),
    [Symbol.asyncDispose]: async () => {
      isDisposed = true
      for (const stop of listeners.values()) stop()
      listeners.clear()
      context.datapath = null
      for (const session of sessions.values()) resetSession(session)
      await turn
    },
  }
}

function newContext(options: SessionsOptions, sessions: ReadonlyMap<string, Session>): Context {
  const { clock, random, wireKey } = options
  const timing = options.timing ?? wireTiming
  return {
    clock,
    random,
    log: options.log,
    tenant: options.tenant,
    local: wireKey,
    ownMac1Key: mac1Key(wireKey.publicKey),
    timing,
    indices: openIndices(clock, random, timing.lifetimeMs),
    sourceLimit: openSourceLimit(clock),
    freshness: openFreshness(clock, random, timing.challengeMs),
    byKey: new Map(),
    strays: { malformed: 0, mac1: 0, limited: 0, unauthentic: 0, unknown: 0, stale: 0 },
    uplinks: [],
    datapath: null,
    suites: ['chacha20-poly1305'],
    // A session that was removed meanwhile takes no steps any more.
    steer: (session) => {
      if (sessions.get(session.peer.name) === session) steer(session)
    },
    resync: (session) => void resync(session),
  }
}

async function attachDatapath(
  context: Context,
  sessions: ReadonlyMap<string, Session>,
  datapath: Datapath,
  isWanted: () => boolean,
): Promise<void> {
  context.datapath = null
  let backlog: DatapathEvent[] | null = []
  let isClosed = false
  datapath.onEvent((event) => {
    if (backlog !== null && backlog.length < backlogLimit) backlog.push(event)
    else if (context.datapath === datapath) onEvent(context, sessions, event)
  })
  datapath.onClose(() => {
    isClosed = true
    if (context.datapath === datapath) detach(context, sessions)
  })
  const { hasAes } = await datapath.describe()
  const installed = await datapath.keypairs()
  if (isClosed) throw new CausewayError('DATAPATH_UNREACHABLE', 'the datapath died meanwhile')
  if (!isWanted()) return
  context.datapath = datapath
  context.suites = hasAes ? ['chacha20-poly1305', 'aes-256-gcm'] : ['chacha20-poly1305']
  const nowMs = context.clock.nowMs()
  for (const session of sessions.values()) {
    adoptKeypairs(session, installed)
    session.rawNotBeforeMs = nowMs + chance(context) * context.timing.spreadMs
  }
  const events = backlog
  backlog = null
  for (const event of events) onEvent(context, sessions, event)
  for (const session of sessions.values()) steer(session)
  const orphans = installed.filter(({ peer }) => !sessions.has(peer))
  if (orphans.length > 0) await datapath.retire(orphans.map(({ localIndex }) => localIndex))
}

/** The datapath died: its keypairs are gone with it. Or only the way to it; then `reattach` finds them again. */
function detach(context: Context, sessions: ReadonlyMap<string, Session>): void {
  context.datapath = null
  for (const session of sessions.values()) {
    resetSession(session)
    steer(session)
  }
}

async function resync(session: Session): Promise<void> {
  const { datapath } = session.context
  if (datapath === null) return
  try {
    const installed = await datapath.keypairs()
    if (session.context.datapath !== datapath) return
    adoptKeypairs(session, installed)
    session.context.steer(session)
  } catch {
    // A datapath that cannot answer is about to be reported dead, which resets the session.
  }
}

/** Finds out before anything is changed: a handshake with such a key can never succeed. */
function checkKeys(context: Context, peers: readonly PeerConfig[]): void {
  peers.forEach((peer, position) => {
    try {
      sharedSecret(context.local, peer.wireKey)
    } catch (cause) {
      const path = `/peers/${position}/wireKey`
      throw new CausewayError('WIRE_UNAUTHENTIC', 'the key is of low order', { path, cause })
    }
  })
}

function listen(
  context: Context,
  listeners: Map<Uplink['socket'], () => void>,
  uplinks: readonly Uplink[],
): void {
  for (const stop of listeners.values()) stop()
  listeners.clear()
  for (const uplink of uplinks) {
    const stop = uplink.socket.onDatagram((data, from) => onDatagram(context, uplink, data, from))
    listeners.set(uplink.socket, stop)
  }
  context.uplinks = uplinks
}

/** Returns the sessions that are to be closed: of peers that are gone, or are somebody else now. */
function updatePeers(
  context: Context,
  sessions: Map<string, Session>,
  peers: readonly PeerConfig[],
): Session[] {
  const before = new Map(sessions)
  sessions.clear()
  context.byKey.clear()
  for (const peer of peers) {
    const known = before.get(peer.name)
    const isSame = known !== undefined && isSameIdentity(known.peer, peer)
    const session = isSame ? known : newSession(context, peer)
    session.peer = peer
    if (isSame) before.delete(peer.name)
    sessions.set(peer.name, session)
    context.byKey.set(hex(peer.wireKey), session)
  }
  return [...before.values()]
}

async function closeSession(session: Session): Promise<void> {
  const { datapath } = session.context
  const { previous, current, next, peer } = session
  const indices = [previous, current, next].flatMap((keypair) => keypair?.localIndex ?? [])
  resetSession(session)
  if (datapath === null || indices.length === 0) return
  const items = encodeItems([{ type: 'close', reason: closeReason.removed }])
  if (current !== null) {
    const { localIndex } = current
    // Good manners only: without it the other end notices by itself.
    await datapath.send({ peer: peer.name, localIndex, items }).catch(() => undefined)
  }
  await datapath.retire(indices)
}

function isSameIdentity(a: PeerConfig, b: PeerConfig): boolean {
  return (
    Buffer.compare(a.wireKey, b.wireKey) === 0 &&
    Buffer.compare(a.psk ?? Buffer.alloc(0), b.psk ?? Buffer.alloc(0)) === 0
  )
}
