/**
 * IPv4 and IPv6 addresses, prefixes and endpoints as text, and the arithmetic on them. Pure.
 * RFC 791, RFC 4632, RFC 4291; text as RFC 5952 wants it.
 */

export type Family = 4 | 6

export interface Address {
  readonly family: Family
  /** Unsigned, of 32 or 128 bits. */
  readonly value: bigint
}

export interface Prefix {
  readonly family: Family
  /** The address with its host bits cleared. */
  readonly network: bigint
  /** 0–32, or 0–128. */
  readonly bits: number
}

/** An interface address: where it is, and the network it is on (`10.1.0.1/24`). */
export interface InterfaceAddress extends Prefix {
  readonly address: Address
}

export interface Endpoint {
  /** Canonical. */
  readonly address: string
  readonly port: number
}

/** Of an address of that family. */
export function widthOf(family: Family): number {
  return family === 4 ? 32 : 128
}

/**
 * Dotted quads without leading zeros (which some readers take for octal) and every text of RFC 4291 §2.2. Null
 * for anything else, zones (`%eth0`) and IPv4 in the clothes of IPv6 (`::ffff:10.1.0.1`) included.
 */
export function parseAddress(text: string): Address | null {
  if (text.includes(':')) return parseIpv6(text)
  const value = ipv4Value(text)
  return value === null ? null : { family: 4, value }
}

export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
  const words = Array.from({ length: 8 }, (_, at) => (value >> BigInt(112 - 16 * at)) & 0xffffn)
  let run = { at: 0, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && words[at + length] === 0n) length++
    if (length > run.length) run = { at, length }
  }
  const hex = (part: readonly bigint[]): string => part.map((word) => word.toString(16)).join(':')
  if (run.length < 2) return hex(words)
  return `${hex(words.slice(0, run.at))}::${hex(words.slice(run.at + run.length))}`
}

/** `10.1.0.1/24`, `fd00:1::1/64`; null unless both halves are right. Host bits may be set. */
export function parseInterfaceAddress(text: string): InterfaceAddress | null {
  const [left = '', right = '', ...rest] = text.split('/')
  const address = parseAddress(left)
  if (address === null || rest.length > 0 || !/^(0|[1-9][0-9]{0,2})$/.test(right)) return null
  const bits = Number(right)
  const { family, value } = address
  if (bits > widthOf(family)) return null
  return { family, address, bits, network: value & ~hostMask(family, bits) }
}

/** Prefix in its canonical text. */
export function formatPrefix({ family, network, bits }: Prefix): string {
  return `${formatAddress({ family, value: network })}/${bits}`
}

export function formatInterfaceAddress({ address, bits }: InterfaceAddress): string {
  return `${formatAddress(address)}/${bits}`
}

/** `198.51.100.7:51820`, `[2001:db8::7]:51820`, port 1–65535; null for names and anything else. */
export function parseEndpoint(text: string): Endpoint | null {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]*)\]|([^:]*)):([1-9][0-9]{0,4})$/.exec(text) ?? []
  const address = parseAddress(bracketed ?? plain ?? '')
  const port = Number(digits)
  if (address === null || !(port <= 65_535)) return null
  if ((address.family === 6) !== (bracketed !== undefined)) return null
  return { address: formatAddress(address), port }
}

export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

export function contains({ family, network, bits }: Prefix, address: Address): boolean {
  return family === address.family && (address.value & ~hostMask(family, bits)) === network
}

export function overlaps(one: Prefix, other: Prefix): boolean {
  const [wide, narrow] = one.bits <= other.bits ? [one, other] : [other, one]
  return contains(wide, { family: narrow.family, value: narrow.network })
}

/** Order by family, then start; of two that start together the wider one is first. */
export function comparePrefixes(one: Prefix, other: Prefix): number {
  if (one.family !== other.family) return one.family - other.family
  if (one.network !== other.network) return one.network < other.network ? -1 : 1
  return one.bits - other.bits
}

/**
 * Network and broadcast address of IPv4 belong to nobody, but for /31 (RFC 3021) and /32; the first address of
 * IPv6 is that of all its routers (RFC 4291 §2.6.1), but for /127 (RFC 6164) and /128.
 */
export function isHostOf({ family, network, bits }: Prefix, { value }: Address): boolean {
  if (bits >= widthOf(family) - 1) return true
  if (value === network) return false
  return family === 6 || value !== (network | hostMask(family, bits))
}

/** Whether packets can be routed to this address: no unspecified, loopback, link-local or multicast one. */
export function isGlobal(address: Address): boolean {
  return !special.some((prefix) => contains(prefix, address))
}

/** Whether all or a part of the prefix is of addresses that nobody can route to. */
export function holdsSpecial(prefix: Prefix): boolean {
  return special.some((other) => overlaps(other, prefix))
}

/** Good on one link only: RFC 3927, RFC 4291 §2.5.6. */
export function isLinkLocal(address: Address): boolean {
  return linkLocal.some((prefix) => contains(prefix, address))
}

function parseIpv6(text: string): Address | null {
  const [head = '', tail, ...rest] = text.split('::')
  if (rest.length > 0) return null
  const before = ipv6Words(head, tail === undefined)
  const after = tail === undefined ? [] : ipv6Words(tail, true)
  if (before === null || after === null) return null
  const gap = 8 - before.length - after.length
  // '::' stands for at least one group of zeros.
  if (tail === undefined ? gap !== 0 : gap < 1) return null
  const words = [...before, ...new Array<bigint>(Math.max(gap, 0)).fill(0n), ...after]
  const value = words.reduce((sum, word) => (sum << 16n) | word, 0n)
  return value >> 32n === mappedIpv4 ? null : { family: 6, value }
}

/** @param isLast whether the text ends the address, where a dotted quad may stand for two groups */
function ipv6Words(text: string, isLast: boolean): bigint[] | null {
  if (text === '') return []
  const words: bigint[] = []
  const groups = text.split(':')
  for (const [at, group] of groups.entries()) {
    const quad = isLast && at === groups.length - 1 && group.includes('.') ? ipv4Value(group) : null
    if (quad !== null) words.push(quad >> 16n, quad & 0xffffn)
    else if (/^[0-9A-Fa-f]{1,4}$/.test(group)) words.push(BigInt(`0x${group}`))
    else return null
  }
  return words
}

function ipv4Value(text: string): bigint | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let value = 0n
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null
    value = (value << 8n) | BigInt(part)
  }
  return value
}

function hostMask(family: Family, bits: number): bigint {
  return (1n << BigInt(widthOf(family) - bits)) - 1n
}

/** ::ffff:0:0/96, shifted to its end. */
const mappedIpv4 = 0xffffn

const prefixOf = (text: string): Prefix => parseInterfaceAddress(text)!
const linkLocal = ['169.254.0.0/16', 'fe80::/10'].map(prefixOf)
/** RFC 6890 and RFC 4291 §2.4: what no router forwards; RFC 6666: what all discard. */
const special = [
  ...['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/96', '100::/64', 'ff00::/8'].map(prefixOf),
  ...linkLocal,
  { family: 6, network: mappedIpv4 << 32n, bits: 96 } as const,
]
