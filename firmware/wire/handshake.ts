/**
 * The handshake messages of profile G: 0xD4 initiation, 0xD5 response, 0xD7 challenge, as bytes. Raw ones end in
 * mac1 and mac2, those of a rekey do without. Pure; when to send and whom to believe is gateway/sessions.
 * The cookie (0xD6) and mac2, which shows one, are cookie.ts. wire.md, "Handshake".
 *
 *   0xD4, 160: 0 type, zero 3 | 4 sender index | 8 ephemeral 32 | 40 static 32+16 | 88 payload 24+16
 *              | 128 mac1 16 | 144 mac2 16
 *   0xD5, 100: 0 type, zero 3 | 4 sender index | 8 receiver index | 12 ephemeral 32 | 44 payload 8+16
 *              | 68 mac1 16 | 84 mac2 16
 *   0xD7,  40: 0 type, zero 3 | 4 receiver index | 8 challenge 16 | 24 tag 16
 */
import { CausewayError } from '../model/errors.ts'
import { equalBytes, expand, hash, mac, macBytes } from './blake2s.ts'
import {
  type InitiatorState,
  type ResponderState,
  readMessage1,
  readMessage2,
  type Transcript,
  writeMessage1,
  writeMessage2,
} from './noise.ts'
import { keyBytes, type X25519Pair } from './x25519.ts'

export const messageType = { initiation: 0xd4, response: 0xd5, cookie: 0xd6, challenge: 0xd7 }
/** Sizes without macs, as in rekeys; a raw message has 32 bytes more. */
export const initiationBytes = 128
export const responseBytes = 68
export const macsBytes = 2 * macBytes
export const challengeBytes = 16
export const challengeMessageBytes = 40

export type Suite = 'chacha20-poly1305' | 'aes-256-gcm'
/** Numbers on the wire; in an initiation they add up, in a response one is named. */
export const suiteNumber: Readonly<Record<Suite, number>> = {
  'chacha20-poly1305': 1,
  'aes-256-gcm': 2,
}

export interface InitiationPayload {
  /** 16 bytes; zeros without a challenge to answer. */
  readonly challenge: Uint8Array
  readonly suites: readonly Suite[]
  /** Number of the PSK in the directory; 0 is 32 zero bytes. */
  readonly pskNumber: number
  /** The sender's number of the uplink. */
  readonly uplink: number
}

export interface ResponsePayload {
  readonly suite: Suite
  readonly uplink: number
}

/** Message 1 without macs (128 bytes), and what opens its answer. */
export function writeInitiation(input: {
  readonly prologue: Uint8Array
  readonly local: X25519Pair
  readonly remoteStatic: Uint8Array
  readonly ephemeral: X25519Pair
  readonly senderIndex: number
  readonly payload: InitiationPayload
}): { readonly state: InitiatorState; readonly message: Buffer } {
  const { challenge, suites, pskNumber, uplink } = input.payload
  const payload = Buffer.alloc(24)
  payload.set(challenge, 0)
  payload[16] = suites.reduce((sum, suite) => sum + suiteNumber[suite], 0)
  payload[17] = pskNumber
  payload[18] = uplink
  const { state, message } = writeMessage1({ ...input, payload })
  return { state, message: Buffer.concat([header(0xd4, input.senderIndex), message]) }
}

export interface Initiation {
  readonly senderIndex: number
  readonly payload: InitiationPayload
  readonly state: ResponderState
}

/** @throws WIRE_TRUNCATED, WIRE_INVALID, WIRE_UNAUTHENTIC */
export function readInitiation(
  message: Uint8Array,
  keys: { readonly prologue: Uint8Array; readonly local: X25519Pair },
): Initiation {
  expectMessage(message, messageType.initiation, initiationBytes)
  const { state, payload } = readMessage1({ ...keys, message: message.subarray(8) })
  const suites = (['chacha20-poly1305', 'aes-256-gcm'] as const).filter(
    (suite) => (payload[16]! & suiteNumber[suite]) !== 0,
  )
  if (suites[0] !== 'chacha20-poly1305') throw invalid('the initiation does not offer suite 1')
  return {
    senderIndex: readIndex(message, 4),
    payload: {
      challenge: payload.subarray(0, challengeBytes),
      suites,
      pskNumber: payload[17]!,
      uplink: payload[18]!,
    },
    state,
  }
}

/** The ephemeral of an initiation, by which copies are told from news, before any Diffie-Hellman. */
export function ephemeralOf(message: Uint8Array): Uint8Array {
  return message.subarray(8, 8 + keyBytes)
}

