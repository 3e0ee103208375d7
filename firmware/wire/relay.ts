/**
 * A relayed way as an address: of the discard-only prefix 100::/64 (RFC 6666), which is never routed, the one that names relay
 * and channel. Admission, cookies and freshness then bind to (relay, channel) as they do to an address and a port. It is read in
 * model/relayed-address.ts. Pure.
 *
 *     0100:0000:0000:0000:KKKK:KKKK:CCCC:CCCC    K: the first 4 bytes of the relay's static key, C: the channel
 */
import assert from 'node:assert/strict'
import { ipText } from './ip.ts'

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
