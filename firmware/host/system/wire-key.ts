/**
 * The device's wire key: X25519 as PKCS#8 PEM (RFC 8410) in a file that only its owner can read. Made on the
 * first start; never changed here.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CausewayError } from '../../model/errors.ts'
import { makeFile } from './file.ts'
import { readPrivate } from './private-key.ts'

export interface WireKey {
  readonly privateKey: KeyObject
  /** 32 bytes (RFC 7748). */
  readonly publicKey: Uint8Array
}

/** @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID, STORE_WRITE_FAILED */
export async function openWireKey(path: string): Promise<WireKey> {
  return (await readWireKey(path)) ?? (await makeKey(path))
}

async function makeKey(path: string): Promise<WireKey> {
  const { privateKey } = generateKeyPairSync('x25519')
  await makeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  // Somebody may have been faster; the file decides.
  const key = await readWireKey(path)
  if (key === null) throw new CausewayError('STORE_KEY_INVALID', `${path} vanished`)
  return key
}

/** Null when there is none yet. @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID */
export async function readWireKey(path: string): Promise<WireKey | null> {
  const pem = await readPrivate(path)
  if (pem === null) return null
  try {
    const privateKey = createPrivateKey(pem)
    if (privateKey.asymmetricKeyType !== 'x25519') throw new Error('is not an X25519 key')
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
    return { privateKey, publicKey: Buffer.from(x!, 'base64url') }
  } catch (error) {
    // The message of a parser could hold what it was given: only the reason's class goes out.
    throw new CausewayError('STORE_KEY_INVALID', `${path} holds no X25519 key`, { cause: error })
  }
}
