/**
 * An owner's own root: a key of ECDSA P-256 in a file, kept off line, whose public half is put on boxes. All that it ever signs is
 * that an authority may make vouchers for them (`Delegation`), so that a lost authority can be replaced, and a box never asks a person.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CausewayError } from '../../model/errors.ts'
import type { Delegation } from '../../model/voucher.ts'
import { keyFingerprint, signJws } from '../../wire/jws.ts'
import { makeFile } from '../system/file.ts'
import { readPrivate } from '../system/private-key.ts'
import { fingerprintOf } from './certificate.ts'

export interface RootFiles {
  /** PKCS#8 PEM, 0600. */
  readonly privateFile: string
  /** SubjectPublicKeyInfo PEM: what boxes are given. */
  readonly publicFile: string
  /** Of the public key. */
  readonly fingerprint: string
}

/** A root's word, and the public key that it can be checked by. */
export interface SignedDelegation {
  readonly delegation: string
  /** PEM. */
  readonly root: string
}

const dayMs = 86_400_000

/** @throws STORE_NOT_EMPTY there is such a file already; STORE_WRITE_FAILED */
export async function makeRoot(path: string): Promise<RootFiles> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicFile = `${path}.pub`
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  if (!(await makeFile(path, pem))) throw there(path)
  if (!(await makeFile(publicFile, publicPem(publicKey), 0o644))) throw there(publicFile)
  return { privateFile: path, publicFile, fingerprint: keyFingerprint(publicKey) }
}

/**
 * @param authority PEM of its certificate
 * @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID
 */
export async function signDelegation(
  path: string,
  authority: string,
  days: number,
  nowMs: number,
): Promise<SignedDelegation> {
  const key = await openRoot(path)
  const said: Delegation = {
    ...{ version: 1, ownerPin: fingerprintOf(authority) },
    ...{ issuedMs: Math.trunc(nowMs), expiresMs: Math.trunc(nowMs) + days * dayMs },
  }
  const delegation = await signJws('causeway-delegation', said, key)
  return { delegation, root: publicPem(createPublicKey(key)) }
}

async function openRoot(path: string): Promise<KeyObject> {
  const pem = await readPrivate(path)
  if (pem === null) throw new CausewayError('STORE_KEY_INVALID', `there is no ${path}`)
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not P-256')
    return key
  } catch {
    // The message of a parser could hold what it was given.
    throw new CausewayError('STORE_KEY_INVALID', `${path} holds no P-256 key`)
  }
}

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function there(path: string): CausewayError {
  return new CausewayError('STORE_NOT_EMPTY', `there is a file ${path} already`)
}