/** Message 2 without macs (68 bytes), and what yields the keys. */
export function writeResponse(
  initiation: Initiation,
  input: {
    readonly ephemeral: X25519Pair
    readonly psk: Uint8Array
    readonly senderIndex: number
    readonly payload: ResponsePayload
  },
): { readonly transcript: Transcript; readonly message: Buffer } {
  const payload = Buffer.alloc(8)
  payload[0] = suiteNumber[input.payload.suite]
  payload[1] = input.payload.uplink
  const { transcript, message } = writeMessage2(initiation.state, { ...input, payload })
  const head = header(0xd5, input.senderIndex, initiation.senderIndex)
  return { transcript, message: Buffer.concat([head, message]) }
}

/** The receiver index of a response or challenge: whose initiation it answers. */
export function receiverIndexOf(message: Uint8Array): number {
  const offset = message[0] === messageType.response ? 8 : 4
  if (message.length < offset + 4) throw truncated()
  return readIndex(message, offset)
}

export interface Response {
  readonly senderIndex: number
  readonly payload: ResponsePayload
  readonly transcript: Transcript
}

/** @throws WIRE_TRUNCATED, WIRE_INVALID, WIRE_UNAUTHENTIC; the state can be used again after each */
export function readResponse(
  message: Uint8Array,
  state: InitiatorState,
  psk: Uint8Array,
): Response {
  expectMessage(message, messageType.response, responseBytes)
  const { transcript, payload } = readMessage2(state, { psk, message: message.subarray(12) })
  const suite = payload[0] === 1 ? 'chacha20-poly1305' : payload[0] === 2 ? 'aes-256-gcm' : null
  if (suite === null) throw invalid('the response names an unknown suite')
  return {
    senderIndex: readIndex(message, 4),
    payload: { suite, uplink: payload[1]! },
    transcript,
  }
}

/** The key of mac1 towards a static key: HASH('cw1-mac1' ‖ key). Not secret. */
export function mac1Key(staticKey: Uint8Array): Buffer {
  return hash('cw1-mac1', staticKey)
}

/** Appends mac1, under the receiver's key, and an empty mac2. */
export function withMacs(message: Uint8Array, receiverMac1Key: Uint8Array): Buffer {
  return Buffer.concat([message, mac(receiverMac1Key, message), new Uint8Array(macBytes)])
}

/**
 * Takes the macs off a raw message. @throws WIRE_INVALID for another type or size, WIRE_UNAUTHENTIC unless mac1
 * holds under the own key
 */
export function withoutMacs(datagram: Uint8Array, ownMac1Key: Uint8Array): Uint8Array {
  const isInitiation = datagram[0] === messageType.initiation
  const bytes = isInitiation ? initiationBytes : responseBytes
  const type = isInitiation ? messageType.initiation : messageType.response
  expectMessage(datagram, type, bytes + macsBytes)
  const message = datagram.subarray(0, bytes)
  if (!equalBytes(mac(ownMac1Key, message), datagram.subarray(bytes, bytes + macBytes))) {
    throw new CausewayError('WIRE_UNAUTHENTIC', 'mac1 does not hold')
  }
  return message
}

/** 0xD7: asks the sender of an initiation for a new one that holds the challenge. */
export function writeChallenge(initiation: Initiation, challenge: Uint8Array): Buffer {
  const body = Buffer.concat([header(0xd7, initiation.senderIndex), challenge])
  return Buffer.concat([body, mac(challengeKey(initiation.state), body)])
}

/** @throws WIRE_TRUNCATED, WIRE_INVALID, WIRE_UNAUTHENTIC */
export function readChallenge(message: Uint8Array, state: InitiatorState): Uint8Array {
  expectMessage(message, messageType.challenge, challengeMessageBytes)
  const body = message.subarray(0, 24)
  if (!equalBytes(mac(challengeKey(state), body), message.subarray(24))) {
    throw new CausewayError('WIRE_UNAUTHENTIC', 'the tag of the challenge does not hold')
  }
  return Buffer.from(message.subarray(8, 24))
}

/** Only the owner of the responder's static key has ck and h as they stand after message 1. */
function challengeKey(transcript: Transcript): Buffer {
  return expand(transcript.ck, ['causeway v1 challenge', transcript.h])
}

function header(type: number, ...indices: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * indices.length)
  bytes[0] = type
  indices.forEach((index, position) => {
    bytes.writeUInt32BE(index, 4 + 4 * position)
  })
  return bytes
}

function readIndex(message: Uint8Array, offset: number): number {
  return new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(offset)
}

function expectMessage(message: Uint8Array, type: number, bytes: number): void {
  if (message.length < bytes) throw truncated()
  if (message[0] !== type || message.length !== bytes) {
    throw invalid('the handshake message has a wrong type or size')
  }
}

function truncated(): CausewayError {
  return new CausewayError('WIRE_TRUNCATED', 'the handshake message is too short')
}

function invalid(message: string): CausewayError {
  return new CausewayError('WIRE_INVALID', message)
}
