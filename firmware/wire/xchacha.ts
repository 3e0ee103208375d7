/**
 * XChaCha20-Poly1305, which OpenSSL does not have, from what it has: HChaCha20 is taken out of a ChaCha20 keystream
 * block. Pure. draft-irtf-cfrg-xchacha-03; RFC 8439.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { CausewayError } from '../model/errors.ts'

export const xNonceBytes = 24
const tagBytes = 16

/** Ciphertext and tag. A nonce of 24 bytes may be random. */
export function xSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Buffer {
  const { subkey, shortNonce } = extend(key, nonce)
  const cipher = createCipheriv(name, subkey, shortNonce, { authTagLength: tagBytes })
  cipher.setAAD(aad, { plaintextLength: plaintext.length })
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  subkey.fill(0)
  return sealed
}

/** @throws WIRE_TRUNCATED, WIRE_UNAUTHENTIC */
export function xOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): Buffer {
  const textBytes = sealed.length - tagBytes
  if (textBytes < 0) throw new CausewayError('WIRE_TRUNCATED', 'shorter than its tag')
  const { subkey, shortNonce } = extend(key, nonce)
  const decipher = createDecipheriv(name, subkey, shortNonce, { authTagLength: tagBytes })
  subkey.fill(0)
  decipher.setAAD(aad, { plaintextLength: textBytes })
  decipher.setAuthTag(sealed.subarray(textBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, textBytes)), decipher.final()])
  } catch {
    throw new CausewayError('WIRE_UNAUTHENTIC', 'the tag does not hold')
  }
}

/**
 * HChaCha20(key, 16 bytes): the first and last four words of the state after the rounds. A keystream block is that
 * state plus the one before the rounds, whose first words are constants and whose last ones are counter and nonce.
 */
export function hChaCha20(key: Uint8Array, nonce: Uint8Array): Buffer {
  const block = createCipheriv('chacha20', key, nonce).update(zeroBlock)
  const out = Buffer.alloc(32)
  const given = Buffer.from(nonce.buffer, nonce.byteOffset, nonce.byteLength)
  for (let word = 0; word < 4; word++) {
    const first = block.readUInt32LE(4 * word) - constants.readUInt32LE(4 * word)
    const last = block.readUInt32LE(48 + 4 * word) - given.readUInt32LE(4 * word)
    out.writeUInt32LE(first >>> 0, 4 * word)
    out.writeUInt32LE(last >>> 0, 16 + 4 * word)
  }
  return out
}

const name = 'chacha20-poly1305'
const zeroBlock = new Uint8Array(64)
const constants = Buffer.from('expand 32-byte k')

function extend(key: Uint8Array, nonce: Uint8Array): { subkey: Buffer; shortNonce: Buffer } {
  const subkey = hChaCha20(key, nonce.subarray(0, 16))
  return { subkey, shortNonce: Buffer.concat([new Uint8Array(4), nonce.subarray(16)]) }
}
