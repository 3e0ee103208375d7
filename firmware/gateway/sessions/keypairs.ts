/**
 * Keypairs of a session: handing them to the datapath, and following what it does with them. The datapath is the
 * one that knows what is `current`; this is its picture here. wire.md, "Keys" and "Rekey without loss".
 */
import type { UdpAddress } from '../../host/udp/udp.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { InstalledKeypair } from '../../model/program.ts'
import type { Suite } from '../../wire/handshake.ts'
import { deriveKeys, eraseTrafficKeys } from '../../wire/keys.ts'
import type { Transcript } from '../../wire/noise.ts'
import { allowRecalls } from './recall.ts'
import {
  type Context,
  cancelDue,
  dropRaw,
  dropRekey,
  fail,
  forgetKeypair,
  type KnownKeypair,
  type Session,
} from './session.ts'
import { noteEnd } from './session-end.ts'

/** What a finished handshake hands over. */
export interface NewKeypair {
  readonly transcript: Transcript
  readonly localIndex: number
  readonly remoteIndex: number
  readonly suite: Suite
  readonly role: 'initiator' | 'responder'
  readonly origin: 'raw' | 'rekey'
  /** By name. */
  readonly uplink: string | null
  readonly localPort: number
  readonly remote: UdpAddress
}

/**
 * Installs a keypair: the initiator's is `current` at once, the responder's `next`. The picture here changes
 * before the first wait, so that events and messages that come meanwhile find it. The gateway forgets what the
 * handshake left and the traffic keys in any case. Returns whether the keypair may be used.
 */
export async function installKeypair(session: Session, made: NewKeypair): Promise<boolean> {
  const { context, peer } = session
  const { datapath, clock, timing } = context
  const uplink = numberOf(context, made)
  if (datapath === null || uplink === null) {
    made.transcript.ck.fill(0)
    context.indices.release(made.localIndex)
    if (datapath !== null) putOff(session, 'DATAPATH_BUSY')
    context.steer(session)
    return false
  }
  const keys = deriveKeys(made.transcript)
  const known: KnownKeypair = {
    localIndex: made.localIndex,
    remoteIndex: made.remoteIndex,
    role: made.role,
    origin: made.origin,
    suite: made.suite,
    installedAtMs: clock.nowMs(),
    uplink: made.uplink,
    remote: made.remote,
    chain: keys.chain,
    h: keys.h,
  }
  // The datapath gets a chain of its own: the one here is wiped as soon as the keypair is forgotten.
  const chain = Uint8Array.from(keys.chain)
  session.changes++
  if (made.role === 'initiator') makeCurrent(session, known, made.origin === 'raw')
  else replaceNext(session, known)
  const isInitiator = made.role === 'initiator'
  try {
    await datapath.install({
      peer: peer.name,
      localIndex: made.localIndex,
      remoteIndex: made.remoteIndex,
      suite: made.suite,
      role: made.role,
      origin: made.origin,
      uplink,
      localPort: made.localPort,
      remoteAddress: made.remote.address,
      remotePort: made.remote.port,
      seal: isInitiator ? keys.i2r : keys.r2i,
      open: isInitiator ? keys.r2i : keys.i2r,
      chain,
      h: keys.h,
      lifetimeMs: timing.lifetimeMs,
    })
  } catch {
    putOff(session, 'DATAPATH_REFUSED')
    onErased(session, made.localIndex)
    // What it has instead is what counts.
    context.resync(session)
    return false
  } finally {
    eraseTrafficKeys(keys)
    chain.fill(0)
    made.transcript.ck.fill(0)
  }
  return isKnown(session, made.localIndex)
}

/**
 * Under which number the datapath has the uplink of a raw handshake now: not when the handshake began. Null: it has none, and to
 * install the keypair under another's would prove a path that nobody took. A rekey needs none.
 */
function numberOf({ numbers }: Context, { origin, uplink }: NewKeypair): number | null {
  if (origin === 'rekey') return 0
  return uplink === null ? null : numbers.numberOf(uplink)
}

/** What a handshake tells the other end of its uplink. */
export function numberOnWire({ numbers }: Context, uplink: string | null): number {
  return (uplink === null ? null : numbers.numberOf(uplink)) ?? 0xff
}

/** Whatever stands in the way will not be gone at once: no handshake a round trip long after the other. */
function putOff(session: Session, code: ErrorCode): void {
  const { clock, timing } = session.context
  fail(session, 'install', code)
  session.rawNotBeforeMs = clock.nowMs() + timing.retryMs[0]
}

