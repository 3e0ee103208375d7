/**
 * The eight characters that a person compares between a device's page and the controller, when nothing else makes the two known
 * to each other. Bound to the device's key and to the owner's authority that it was offered, so that somebody in between makes
 * them differ. Each side adds 32 random bytes; the device commits to its own before it sees the controller's, so that
 * nobody can search for a pair that gives the code of another: of 2^40 guesses each attempt has one (after ZRTP, RFC 6189 §4.4).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What both know once the device has opened its commitment. */
export interface ClaimParts {
  readonly deviceId: string
  /** Of the authority's certificate, SHA-256 in hex. */
  readonly ownerPin: string
  /** 32 bytes each. */
  readonly deviceSecret: Uint8Array
  readonly controllerNonce: Uint8Array
}

/** Crockford's: no I, L, O, U. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeLetters = 8

/** What the device sends first. */
export function commitTo(deviceSecret: Uint8Array): Buffer {
  return createHash('sha256').update('causeway claim v1 commit').update(deviceSecret).digest()
}

export function isCommitted(commitment: Uint8Array, deviceSecret: Uint8Array): boolean {
  const made = commitTo(deviceSecret)
  return made.length === commitment.length && timingSafeEqual(made, commitment)
}

/** `7K3M-Q9XA` */
export function claimCode({
  deviceId,
  ownerPin,
  deviceSecret,
  controllerNonce,
}: ClaimParts): string {
  const key = Buffer.concat([deviceSecret, controllerNonce])
  const mac = createHmac('sha256', key)
    .update('causeway claim v1 code')
    .update(Buffer.from(deviceId, 'hex'))
    .update(Buffer.from(ownerPin, 'hex'))
    .digest()
  const bits = mac.readUIntBE(0, 5)
  const code = Array.from({ length: codeLetters }, (_, at) => {
    return letters[Math.floor(bits / 32 ** (codeLetters - 1 - at)) % 32]
  }).join('')
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** As somebody may have typed it: small letters, no hyphen, O for 0, I and L for 1. Null for what is no code. */
export function readClaimCode(typed: string): string | null {
  const plain = typed
    .slice(0, 32)
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
  if (plain.length !== codeLetters || [...plain].some((one) => !letters.includes(one))) return null
  return `${plain.slice(0, 4)}-${plain.slice(4)}`
}
