/**
 * The rules for addresses, prefixes and endpoints of a device configuration. No address may belong to two
 * places, since the kernel's main table is one for all segments, and nothing outside may lie inside.
 */
import {
  contains,
  type InterfaceAddress,
  isHostOf,
  isUnicast,
  overlaps,
  type Prefix,
  parseEndpoint,
  parseInterfaceAddress,
  parseIpv4,
} from './address.ts'
import type { Lan, Uplink } from './device-config.ts'
import { escapeToken } from './device-config-check.ts'
import type { Located, Parts, Refuse } from './device-config-parts.ts'
import type { ErrorCode } from './errors.ts'

/** A network that something in the document claims. */
interface Claim extends Prefix {
  readonly at: string
  readonly kind: 'uplink' | 'lan' | 'overlay' | 'endpoint'
  /** The port of an uplink's or LAN's network, the segment of an overlay prefix. */
  readonly owner: string
}

export function checkAddresses(parts: Parts, refuse: Refuse): void {
  const owned = new Map<number, string>()
  const claims: Claim[] = []
  for (const { at, part } of parts.uplinks) {
    const addresses = checkInterface(at, part.address, owned, refuse)
    checkGateway({ at, part }, addresses, refuse)
    for (const address of addresses) claims.push({ ...address, kind: 'uplink', owner: at })
  }
  for (const { at, part } of parts.lans) {
    for (const address of checkInterface(at, part.address, owned, refuse)) {
      claims.push({ ...address, kind: 'lan', owner: at })
    }
    checkMtu({ at, part }, parts.uplinks, refuse)
  }
  claims.push(...overlayClaims(parts, refuse), ...endpointClaims(parts, owned, refuse))
  checkOverlaps(claims, refuse)
}

interface LocatedAddress extends InterfaceAddress {
  readonly at: string
}

function checkInterface(
  at: string,
  texts: readonly string[],
  owned: Map<number, string>,
  refuse: Refuse,
): LocatedAddress[] {
  const addresses: LocatedAddress[] = []
  texts.forEach((text, index) => {
    const path = `${at}/address/${index}`
    const parsed = parseInterfaceAddress(text)
    if (parsed === null) {
      if (text.includes(':')) refuse('CONFIG_UNSUPPORTED', path, 'IPv6 is not in this release')
      else refuse('CONFIG_ADDRESS_INVALID', path, 'must be like 192.0.2.1/24')
      return
    }
    const { address } = parsed
    if (!isUnicast(address) || parsed.bits === 0 || !isHostOf(parsed, address)) {
      refuse('CONFIG_ADDRESS_UNUSABLE', path, 'no host can have this address')
      return
    }
    const earlier = owned.get(address)
    if (earlier !== undefined) {
      refuse('CONFIG_ADDRESS_DUPLICATE', path, `is already that of ${earlier}`)
      return
    }
    owned.set(address, path)
    addresses.push({ ...parsed, at: path })
  })
  return addresses
}

function checkGateway(
  { at, part }: Located<Uplink>,
  addresses: readonly InterfaceAddress[],
  refuse: Refuse,
): void {
  if (part.gateway === undefined) return
  const path = `${at}/gateway`
  const gateway = parseIpv4(part.gateway)
  if (gateway === null) {
    if (part.gateway.includes(':'))
      refuse('CONFIG_UNSUPPORTED', path, 'IPv6 is not in this release')
    else refuse('CONFIG_GATEWAY_INVALID', path, 'must be an address like 192.0.2.1')
    return
  }
  const isReachable = addresses.some(
    (own) => contains(own, gateway) && isHostOf(own, gateway) && own.address !== gateway,
  )
  // Without a good address there is nothing to compare with, and that has been said.
  if (isReachable || addresses.length === 0) return
  refuse('CONFIG_GATEWAY_UNREACHABLE', path, 'is no other host on a network of this uplink')
}

