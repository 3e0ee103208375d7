/**
 * X25519 keys as handshakes use them: raw 32 bytes at the border, key objects inside. Pure: whoever wants
 * an ephemeral key brings its 32 random bytes. RFC 7748.
 */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { CausewayError } from '../model/errors.ts'

export const keyBytes = 32

/** A key pair whose private half cannot be printed by accident. */
export interface X25519Pair {
  readonly privateKey: KeyObject
  readonly publicKey: Uint8Array
}

/** Reads a private key, clamped as RFC 7748 §5 says. @throws WIRE_INVALID unless it has 32 bytes */
export function x25519Pair(privateBytes: Uint8Array): X25519Pair {
  if (privateBytes.length !== keyBytes) {
    throw new CausewayError('WIRE_INVALID', 'an X25519 private key has 32 bytes')
  }
  const privateKey = createPrivateKey({
    key: privateBytes,
    format: 'raw-private',
    asymmetricKeyType: 'x25519',
  })
  return { privateKey, publicKey: createPublicKey(privateKey).export({ format: 'raw-public' }) }
}

/**
 * The shared secret of a private and a public key.
 * @throws WIRE_UNAUTHENTIC for public keys of low order, whose secret is zero for everybody (RFC 7748 §6.1)
 */
export function sharedSecret(pair: X25519Pair, publicBytes: Uint8Array): Buffer {
  let secret: Buffer
  try {
    secret = diffieHellman({
      privateKey: pair.privateKey,
      publicKey: createPublicKey({
        key: publicBytes,
        format: 'raw-public',
        asymmetricKeyType: 'x25519',
      }),
    })
  } catch (cause) {
    // OpenSSL refuses an all-zero secret itself; the check below stands should it ever stop.
    throw lowOrder(cause)
  }
  if (secret.every((byte) => byte === 0)) throw lowOrder()
  return secret
}

function lowOrder(cause?: unknown): CausewayError {
  return new CausewayError('WIRE_UNAUTHENTIC', 'the public key is of low order', { cause })
}
