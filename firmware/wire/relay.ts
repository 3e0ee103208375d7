/**
 * A relayed way as an address: of the discard-only prefix 100::/64 (RFC 6666), which is never routed, the one that names relay
 * and channel. Admission, cookies and freshness then bind to (relay, channel) as they do to an address and a port. Pure.
 *
 *     0100:0000:0000:0000:KKKK:KKKK:CCCC:CCCC    K: the first 4 bytes of the relay's static key, C: the channel
 */
import assert from 'node:assert/strict'
import { ipBytes, ipText } from './ip.ts'

export interface RelayedAddress {
  /** 4 bytes. */
  readonly keyPrefix: Uint8Array
  readonly channel: number
}

const prefix = Buffer.from('0100000000000000', 'hex')
const keyPrefixBytes = 4

/** @param relayKey the relay's static public key, of which the first 4 bytes count */
export function relayedAddress(relayKey: Uint8Array, channel: number): string {
  assert.ok(relayKey.length >= keyPrefixBytes, 'a key has 32 bytes')
  const bytes = Buffer.alloc(16)
  bytes.set(prefix)
  bytes.set(relayKey.subarray(0, keyPrefixBytes), 8)
  bytes.writeUInt32BE(channel, 12)
  return ipText(bytes)
}

/** Null for every other address. @throws WIRE_INVALID for what is no IP address */
export function relayedOf(address: string): RelayedAddress | null {
  const bytes = ipBytes(address)
  if (!prefix.equals(bytes.subarray(0, prefix.length))) return null
  return { keyPrefix: bytes.subarray(8, 12), channel: bytes.readUInt32BE(12) }
}
