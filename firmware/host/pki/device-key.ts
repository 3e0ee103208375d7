/**
 * The key that a device is known by: ECDSA P-256 as PKCS#8 PEM in a file that only its owner can read, made on the first
 * start and never changed. The device's id is the SHA-256 of its public key (SubjectPublicKeyInfo, RFC 5280 §4.1).
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { CausewayError } from '../../model/errors.ts'
import { makeFile } from '../system/file.ts'
import { readPrivate } from '../system/private-key.ts'

export interface DeviceKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** 64 hexadecimal digits. */
  readonly deviceId: string
}

/** @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID, STORE_WRITE_FAILED */
export async function openDeviceKey(path: string): Promise<DeviceKey> {
  const kept = await readPrivate(path)
  if (kept !== null) return deviceKeyOf(kept, path)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await makeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  // Somebody may have been faster; the file decides.
  const made = await readPrivate(path)
  if (made === null) throw new CausewayError('STORE_KEY_INVALID', `${path} vanished`)
  return deviceKeyOf(made, path)
}

function deviceKeyOf(pem: string, path: string): DeviceKey {
  try {
    const privateKey = createPrivateKey(pem)
    if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not P-256')
    const publicKey = createPublicKey(privateKey)
    return { privateKey, publicKey, deviceId: deviceIdOf(publicKey) }
  } catch (error) {
    // The message of a parser could hold what it was given: only the reason's class goes out.
    throw new CausewayError('STORE_KEY_INVALID', `${path} holds no P-256 key`, { cause: error })
  }
}

export function deviceIdOf(publicKey: KeyObject): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(bytes).digest('hex')
}
