/**
 * IPv4 addresses, prefixes and endpoints as text, and the arithmetic on them. Pure. RFC 791, RFC 4632.
 * Addresses inside are unsigned 32-bit numbers, host order.
 */

export interface Prefix {
  /** The address with its host bits cleared. */
  readonly network: number
  /** 0–32. */
  readonly bits: number
}

/** An interface address: where it is, and the network it is on (`10.1.0.1/24`). */
export interface InterfaceAddress extends Prefix {
  readonly address: number
}

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** Dotted quad without leading zeros (which some readers take for octal); null for anything else. */
export function parseIpv4(text: string): number | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let address = 0
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null
    address = address * 256 + Number(part)
  }
  return address
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')
}

/** `10.1.0.1/24`; null unless both halves are right. Host bits may be set. */
export function parseInterfaceAddress(text: string): InterfaceAddress | null {
  const [left, right, ...rest] = text.split('/')
  if (left === undefined || right === undefined || rest.length > 0) return null
  if (!/^(0|[1-9][0-9]?)$/.test(right) || Number(right) > 32) return null
  const address = parseIpv4(left)
  if (address === null) return null
  const bits = Number(right)
  return { address, bits, network: (address & mask(bits)) >>> 0 }
}

/** A prefix in its canonical text. */
export function formatPrefix({ network, bits }: Prefix): string {
  return `${formatIpv4(network)}/${bits}`
}

/** `198.51.100.7:51820`, port 1–65535; null for names, IPv6 and anything else. */
export function parseEndpoint(text: string): Endpoint | null {
  const colon = text.lastIndexOf(':')
  const address = text.slice(0, Math.max(colon, 0))
  const port = text.slice(colon + 1)
  if (parseIpv4(address) === null || !/^[1-9][0-9]{0,4}$/.test(port)) return null
  return Number(port) > 65_535 ? null : { address, port: Number(port) }
}

export function contains({ network, bits }: Prefix, address: number): boolean {
  return (address & mask(bits)) >>> 0 === network
}

export function overlaps(one: Prefix, other: Prefix): boolean {
  return one.bits <= other.bits ? contains(one, other.network) : contains(other, one.network)
}

/** Whether a host can have this address: not 0/8, loopback, multicast, reserved (RFC 6890). */
export function isUnicast(address: number): boolean {
  const first = address >>> 24
  return first !== 0 && first !== 127 && first < 224
}

/** Network and broadcast address belong to nobody, but for /31 (RFC 3021) and /32. */
export function isHostOf({ network, bits }: Prefix, address: number): boolean {
  if (bits >= 31) return true
  return address !== network && address !== (network | ~mask(bits)) >>> 0
}

function mask(bits: number): number {
  return bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0
}
