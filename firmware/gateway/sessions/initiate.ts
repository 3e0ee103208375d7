/**
 * The raw initiator: sends 0xD4, takes 0xD7 and 0xD5. An initiation is resent unchanged for some seconds, then
 * another one takes its place, over uplinks and endpoints in turn, for as long as the session needs one.
 * wire.md, "Handshake", "Freshness" and "Retries".
 */
import { isSamePlace, type UdpAddress } from '../../host/udp/udp.ts'
import { parseRelayed } from '../../model/relayed-address.ts'
import { relayUplinkName } from '../../model/traversal-program.ts'
import { between, callOrder } from '../../plan/session.ts'
import {
  challengeBytes,
  mac1Key,
  type Response,
  readChallenge,
  readResponse,
  withMacs,
  writeInitiation,
} from '../../wire/handshake.ts'
import { rawPrologue } from '../../wire/keys.ts'
import { x25519Pair } from '../../wire/x25519.ts'
import { showCookie } from './cookies.ts'
import { failOn } from './fail-on.ts'
import { familyAt, socketTo } from './family.ts'
import { installKeypair, numberOnWire } from './keypairs.ts'
import { nextRecall, recalls } from './recall.ts'
import {
  type Context,
  chance,
  dropRaw,
  dropRekey,
  fail,
  finishRaw,
  noPsk,
  type RawAttempt,
  type Session,
  type Uplink,
} from './session.ts'
import { affordable, noteMiss, thriftLeftMs } from './thrift.ts'

/** What runs by an endpoint gives way to a relay's new channel not oftener: a relay must not keep two ends from each other. */
const yieldGapMs = 30_000

/** New initiations for challenges, one after the other, before the attempt has to wait for its retry. */
const maxChallenges = 3

/** Whether there is anywhere to initiate to. */
export function canInitiate(session: Session): boolean {
  if (session.context.datapath === null) return false
  return usableUplinks(session).length > 0 || recalls(session).length > 0
}

/** How long the next initiation is put off, since each one costs. */
export function restMs(session: Session): number {
  return thriftLeftMs(session, usableUplinks(session))
}

/**
 * These are the ways through relays from now on. One that is new is taken at once by a session without keys: what is under way
 * by an endpoint, which may lie behind a NAT that lets nothing in, is not waited for.
 */
export function setRelayed(session: Session, ways: readonly UdpAddress[]): void {
  const isNew = ways.some((way) => !session.relayed.some((known) => isSamePlace(known, way)))
  session.relayed = ways
  const { context, raw } = session
  const relay = context.uplinks.find(({ name }) => name === relayUplinkName)
  const isLacking = session.current === null || session.silentAtMs !== null
  if (!isNew || relay === undefined || !isLacking || session.next !== null) return
  if (context.datapath === null || raw?.uplink.name === relayUplinkName) return
  const nowMs = context.clock.nowMs()
  if (raw !== null && nowMs - session.yieldedAtMs < yieldGapMs) return
  if (raw !== null) session.yieldedAtMs = nowMs
  // This is the relays' turn; an endpoint, whose turn may have been cut short, has the next.
  session.turns.uplink |= 1
  dropRaw(session)
  dropRekey(session)
  const to = nextEndpoint(session, relay)
  initiate(session, { uplink: relay, to, isOnlyThere: false })
}

/**
 * Starts a raw handshake unless one is under way. Live keypairs are not touched, but an own rekey is given up:
 * its answer could come when the other end, on its way to the raw one, has let go of that keypair.
 */
export function startRaw(session: Session): void {
  if (session.raw !== null || !canInitiate(session)) return
  dropRekey(session)
  const recall = nextRecall(session, usableUplinks(session).length > 0)
  const uplink = recall?.uplink ?? nextUplink(session)
  const to = recall?.to ?? nextEndpoint(session, uplink)
  const isOnlyThere = recall !== null
  initiate(session, { uplink, to, isOnlyThere })
}

/** 0xD7: the other end has a session with us, or thinks so, and wants to see that we are live. */
export function onChallenge(
  session: Session,
  attempt: RawAttempt,
  datagram: Uint8Array,
  from: UdpAddress,
): void {
  if (!isExpected(attempt, from)) {
    fail(session, 'mismatch', 'SESSION_REFUSED')
    return
  }
  let challenge: Uint8Array
  try {
    challenge = readChallenge(datagram, attempt.state)
  } catch (error) {
    failOn(session, error)
    return
  }
  if (attempt.challenges >= maxChallenges) return
  const { uplink, challenges } = attempt
  dropRaw(session)
  // An answer to a challenge stays where the challenge came from: elsewhere it would not hold.
  const there = { uplink, to: from, isOnlyThere: true }
  initiate(session, there, { challenge, challenges: challenges + 1 })
}

/** 0xD5, without macs. */
export async function onResponse(
  session: Session,
  attempt: RawAttempt,
  message: Uint8Array,
  from: UdpAddress,
): Promise<void> {
  if (!isExpected(attempt, from)) {
    fail(session, 'mismatch', 'SESSION_REFUSED')
    return
  }
  let response: Response
  try {
    response = readResponse(message, attempt.state, session.peer.psk ?? noPsk)
  } catch (error) {
    failOn(session, error)
    return
  }
  if (!session.context.suites.includes(response.payload.suite)) {
    fail(session, 'mismatch', 'SESSION_REFUSED')
    return
  }
  finishRaw(session)
  await installKeypair(session, {
    transcript: response.transcript,
    localIndex: attempt.senderIndex,
    remoteIndex: response.senderIndex,
    suite: response.payload.suite,
    role: 'initiator',
    origin: 'raw',
    uplink: attempt.uplink.name,
    localPort: attempt.uplink.socket.local.port,
    remote: from,
  })
  session.context.steer(session)
}

