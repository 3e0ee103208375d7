/**
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s: the two messages as pure functions. Ephemeral keys, prologue and
 * PSK are arguments, states are values: a forged message leaves no trace in the state it was tried on.
 * What a handshake means is handshake.ts. The Noise Protocol Framework, revision 34.
 *
 *   IKpsk2:   <- s   …   -> e, es, s, ss   <- e, ee, se, psk
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { CausewayError } from '../model/errors.ts'
import { hash, hkdf } from './blake2s.ts'
import { keyBytes, sharedSecret, type X25519Pair } from './x25519.ts'

export const tagBytes = 16
/** Bytes of the messages beyond their payloads. */
export const message1Overhead = keyBytes + (keyBytes + tagBytes) + tagBytes
export const message2Overhead = keyBytes + tagBytes

/** Chaining key and transcript hash: after message 1, what challenges are bound to; after message 2, the keys. */
export interface Transcript {
  readonly ck: Uint8Array
  readonly h: Uint8Array
}

export interface InitiatorState extends Transcript {
  readonly local: X25519Pair
  readonly ephemeral: X25519Pair
}

export interface ResponderState extends Transcript {
  readonly remoteStatic: Uint8Array
  readonly remoteEphemeral: Uint8Array
}

export function writeMessage1(input: {
  readonly prologue: Uint8Array
  readonly local: X25519Pair
  readonly remoteStatic: Uint8Array
  readonly ephemeral: X25519Pair
  readonly payload: Uint8Array
}): { readonly state: InitiatorState; readonly message: Buffer } {
  const { local, ephemeral, remoteStatic } = input
  const noise = start(input.prologue, remoteStatic)
  mixEphemeral(noise, ephemeral.publicKey)
  mixKey(noise, sharedSecret(ephemeral, remoteStatic))
  const sealedStatic = encryptAndHash(noise, local.publicKey)
  mixKey(noise, sharedSecret(local, remoteStatic))
  const sealedPayload = encryptAndHash(noise, input.payload)
  return {
    state: { ck: noise.ck, h: noise.h, local, ephemeral },
    message: Buffer.concat([ephemeral.publicKey, sealedStatic, sealedPayload]),
  }
}

/** @throws WIRE_TRUNCATED, WIRE_UNAUTHENTIC */
export function readMessage1(input: {
  readonly prologue: Uint8Array
  readonly local: X25519Pair
  readonly message: Uint8Array
}): { readonly state: ResponderState; readonly payload: Buffer } {
  const { local, message } = input
  if (message.length < message1Overhead) throw truncated()
  const remoteEphemeral = Buffer.from(message.subarray(0, keyBytes))
  const staticEnd = keyBytes + keyBytes + tagBytes
  const noise = start(input.prologue, local.publicKey)
  mixEphemeral(noise, remoteEphemeral)
  mixKey(noise, sharedSecret(local, remoteEphemeral))
  const remoteStatic = decryptAndHash(noise, message.subarray(keyBytes, staticEnd))
  mixKey(noise, sharedSecret(local, remoteStatic))
  const payload = decryptAndHash(noise, message.subarray(staticEnd))
  return { state: { ck: noise.ck, h: noise.h, remoteStatic, remoteEphemeral }, payload }
}

export function writeMessage2(
  state: ResponderState,
  input: {
    readonly ephemeral: X25519Pair
    readonly psk: Uint8Array
    readonly payload: Uint8Array
  },
): { readonly transcript: Transcript; readonly message: Buffer } {
  const { ephemeral } = input
  const noise = resume(state)
  mixEphemeral(noise, ephemeral.publicKey)
  mixKey(noise, sharedSecret(ephemeral, state.remoteEphemeral))
  mixKey(noise, sharedSecret(ephemeral, state.remoteStatic))
  mixKeyAndHash(noise, input.psk)
  const sealedPayload = encryptAndHash(noise, input.payload)
  return {
    transcript: { ck: noise.ck, h: noise.h },
    message: Buffer.concat([ephemeral.publicKey, sealedPayload]),
  }
}

/** @throws WIRE_TRUNCATED, WIRE_UNAUTHENTIC; the state can be used again after either */
export function readMessage2(
  state: InitiatorState,
  input: { readonly psk: Uint8Array; readonly message: Uint8Array },
): { readonly transcript: Transcript; readonly payload: Buffer } {
  const { message } = input
  if (message.length < message2Overhead) throw truncated()
  const remoteEphemeral = message.subarray(0, keyBytes)
  const noise = resume(state)
  mixEphemeral(noise, remoteEphemeral)
  mixKey(noise, sharedSecret(state.ephemeral, remoteEphemeral))
  mixKey(noise, sharedSecret(state.local, remoteEphemeral))
  mixKeyAndHash(noise, input.psk)
  const payload = decryptAndHash(noise, message.subarray(keyBytes))
  return { transcript: { ck: noise.ck, h: noise.h }, payload }
}

/** The symmetric state of §5.2. Every key seals at most one text here, so the nonce is always zero. */
interface Symmetric {
  ck: Buffer
  h: Buffer
  key: Buffer
}

const protocolHash = hash('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s')
const zeroNonce = new Uint8Array(12)
const cipherName = 'chacha20-poly1305'

function start(prologue: Uint8Array, responderStatic: Uint8Array): Symmetric {
  const h = hash(hash(protocolHash, prologue), responderStatic)
  return { ck: protocolHash, h, key: Buffer.alloc(0) }
}

function resume(state: Transcript): Symmetric {
  return { ck: Buffer.from(state.ck), h: Buffer.from(state.h), key: Buffer.alloc(0) }
}

/** The token `e`; with a PSK in the pattern the ephemeral is mixed into the key as well (§9.2). */
function mixEphemeral(noise: Symmetric, publicKey: Uint8Array): void {
  noise.h = hash(noise.h, publicKey)
  mixKey(noise, publicKey)
}

function mixKey(noise: Symmetric, inputKey: Uint8Array): void {
  const okm = hkdf(noise.ck, inputKey, noInfo, 64)
  noise.ck = okm.subarray(0, 32)
  noise.key = okm.subarray(32, 64)
}

function mixKeyAndHash(noise: Symmetric, inputKey: Uint8Array): void {
  const okm = hkdf(noise.ck, inputKey, noInfo, 96)
  noise.ck = okm.subarray(0, 32)
  noise.h = hash(noise.h, okm.subarray(32, 64))
  noise.key = okm.subarray(64, 96)
}

function encryptAndHash(noise: Symmetric, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv(cipherName, noise.key, zeroNonce, { authTagLength: tagBytes })
  cipher.setAAD(noise.h, { plaintextLength: plaintext.length })
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  noise.h = hash(noise.h, sealed)
  return sealed
}

function decryptAndHash(noise: Symmetric, sealed: Uint8Array): Buffer {
  const textLength = sealed.length - tagBytes
  const decipher = createDecipheriv(cipherName, noise.key, zeroNonce, { authTagLength: tagBytes })
  decipher.setAAD(noise.h, { plaintextLength: textLength })
  decipher.setAuthTag(sealed.subarray(textLength))
  let plaintext: Buffer
  try {
    plaintext = Buffer.concat([decipher.update(sealed.subarray(0, textLength)), decipher.final()])
  } catch {
    throw new CausewayError('WIRE_UNAUTHENTIC', 'the handshake message does not authenticate')
  }
  noise.h = hash(noise.h, sealed)
  return plaintext
}

function truncated(): CausewayError {
  return new CausewayError('WIRE_TRUNCATED', 'the handshake message is too short')
}

const noInfo = new Uint8Array(0)