/** The first packet under a keypair was authenticated: a `next` became `current`. */
export function onConfirmed(session: Session, localIndex: number): void {
  const { next } = session
  if (next?.localIndex === localIndex) {
    session.next = null
    session.changes++
    makeCurrent(session, next, next.origin === 'raw')
  }
  if (session.current?.localIndex !== localIndex) return
  session.silentAtMs = null
  session.context.steer(session)
}

/** The datapath erased a keypair, or never took it. */
export function onErased(session: Session, localIndex: number): void {
  if (!isKnown(session, localIndex)) {
    session.context.indices.release(localIndex)
    return
  }
  session.changes++
  for (const place of ['previous', 'current', 'next'] as const) {
    if (session[place]?.localIndex !== localIndex) continue
    if (place === 'current') noteEnd(session, 'expiry')
    forgetKeypair(session, session[place])
    session[place] = null
    if (place !== 'current') continue
    dropRekey(session)
    cancelDue(session)
  }
  session.context.steer(session)
}

/**
 * Takes over what a running datapath has: after a restart of the gateway, or when the pictures differ. Chains are
 * copied: the reading's own are its reader's to wipe.
 */
export function adoptKeypairs(session: Session, installed: readonly InstalledKeypair[]): void {
  const { clock, indices } = session.context
  const nowMs = clock.nowMs()
  const before = [session.previous, session.current, session.next]
  const currentBefore = session.current?.localIndex
  const places = { previous: null, current: null, next: null } as Record<
    InstalledKeypair['state'],
    KnownKeypair | null
  >
  for (const keypair of installed) {
    if (keypair.peer !== session.peer.name) continue
    const known = before.find((item) => item?.localIndex === keypair.localIndex)
    places[keypair.state] = known ?? fromInstalled(session.context, keypair)
    indices.claim(keypair.localIndex)
  }
  const { previous, current, next } = places
  Object.assign(session, { previous, current, next })
  for (const keypair of before) {
    if (keypair !== null && !isKnown(session, keypair.localIndex)) forgetKeypair(session, keypair)
  }
  if (current?.localIndex === currentBefore) return
  cancelDue(session)
  dropRekey(session)
  if (current !== null) session.ended = null
  session.changedAtMs = nowMs
  session.isFirst = false
  session.isRekeyBegun = false
  session.rekeyMisses = 0
  session.silentAtMs = null
  session.incoming = null
}

/** Whether a rekey item may act: it came under `current`, as the datapath sees it. */
export function isCurrent(session: Session, localIndex: number): boolean {
  return session.current?.localIndex === localIndex
}

function makeCurrent(session: Session, keypair: KnownKeypair, isFirst: boolean): void {
  forgetKeypair(session, session.previous)
  session.previous = session.current
  session.current = keypair
  allowRecalls(session, false)
  session.ended = null
  session.changedAtMs = session.context.clock.nowMs()
  session.isFirst = isFirst
  session.silentAtMs = null
  session.isRekeyBegun = false
  session.rekeyMisses = 0
  session.incoming = null
  if (isFirst) session.handshakes++
  else session.rekeys++
  // A new `current` ends whatever this end was initiating meanwhile, of either kind.
  dropRaw(session)
  dropRekey(session)
  cancelDue(session)
}

function replaceNext(session: Session, keypair: KnownKeypair): void {
  forgetKeypair(session, session.next)
  session.next = keypair
  // The other end is about to use it: an own handshake that was due would only cross that.
  session.due.raw?.()
  session.due.raw = null
}

function isKnown({ previous, current, next }: Session, localIndex: number): boolean {
  return [previous, current, next].some((keypair) => keypair?.localIndex === localIndex)
}

function fromInstalled({ clock, numbers }: Context, keypair: InstalledKeypair): KnownKeypair {
  return {
    localIndex: keypair.localIndex,
    remoteIndex: keypair.remoteIndex,
    role: keypair.role,
    origin: keypair.origin,
    suite: null,
    installedAtMs: clock.nowMs() - keypair.ageMs,
    uplink: numbers.nameOf(keypair.uplink),
    remote: { address: keypair.remoteAddress, port: keypair.remotePort },
    chain: Uint8Array.from(keypair.chain),
    h: keypair.h,
  }
}
