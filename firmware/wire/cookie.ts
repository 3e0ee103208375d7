/**
 * Cookies as WireGuard has them (§5.4.7): 0xD6 gives one, mac2 of an initiation or response shows it. Pure; when to
 * ask for one is gateway/sessions. wire.md, "Denial of service".
 *
 *   0xD6, 64: 0 type, zero 3 | 4 receiver index | 8 nonce 24 | 32 cookie 16+16
 */
import { CausewayError } from '../model/errors.ts'
import { equalBytes, hash, mac, macBytes } from './blake2s.ts'
import { ipBytes } from './ip.ts'
import { xNonceBytes, xOpen, xSeal } from './xchacha.ts'

export const cookieBytes = 16
export const cookieMessageBytes = 64

/** The key that seals cookies of the owner of a static key: HASH('cw1-cook' ‖ key). Not secret. */
export function cookieKey(staticKey: Uint8Array): Buffer {
  return hash('cw1-cook', staticKey)
}

/** MAC(secret, address 16 ‖ port u32): what only who receives there can know. */
export function cookieFor(
  secret: Uint8Array,
  from: { readonly address: string; readonly port: number },
): Buffer {
  const port = Buffer.alloc(4)
  port.writeUInt32BE(from.port)
  return mac(secret, ipBytes(from.address), port)
}

/** @param datagram the initiation or response with its macs, to which it is the answer */
export function writeCookie(input: {
  readonly datagram: Uint8Array
  readonly cookie: Uint8Array
  readonly ownCookieKey: Uint8Array
  readonly nonce: Uint8Array
}): Buffer {
  const { datagram, cookie, ownCookieKey, nonce } = input
  const head = Buffer.from([0xd6, 0, 0, 0, ...datagram.subarray(4, 8)])
  return Buffer.concat([head, nonce, xSeal(ownCookieKey, nonce, cookie, mac1Of(datagram))])
}

/**
 * The cookie in an answer to `datagram`, sent to the owner of `theirCookieKey`.
 * @throws WIRE_TRUNCATED, WIRE_INVALID, WIRE_UNAUTHENTIC
 */
export function readCookie(
  message: Uint8Array,
  datagram: Uint8Array,
  theirCookieKey: Uint8Array,
): Buffer {
  if (message.length < cookieMessageBytes) throw new CausewayError('WIRE_TRUNCATED', 'no cookie')
  if (message[0] !== 0xd6 || message.length !== cookieMessageBytes) {
    throw new CausewayError('WIRE_INVALID', 'the cookie message has a wrong type or size')
  }
  const nonce = message.subarray(8, 8 + xNonceBytes)
  return xOpen(theirCookieKey, nonce, message.subarray(8 + xNonceBytes), mac1Of(datagram))
}

/** The datagram with mac2 = MAC(cookie, everything before it). */
export function withMac2(datagram: Uint8Array, cookie: Uint8Array): Buffer {
  const before = datagram.subarray(0, datagram.length - macBytes)
  return Buffer.concat([before, mac(cookie, before)])
}

/** Whether there is a mac2 at all: without a cookie it is zeros. */
export function hasMac2(datagram: Uint8Array): boolean {
  return datagram.subarray(datagram.length - macBytes).some((byte) => byte !== 0)
}

export function holdsMac2(datagram: Uint8Array, cookie: Uint8Array): boolean {
  const at = datagram.length - macBytes
  return equalBytes(mac(cookie, datagram.subarray(0, at)), datagram.subarray(at))
}

function mac1Of(datagram: Uint8Array): Uint8Array {
  return datagram.subarray(datagram.length - 2 * macBytes, datagram.length - macBytes)
}
