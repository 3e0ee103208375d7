/**
 * The raw responder: takes 0xD4, answers with 0xD5, or with 0xD7 where the initiation could disturb a session.
 * What costs a stranger's flood more than it costs us was turned away before, by admission.ts.
 * wire.md, "Denial of service", "Freshness" and "Retries".
 */
import type { UdpAddress } from '../../host/udp/udp.ts'
import { CausewayError } from '../../model/errors.ts'
import { onCrossing } from '../../plan/session.ts'
import {
  ephemeralOf,
  type Initiation,
  mac1Key,
  readInitiation,
  type Suite,
  withMacs,
  writeChallenge,
  writeResponse,
} from '../../wire/handshake.ts'
import { rawPrologue } from '../../wire/keys.ts'
import { showCookie } from './cookies.ts'
import { isNoChallenge } from './freshness.ts'
import { ephemeralPair } from './initiate.ts'
import { installKeypair, numberOnWire } from './keypairs.ts'
import {
  type Answered,
  type Context,
  dropRaw,
  dropRekey,
  fail,
  noPsk,
  type Sent,
  type Session,
  type Uplink,
} from './session.ts'
import { noteStranger } from './stranger.ts'

/** Initiations remembered per peer, so that a copy is known as one. */
const answeredLimit = 8

/** An initiation whose mac1 holds and whose turn has come, without its macs. */
export async function onInitiation(
  context: Context,
  uplink: Uplink,
  message: Uint8Array,
  from: UdpAddress,
): Promise<void> {
  if (context.datapath === null) return
  const initiation = open(context, message)
  if (initiation === null) return
  const session = context.byKey.get(hex(initiation.state.remoteStatic))
  if (session === undefined) {
    context.strays.unknown++
    noteStranger(context, initiation.state.remoteStatic, from)
    return
  }
  if (answerCopy(session, ephemeralOf(message), from)) return
  if (!isPskRight(session, initiation)) {
    fail(session, 'mismatch', 'SESSION_REFUSED')
    return
  }
  const ownAgeMs = session.raw === null ? null : context.clock.nowMs() - session.raw.startedAtMs
  const verdict = onCrossing(ownAgeMs, context.timing.ownRawMs, session.isSmaller)
  if (verdict === 'ignore') return
  if (!isFresh(session, initiation, from)) {
    const challenge = context.freshness.challenge(bindingOf(session, from))
    uplink.socket.send(writeChallenge(initiation, challenge), from)
    return
  }
  if (verdict === 'yield') dropRaw(session)
  // Whoever starts raw cannot answer a rekey, or would not hear of one.
  dropRekey(session)
  await answer(session, initiation, ephemeralOf(message), uplink, from)
}

/** Remembers an initiation as answered; `send` is filled in once its keypair is installed. */
export function remember(session: Session, ephemeral: Uint8Array, localIndex: number): Answered {
  const answered: Answered = {
    ephemeral: Uint8Array.from(ephemeral),
    localIndex,
    sent: null,
    send: null,
  }
  session.answered.push(answered)
  if (session.answered.length > answeredLimit) session.answered.shift()
  return answered
}

/**
 * Whether this was answered before. A copy gets the same answer while its keypair is `next`, nothing afterwards;
 * nor while it is being installed, since the answer is on its way then.
 */
export function answerCopy(
  session: Session,
  ephemeral: Uint8Array,
  from: UdpAddress | null,
): boolean {
  const answered = session.answered.find(
    (known) => Buffer.compare(known.ephemeral, ephemeral) === 0,
  )
  if (answered === undefined) return false
  if (session.next?.localIndex === answered.localIndex) answered.send?.(from)
  return true
}

/** Suite 2 if both ends have it. */
export function chooseSuite(context: Context, { payload }: Initiation): Suite {
  const isBoth = payload.suites.includes('aes-256-gcm') && context.suites.includes('aes-256-gcm')
  return isBoth ? 'aes-256-gcm' : 'chacha20-poly1305'
}

/** A configured PSK is demanded, not merely accepted. */
export function isPskRight({ peer }: Session, { payload }: Initiation): boolean {
  return payload.pskNumber === (peer.psk === undefined ? 0 : 1)
}

async function answer(
  session: Session,
  initiation: Initiation,
  ephemeral: Uint8Array,
  uplink: Uplink,
  from: UdpAddress,
): Promise<void> {
  const { context, peer } = session
  const localIndex = context.indices.take()
  const suite = chooseSuite(context, initiation)
  const { transcript, message } = writeResponse(initiation, {
    ephemeral: ephemeralPair(context),
    psk: peer.psk ?? noPsk,
    senderIndex: localIndex,
    payload: { suite, uplink: numberOnWire(context, uplink.name) },
  })
  const datagram = showCookie(session, uplink, withMacs(message, mac1Key(peer.wireKey)))
  const answered = remember(session, ephemeral, localIndex)
  const isInstalled = await installKeypair(session, {
    transcript,
    localIndex,
    remoteIndex: initiation.senderIndex,
    suite,
    role: 'responder',
    origin: 'raw',
    uplink: uplink.name,
    localPort: uplink.socket.local.port,
    remote: from,
  })
  if (!isInstalled) return
  const sent: Sent = { uplink, sentTo: [from], datagram, isResent: false }
  context.bySenderIndex.set(localIndex, session)
  answered.sent = sent
  answered.send = (to) => uplink.socket.send(sent.datagram, to ?? from)
  answered.send(from)
  context.steer(session)
}

/** Answered at once only where it can disturb nothing; each challenge is good for one keypair. */
function isFresh(session: Session, { payload }: Initiation, from: UdpAddress): boolean {
  if (session.current === null && session.next === null) return true
  if (isNoChallenge(payload.challenge)) return false
  if (!session.context.freshness.holds(payload.challenge, bindingOf(session, from))) return false
  session.challengesUsed++
  return true
}

function bindingOf(session: Session, from: UdpAddress) {
  return { peerKey: session.peer.wireKey, from, used: session.challengesUsed }
}

function open(context: Context, message: Uint8Array): Initiation | null {
  try {
    return readInitiation(message, { prologue: rawPrologue(context.tenant), local: context.local })
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    context.strays.unauthentic++
    return null
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
