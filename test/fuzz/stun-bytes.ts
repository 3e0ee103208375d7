/** Malformed STUN datagrams without end, fast and from a seed, for whoever throws them at a parser or at a running box. */
import { encodeRequest, encodeResponse, noChange } from '../../firmware/wire/stun.ts'

const transactionId = new Uint8Array(12).fill(7)
const mapped = { address: '203.0.113.9', port: 40_001 }
const other = { address: '2001:db8::7', port: 3478 }

/** Sound ones, of which the others are made. */
export const soundStun: readonly Uint8Array[] = [
  encodeRequest(transactionId, noChange),
  encodeRequest(transactionId, { address: true, port: true }),
  encodeResponse({ transactionId, mapped, origin: mapped, other }),
]

/**
 * One that is no STUN message, or is one that says something else: noise behind a good head, bits turned, cut, grown, lengths
 * that lie. Its head is right in most cases, so that it reaches the gateway through the datapath.
 * @param random evenly spread numbers from [0, 1)
 */
export function bentStun(random: () => number): Uint8Array {
  const upTo = (most: number): number => Math.floor(random() * most)
  const from = soundStun[upTo(soundStun.length)]!
  const grown = new Uint8Array(from.length + 4 * upTo(8))
  grown.set(from)
  for (let at = from.length; at < grown.length; at++) grown[at] = upTo(256)
  const bytes = upTo(3) === 0 ? grown.slice(0, upTo(grown.length + 1)) : grown
  if (bytes.length < 20) return bytes
  for (let flips = 1 + upTo(6); flips > 0 && bytes.length > 20; flips--) {
    bytes[20 + upTo(bytes.length - 20)] = upTo(256)
  }
  // Half keep the length of what they were made of.
  if (upTo(2) === 0) {
    bytes[2] = (bytes.length - 20) >> 8
    bytes[3] = (bytes.length - 20) & 0xff
  }
  if (upTo(8) === 0) bytes[upTo(20)] = upTo(256)
  return bytes
}
