/**
 * The key that a device is known by: ECDSA P-256 as PKCS#8 PEM in a file that only its owner can read, made on the first
 * start and never changed. The device's id is the SHA-256 of its public key (SubjectPublicKeyInfo, RFC 5280 §4.1).
 */
import { createHash, type KeyObject } from 'node:crypto'
import { type KeyPair, openKeys } from './p256.ts'

export interface DeviceKey extends KeyPair {
  /** 64 hexadecimal digits. */
  readonly deviceId: string
}

/** @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID, STORE_WRITE_FAILED */
export async function openDeviceKey(path: string): Promise<DeviceKey> {
  const keys = await openKeys(path)
  return { ...keys, deviceId: deviceIdOf(keys.publicKey) }
}

export function deviceIdOf(publicKey: KeyObject): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(bytes).digest('hex')
}
