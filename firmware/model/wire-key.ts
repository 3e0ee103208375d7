/** X25519 public keys: their text form in configuration, API and CLI, and which are none. RFC 7748, RFC 4648 §4. */

const base64Of32Bytes = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/

/** The 32 bytes, or null unless the text is their one canonical base64. */
export function decodeWireKey(text: string): Uint8Array | null {
  if (!base64Of32Bytes.test(text)) return null
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

export function encodeWireKey(key: Uint8Array): string {
  return btoa(String.fromCharCode(...key))
}

/** False for points of small order: every exchange with one yields zeros (RFC 7748 §6.1). */
export function isUsableWireKey(key: Uint8Array): boolean {
  // X25519 does not read the highest bit (RFC 7748 §5).
  const point = key.with(31, key[31]! & 0x7f)
  return !smallOrderPoints.has(encodeWireKey(point))
}

/**
 * Every u of order 1, 2, 4 or 8 on the curve or its twist, with each of its spellings below 2^255; p = 2^255 − 19.
 * https://cr.yp.to/ecdh.html#validate
 */
const smallOrderPoints: ReadonlySet<string> = new Set(
  [
    // 0, 1, and the two of order 8
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    // p − 1, p and p + 1
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map((hex) => encodeWireKey(Uint8Array.fromHex(hex))),
)
