/**
 * Rekeys, both roles: the two handshake messages as items in control frames under `current`, whose replay window
 * protects them. Never a word in the open, no macs, no challenges. wire.md, "Rekey" and "Limits".
 */
import { CausewayError } from '../../model/errors.ts'
import { between, onCrossing } from '../../plan/session.ts'
import { encodeItems } from '../../wire/control.ts'
import type { HandshakePart } from '../../wire/control-item.ts'
import {
  ephemeralOf,
  type Initiation,
  initiationBytes,
  messageType,
  type Response,
  readInitiation,
  readResponse,
  receiverIndexOf,
  responseBytes,
  writeInitiation,
  writeResponse,
} from '../../wire/handshake.ts'
import { addPart, splitHandshake } from '../../wire/handshake-part.ts'
import { noKem, rekeyPrologue, rekeyPsk } from '../../wire/keys.ts'
import { failOn } from './fail-on.ts'
import { ephemeralPair, startRaw } from './initiate.ts'
import { installKeypair, isCurrent, numberOnWire } from './keypairs.ts'
import { answerCopy, chooseSuite, isPskRight, remember } from './respond.ts'
import {
  chance,
  dropRekey,
  fail,
  finishRekey,
  type KnownKeypair,
  noPsk,
  type Session,
} from './session.ts'

/**
 * So many rekeys in a row without an answer, and the ends may disagree on what is `current`. A raw handshake
 * settles that, long before the hard stop, while the keypairs go on working.
 */
const missesBeforeRaw = 4

/** Starts a rekey under `current`, unless there is none or a handshake is under way. */
export function startRekey(session: Session): void {
  const { context, peer, current: carrier } = session
  const isBusy = session.rekey !== null || session.raw !== null
  if (carrier === null || isBusy || context.datapath === null) return
  const { clock, timing } = context
  session.isRekeyBegun = true
  const senderIndex = context.indices.take()
  const { state, message } = writeInitiation({
    prologue: rekeyPrologue(context.tenant, carrier, noKem),
    local: context.local,
    remoteStatic: peer.wireKey,
    ephemeral: ephemeralPair(context),
    senderIndex,
    payload: {
      challenge: new Uint8Array(16),
      suites: context.suites,
      pskNumber: peer.psk === undefined ? 0 : 1,
      uplink: numberOnWire(context, carrier.uplink),
    },
  })
  const frames = toFrames(session, message)
  const timers = timing.resendMs.map((delayMs) =>
    clock.after(delayMs, () => void send(session, carrier, frames)),
  )
  timers.push(clock.after(between(timing.retryMs, chance(context)), () => giveUp(session)))
  session.rekey = { senderIndex, state, startedAtMs: clock.nowMs(), timers, carrier }
  void send(session, carrier, frames)
  context.steer(session)
}

/** A part of the other end's handshake message, from a frame under the keypair of that index. */
export async function onHandshakePart(
  session: Session,
  localIndex: number,
  part: HandshakePart,
): Promise<void> {
  const carrier = session.current
  if (carrier === null || !isCurrent(session, localIndex)) {
    session.context.strays.stale++
    return
  }
  const { state, message } = addPart(session.incoming, part)
  session.incoming = state
  if (message === null) return
  if (message[0] === messageType.initiation && message.length === initiationBytes) {
    await onInitiation(session, carrier, message)
  } else if (message[0] === messageType.response && message.length === responseBytes) {
    await onResponse(session, carrier, message)
  } else fail(session, 'malformed', 'WIRE_INVALID')
}

