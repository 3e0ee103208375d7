/** What an address of 100::/64 says: the way through a relay that wire/relay.ts makes such an address of. Pure. */
import { parseAddress } from './address.ts'

export interface RelayedAddress {
  /** The first four bytes of the relay's static public key, big-endian. */
  readonly keyPrefix: number
  readonly channel: number
}

/** The first half of 100::/64, discard-only (RFC 6666). */
const high = 0x0100_0000_0000_0000n
const low32 = 0xffff_ffffn

/** Null for every other address, and for what is none. */
export function parseRelayed(text: string): RelayedAddress | null {
  const { family, value } = parseAddress(text) ?? { family: 4, value: 0n }
  if (family !== 6 || value >> 64n !== high) return null
  return { keyPrefix: Number((value >> 32n) & low32), channel: Number(value & low32) }
}

/** Of a key of 32 bytes: by it relays are told apart. */
export function keyPrefixOf(wireKey: Uint8Array): number {
  return new DataView(wireKey.buffer, wireKey.byteOffset, 4).getUint32(0)
}
