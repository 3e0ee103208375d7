/**
 * The four BLAKE2s constructions that wire.md names: HASH, HMAC, MAC and Expand. Pure.
 * RFC 7693 (BLAKE2), RFC 2104 (HMAC), RFC 5869 (HKDF).
 */
import { createHash, createHmac, createMac, hkdfSync, timingSafeEqual } from 'node:crypto'

// Node 26.10 has createMac, its published types do not know it yet.
declare module 'node:crypto' {
  function createMac(
    name: 'blake2smac',
    key: Uint8Array,
    options: { readonly outputLength: number },
  ): { update(data: Uint8Array): void; final(): Buffer }
}

export const hashBytes = 32
export const macBytes = 16

/** HASH: BLAKE2s-256 over the parts, joined. */
export function hash(...parts: readonly (Uint8Array | string)[]): Buffer {
  const state = createHash('blake2s256')
  for (const part of parts) state.update(part)
  return state.digest()
}

/** MAC: keyed BLAKE2s, 16 bytes. */
export function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  // The keyed mode is a MAC of its own in OpenSSL; the plain hash ignores a key without a word.
  const state = createMac('blake2smac', key, { outputLength: macBytes })
  for (const part of parts) state.update(part)
  return state.final()
}

/** Expand(k, x) = HMAC(k, x ‖ 0x01): the first block of HKDF-Expand, cut to `bytes` (at most 32). */
export function expand(
  key: Uint8Array,
  parts: readonly (Uint8Array | string)[],
  bytes = hashBytes,
): Buffer {
  const state = createHmac('blake2s256', key)
  for (const part of parts) state.update(part)
  return state.update(expandEnd).digest().subarray(0, bytes)
}

/** HKDF with BLAKE2s-256. Noise's HKDF (§4.3) is this one with an empty info. */
export function hkdf(
  salt: Uint8Array,
  inputKey: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Buffer {
  return Buffer.from(hkdfSync('blake2s256', inputKey, salt, info, bytes))
}

/** Constant-time comparison of secrets and tags; different lengths are simply different. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

const expandEnd = Uint8Array.of(1)
