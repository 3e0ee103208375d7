/** The text form of an X25519 public key in configuration, API and CLI. RFC 7748 §6.1, RFC 4648 §4. */

const base64Of32Bytes = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/

/** The 32 bytes, or null unless the text is their one canonical base64. */
export function decodeWireKey(text: string): Uint8Array | null {
  if (!base64Of32Bytes.test(text)) return null
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

export function encodeWireKey(key: Uint8Array): string {
  return btoa(String.fromCharCode(...key))
}

/** All zeros is no key: every exchange with it yields zeros (RFC 7748 §6.1). */
export function isUsableWireKey(key: Uint8Array): boolean {
  return key.some((byte) => byte !== 0)
}