/** A LAN that sends larger packets than any uplink carries would have them all refused or cut. */
function checkMtu(
  { at, part }: Located<Lan>,
  uplinks: readonly Located<Uplink>[],
  refuse: Refuse,
): void {
  const { mtu } = part
  if (mtu === undefined) return
  const largest = Math.max(...uplinks.map((uplink) => uplink.part.mtu ?? Number.POSITIVE_INFINITY))
  if (uplinks.length === 0 || mtu <= largest) return
  refuse('CONFIG_MTU_TOO_SMALL', `${at}/mtu`, `no uplink carries more than ${largest} bytes`)
}

function overlayClaims({ peers }: Parts, refuse: Refuse): Claim[] {
  const claims: Claim[] = []
  for (const { at, part } of peers) {
    for (const [segment, prefixes] of Object.entries(part.segments)) {
      prefixes.forEach((text, index) => {
        const path = `${at}/segments/${escapeToken(segment)}/${index}`
        const parsed = parseInterfaceAddress(text)
        if (parsed === null) {
          if (text.includes(':')) refuse('CONFIG_UNSUPPORTED', path, 'IPv6 is not in this release')
          else refuse('CONFIG_PREFIX_INVALID', path, 'must be like 10.2.0.0/16')
        } else if (parsed.address !== parsed.network) {
          refuse('CONFIG_PREFIX_HOST_BITS', path, 'has bits set below its length')
        } else {
          claims.push({ ...parsed, at: path, kind: 'overlay', owner: segment })
        }
      })
    }
  }
  return claims
}

function endpointClaims(
  { peers }: Parts,
  owned: ReadonlyMap<number, string>,
  refuse: Refuse,
): Claim[] {
  const claims: Claim[] = []
  const taken = new Map<string, string>()
  for (const { at, part } of peers) {
    part.endpoints.forEach((text, index) => {
      const path = `${at}/endpoints/${index}`
      const endpoint = parseEndpoint(text)
      if (endpoint === null && text.startsWith('[')) {
        refuse('CONFIG_UNSUPPORTED', path, 'IPv6 is not in this release')
        return
      }
      const address = endpoint === null ? null : parseIpv4(endpoint.address)
      const earlier = taken.get(text)
      taken.set(text, path)
      if (address === null || !isUnicast(address)) {
        refuse('CONFIG_ENDPOINT_INVALID', path, "must be a host's like 198.51.100.7:51820")
      } else if (earlier !== undefined) {
        refuse('CONFIG_ENDPOINT_DUPLICATE', path, `is already at ${earlier}`)
      } else if (owned.has(address)) {
        refuse('CONFIG_ENDPOINT_INSIDE', path, `is this device's own ${owned.get(address)}`)
      } else {
        // One bit more than an address has, so that it sorts behind every network that holds it.
        claims.push({ network: address, bits: 33, at: path, kind: 'endpoint', owner: at })
      }
    })
  }
  return claims
}

/**
 * Sorted by start, a network that overlaps an earlier one lies inside it, so a stack of what is open finds all
 * in n log n. Within a segment a peer may have a part of another's prefix: the longest match decides.
 */
function checkOverlaps(claims: readonly Claim[], refuse: Refuse): void {
  const sorted = claims.toSorted(
    (one, other) => one.network - other.network || one.bits - other.bits,
  )
  const open: Claim[] = []
  for (const claim of sorted) {
    while (open.length > 0 && !overlaps(open.at(-1)!, claim)) open.pop()
    const conflict = open.map((outer) => ({ outer, code: conflictOf(outer, claim) }))
    const found = conflict.find(({ code }) => code !== null)
    if (found?.code) refuse(found.code, claim.at, `overlaps with ${found.outer.at}`)
    if (claim.kind !== 'endpoint') open.push(claim)
  }
}

/** What is wrong with a claim that lies inside another; null if they go together. */
function conflictOf(outer: Claim, inner: Claim): ErrorCode | null {
  if (inner.kind === 'endpoint') return outer.kind === 'uplink' ? null : 'CONFIG_ENDPOINT_INSIDE'
  const isSameNetwork = outer.bits === inner.bits
  if (outer.kind !== inner.kind || outer.owner !== inner.owner) return 'CONFIG_PREFIX_OVERLAP'
  if (outer.kind === 'overlay') return isSameNetwork ? 'CONFIG_PREFIX_DUPLICATE' : null
  return isSameNetwork ? null : 'CONFIG_PREFIX_OVERLAP'
}
