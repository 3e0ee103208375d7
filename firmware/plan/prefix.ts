/** Addresses and prefixes of both families as the kernel prints them. Pure. RFC 5952. */
import {
  contains,
  formatAddress,
  formatInterfaceAddress,
  formatPrefix,
  overlaps,
  parseAddress,
  parseInterfaceAddress,
} from '../model/address.ts'

/**
 * RFC 1918 and RFC 4193: nobody's addresses on the Internet. What a LAN sends there and nobody here has does not
 * break out: it was meant for a site, and the access network must not see it in clear.
 */
export const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
/** Nobody's on the Internet; carriers have theirs behind NATs of their own (RFC 6598). */
export const behindNat = [...privateRanges, '100.64.0.0/10']

export function isIpv6(text: string): boolean {
  return text.includes(':')
}

/** Without prefix lengths: the first IPv4 and the first IPv6 address. */
export function firstOfEachFamily(addresses: readonly string[]): string[] {
  const all = addresses.map((text) => text.split('/')[0]!)
  const firsts = [all.find((text) => !isIpv6(text)), all.find(isIpv6)]
  return firsts.filter((text) => text !== undefined)
}

/** `fd00:0::1/64` → `fd00::1` */
export function addressOf(cidr: string): string {
  return formatAddress(parseAddress(cidr.split('/')[0]!)!)
}

/** The interface address in its canonical text. */
export function canonicalAddress(cidr: string): string {
  return formatInterfaceAddress(parseInterfaceAddress(cidr)!)
}

/** The network an address is on: `10.1.0.1/24` → `10.1.0.0/24`. */
export function networkOf(cidr: string): string {
  return formatPrefix(parseInterfaceAddress(cidr)!)
}

/** Whether an address lies in one of the networks. */
export function isInside(address: string, networks: readonly string[]): boolean {
  const found = parseAddress(address.split('/')[0]!)
  return found !== null && networks.some((text) => contains(parseInterfaceAddress(text)!, found))
}

export function overlapsAny(cidr: string, networks: readonly string[]): boolean {
  const own = parseInterfaceAddress(cidr)!
  return networks.some((text) => overlaps(own, parseInterfaceAddress(text)!))
}
