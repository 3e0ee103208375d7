/**
 * An owner's own root: a key of ECDSA P-256 in a file, kept off line, whose public half is put on boxes. All that it ever signs is
 * that an authority may make vouchers for them (`Delegation`), so that a lost authority can be replaced, and a box never asks a person.
 */
import { CausewayError } from '../../model/errors.ts'
import type { Delegation } from '../../model/voucher.ts'
import { keyFingerprint, signJws } from '../../wire/jws.ts'
import { makeFile } from '../system/file.ts'
import { fingerprintOf } from './certificate.ts'
import { makeKeys, privatePem, publicPem, readKeys } from './p256.ts'

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
  const { privateKey, publicKey } = makeKeys()
  const publicFile = `${path}.pub`
  if (!(await makeFile(path, privatePem(privateKey)))) throw there(path)
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
  const { privateKey, publicKey } = await readKeys(path)
  const said: Delegation = {
    ...{ version: 1, ownerPin: fingerprintOf(authority) },
    ...{ issuedMs: Math.trunc(nowMs), expiresMs: Math.trunc(nowMs) + days * dayMs },
  }
  const delegation = await signJws('causeway-delegation', said, privateKey)
  return { delegation, root: publicPem(publicKey) }
}

function there(path: string): CausewayError {
  return new CausewayError('STORE_NOT_EMPTY', `there is a file ${path} already`)
}
