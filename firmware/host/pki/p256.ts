/** Keys of ECDSA P-256 (FIPS 186-5 §6), by which devices, owners and roots sign: in files of their own, and as others show them. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CausewayError } from '../../model/errors.ts'
import { makeFile } from '../system/file.ts'
import { readPrivate } from '../system/private-key.ts'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const curve = 'prime256v1'

export function makeKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: curve })
}

/** Those of the file, made at the first start and never changed. @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID, STORE_WRITE_FAILED */
export async function openKeys(path: string): Promise<KeyPair> {
  const kept = await readPrivate(path)
  if (kept !== null) return keysOf(kept, path)
  await makeFile(path, privatePem(makeKeys().privateKey))
  // Somebody may have been faster; the file decides.
  return readKeys(path)
}

/** @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID: there is none, too */
export async function readKeys(path: string): Promise<KeyPair> {
  const pem = await readPrivate(path)
  if (pem === null) throw new CausewayError('STORE_KEY_INVALID', `there is no ${path}`)
  return keysOf(pem, path)
}

/** What somebody else shows. @param key PEM, or DER of a SubjectPublicKeyInfo (RFC 5280 §4.1) @throws Error what it is instead */
export function readPublicKey(key: string | Buffer): KeyObject {
  if (typeof key === 'string' && key.includes('PRIVATE KEY')) {
    throw new Error('it is a private key, which nobody else may have')
  }
  const made = createPublicKey(typeof key === 'string' ? key : { key, type: 'spki', format: 'der' })
  if (!isP256(made)) throw new Error('not P-256')
  return made
}

/** PKCS#8 (RFC 5958). */
export function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** SubjectPublicKeyInfo. */
export function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function keysOf(pem: string, path: string): KeyPair {
  try {
    const privateKey = createPrivateKey(pem)
    if (!isP256(privateKey)) throw new Error('not P-256')
    return { privateKey, publicKey: createPublicKey(privateKey) }
  } catch {
    // The message of a parser could hold what it was given.
    throw new CausewayError('STORE_KEY_INVALID', `${path} holds no P-256 key`)
  }
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve === curve
}
