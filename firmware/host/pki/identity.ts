/** The two keys by which a box is known, as a backup holds them. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { deviceIdOf } from './device-key.ts'

export interface Identity {
  readonly deviceId: string
  /** Base64, as in a configuration. */
  readonly wireKey: string
}

/** Null: they are not what they should be. */
export function readIdentity(pem: {
  readonly deviceKey: string
  readonly wireKey: string
}): Identity | null {
  try {
    const device = createPrivateKey(pem.deviceKey)
    const wire = createPrivateKey(pem.wireKey)
    const isP256 = device.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    if (!isP256 || wire.asymmetricKeyType !== 'x25519') return null
    const { x } = createPublicKey(wire).export({ format: 'jwk' })
    const wireKey = Buffer.from(x!, 'base64url').toString('base64')
    return { deviceId: deviceIdOf(createPublicKey(device)), wireKey }
  } catch {
    // The message of a parser could hold what it was given.
    return null
  }
}