async function onInitiation(
  session: Session,
  carrier: KnownKeypair,
  message: Uint8Array,
): Promise<void> {
  const { context } = session
  if (answerCopy(session, ephemeralOf(message), null)) return
  let initiation: Initiation
  try {
    const prologue = rekeyPrologue(context.tenant, carrier, noKem)
    initiation = readInitiation(message, { prologue, local: context.local })
  } catch (error) {
    failOn(session, error)
    return
  }
  const isSamePeer = Buffer.compare(initiation.state.remoteStatic, session.peer.wireKey) === 0
  if (!isSamePeer || !isPskRight(session, initiation)) {
    fail(session, 'mismatch', 'SESSION_REFUSED')
    return
  }
  const nowMs = context.clock.nowMs()
  // The frame was held up on its way and its sender has since made, and perhaps completed, another one.
  const isNextYoung =
    session.next !== null && nowMs - session.next.installedAtMs < context.timing.nextHoldMs
  // Of a raw handshake and a rekey that cross, the raw one lives, at either end (respond.ts).
  if (isNextYoung || session.raw !== null) return
  const ownAgeMs = session.rekey === null ? null : nowMs - session.rekey.startedAtMs
  const verdict = onCrossing(ownAgeMs, context.timing.ownRekeyMs, session.isSmaller)
  if (verdict === 'ignore') return
  if (verdict === 'yield') dropRekey(session)
  await answer(session, carrier, initiation, ephemeralOf(message))
}

async function answer(
  session: Session,
  carrier: KnownKeypair,
  initiation: Initiation,
  ephemeral: Uint8Array,
): Promise<void> {
  const { context, peer } = session
  const localIndex = context.indices.take()
  const suite = chooseSuite(context, initiation)
  const { transcript, message } = writeResponse(initiation, {
    ephemeral: ephemeralPair(context),
    psk: rekeyPsk(peer.psk ?? noPsk, carrier, noKem),
    senderIndex: localIndex,
    payload: { suite, uplink: numberOnWire(context, carrier.uplink) },
  })
  const answered = remember(session, ephemeral, localIndex)
  const isInstalled = await installKeypair(session, {
    transcript,
    localIndex,
    remoteIndex: initiation.senderIndex,
    suite,
    role: 'responder',
    origin: 'rekey',
    ...wayOf(carrier),
  })
  if (!isInstalled) return
  const frames = toFrames(session, message)
  answered.send = () => void send(session, carrier, frames)
  answered.send(null)
}

async function onResponse(
  session: Session,
  carrier: KnownKeypair,
  message: Uint8Array,
): Promise<void> {
  const { context, peer, rekey: attempt } = session
  if (attempt === null || attempt.carrier !== carrier) return
  if (receiverIndexOf(message) !== attempt.senderIndex) return
  let response: Response
  try {
    response = readResponse(message, attempt.state, rekeyPsk(peer.psk ?? noPsk, carrier, noKem))
  } catch (error) {
    failOn(session, error)
    return
  }
  if (!context.suites.includes(response.payload.suite)) {
    fail(session, 'mismatch', 'SESSION_REFUSED')
    return
  }
  finishRekey(session)
  await installKeypair(session, {
    transcript: response.transcript,
    localIndex: attempt.senderIndex,
    remoteIndex: response.senderIndex,
    suite: response.payload.suite,
    role: 'initiator',
    origin: 'rekey',
    ...wayOf(carrier),
  })
  context.steer(session)
}

function giveUp(session: Session): void {
  fail(session, 'timeout', 'SESSION_TIMEOUT')
  dropRekey(session)
  session.rekeyMisses++
  if (session.rekeyMisses >= missesBeforeRaw) startRaw(session)
  session.context.steer(session)
}

function toFrames(session: Session, message: Uint8Array): Buffer[] {
  session.messageId = (session.messageId + 1) & 0xffff
  return splitHandshake(session.messageId, message).map((part) => encodeItems([part]))
}

async function send(
  session: Session,
  carrier: KnownKeypair,
  frames: readonly Uint8Array[],
): Promise<void> {
  const { datapath } = session.context
  const { localIndex } = carrier
  if (datapath === null) return
  try {
    for (const items of frames) await datapath.send({ peer: session.peer.name, localIndex, items })
  } catch (error) {
    const isGone = error instanceof CausewayError && error.code === 'SESSION_NO_KEYPAIR'
    if (!isGone) fail(session, 'send', 'DATAPATH_REFUSED')
    // The datapath may have gone on to the next keypair, and its event be on the way; or be lost.
    else if (isCurrent(session, localIndex)) session.context.resync(session)
  }
}

/** A rekey goes by its session's paths: this is where the session began, and no port is needed for it. */
function wayOf({ uplink, remote }: KnownKeypair) {
  return { uplink, localPort: 0, remote }
}