/** Only from where an initiation went to, answers are taken: nobody can bend the path of a session. */
function isExpected(attempt: RawAttempt, from: UdpAddress): boolean {
  return attempt.sentTo.some((to) => isSamePlace(to, from))
}

function initiate(
  session: Session,
  choice: {
    readonly uplink: Uplink
    readonly to: UdpAddress
    /** No copy goes elsewhere. */
    readonly isOnlyThere: boolean
  },
  { challenge, challenges } = unchallenged,
): void {
  const { context, peer } = session
  const { clock, timing } = context
  const senderIndex = context.indices.take()
  const { state, message } = writeInitiation({
    prologue: rawPrologue(context.tenant),
    local: context.local,
    remoteStatic: peer.wireKey,
    ephemeral: ephemeralPair(context),
    senderIndex,
    payload: {
      challenge,
      suites: context.suites,
      pskNumber: peer.psk === undefined ? 0 : 1,
      uplink: numberOnWire(context, choice.uplink.name),
    },
  })
  const datagram = showCookie(session, choice.uplink, withMacs(message, mac1Key(peer.wireKey)))
  const attempt: RawAttempt = {
    senderIndex,
    state,
    startedAtMs: clock.nowMs(),
    uplink: choice.uplink,
    sentTo: [],
    datagram,
    isResent: false,
    challenges,
    timers: [],
  }
  session.raw = attempt
  context.bySenderIndex.set(senderIndex, session)
  transmit(context, attempt, choice.to)
  // A family of which nothing comes back does not keep the other waiting.
  const next = (turn: number): UdpAddress =>
    choice.isOnlyThere
      ? choice.to
      : nextEndpoint(session, familyAt(usableUplinks(session), choice.uplink, turn))
  for (const [at, delayMs] of timing.resendMs.entries()) {
    attempt.timers.push(clock.after(delayMs, () => transmit(context, attempt, next(at + 1))))
  }
  const endMs = between(timing.retryMs, chance(context))
  attempt.timers.push(clock.after(endMs, () => giveUp(session)))
  context.steer(session)
}

function giveUp(session: Session): void {
  fail(session, 'timeout', 'SESSION_TIMEOUT')
  if (session.raw !== null) noteMiss(session, session.raw.uplink)
  dropRaw(session)
  session.context.steer(session)
}

function transmit(context: Context, attempt: RawAttempt, to: UdpAddress): void {
  if (!attempt.sentTo.some((known) => isSamePlace(known, to))) attempt.sentTo.push(to)
  socketTo(context, attempt.uplink, to).send(attempt.datagram, to)
}

/** The private bytes live no longer than it takes to make a key of them. */
export function ephemeralPair(context: Context): ReturnType<typeof x25519Pair> {
  const bytes = context.random(32)
  const pair = x25519Pair(bytes)
  bytes.fill(0)
  return pair
}

/** Configured endpoints and, should they all be wrong, where the peer was last, unless that was a relay. */
function endpoints({ peer, current }: Session): readonly UdpAddress[] {
  const last = current?.remote
  if (
    last === undefined ||
    parseRelayed(last.address) !== null ||
    peer.endpoints.some((known) => isSamePlace(known, last))
  ) {
    return peer.endpoints
  }
  return [...peer.endpoints, last]
}

function endpointsOf(session: Session, uplink: Uplink): readonly UdpAddress[] {
  if (uplink.name === relayUplinkName) return session.relayed
  const isV6 = uplink.socket.local.address.includes(':')
  return callOrder(endpoints(session).filter((to) => to.address.includes(':') === isV6))
}

function usableUplinks(session: Session): Uplink[] {
  return session.context.uplinks.filter((uplink) => endpointsOf(session, uplink).length > 0)
}

/** Relays every other time, if there are any: by them a peer is reached whatever lies before it. */
function nextUplink(session: Session): Uplink {
  const uplinks = affordable(session, usableUplinks(session))
  const relay = uplinks.find(({ name }) => name === relayUplinkName)
  const others = uplinks.filter((uplink) => uplink !== relay)
  const turn = session.turns.uplink++
  if (relay === undefined) return others[turn % others.length]!
  return turn % 2 === 0 || others.length === 0 ? relay : others[(turn >> 1) % others.length]!
}

/** Only for uplinks with at least one; the session's endpoints may change meanwhile. */
function nextEndpoint(session: Session, uplink: Uplink): UdpAddress {
  const choices = endpointsOf(session, uplink)
  const fallback = session.raw?.sentTo[0]
  const turn = session.turns.endpoint.get(uplink.socket) ?? 0
  session.turns.endpoint.set(uplink.socket, turn + 1)
  return choices[turn % choices.length] ?? fallback!
}

const unchallenged: { readonly challenge: Uint8Array; readonly challenges: number } = {
  challenge: new Uint8Array(challengeBytes),
  challenges: 0,
}
