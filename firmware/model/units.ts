/**
 * Quantities as people write them in a configuration, and the sizes of the overlay. Numbers inside the
 * firmware carry their unit in their name; this is where text becomes such a number.
 */
import Type, { type Static } from 'typebox'

/** `40M`, `1.5G`, `800k`: bits per second with decimal prefixes, as carriers sell them. */
export const Rate = Type.String({
  pattern: '^(?=.*[1-9])[0-9]{1,6}(\\.[0-9]{1,3})?[kMG]$',
  title: 'a rate above 0',
  examples: ['40M', '1.5G'],
})
export type Rate = Static<typeof Rate>

const prefixes: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9 }

/** Bits per second of a text that has passed `Rate`. */
export function rateBps(rate: Rate): number {
  return Math.round(Number(rate.slice(0, -1)) * (prefixes[rate.slice(-1)] ?? 1))
}

/** Outer IPv4 and UDP, sealed header, Geneve, tag: 20 + 8 + 16 + 8 + 16 (wire.md, "Sealed data"). */
export const overlayOverheadBytes = 68
/** The same where the outer header is IPv6's, of 40 bytes. */
export const overlayOverhead6Bytes = 88
export const ethernetMtuBytes = 1500
/** RFC 8200 §5: what every IPv6 link carries; below it nothing here is sensible. */
export const leastMtuBytes = 1280
/** The largest payload of common jumbo frames. */
export const mostMtuBytes = 9216
