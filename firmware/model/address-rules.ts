/**
 * The rules for addresses, prefixes and endpoints of a device configuration, of both families. No address may belong
 * to two places inside, since the kernel's main table is one for all segments, and nothing outside may lie inside.
 */
import {
  type Address,
  comparePrefixes,
  contains,
  formatPrefix,
  holdsSpecial,
  type InterfaceAddress,
  isGlobal,
  isHostOf,
  isLinkLocal,
  overlaps,
  type Prefix,
  parseAddress,
  parseEndpoint,
  parseInterfaceAddress,
  widthOf,
} from './address.ts'
import type { ConfigRule, Refuse } from './config-rule.ts'
import { escapeToken } from './device-config-check.ts'
import type { Parts } from './device-config-parts.ts'
import { staticAddresses } from './device-config-uplink.ts'
import { checkGateways } from './gateway-rules.ts'
import { checkReachable, checkUplinksReach } from './reach-rules.ts'
import { checkSharedPrefixes, checkTransit, type PeerPrefix } from './shared-prefix-rules.ts'

/** A network that something in the document claims. */
export interface Claim extends Prefix {
  readonly at: string
  readonly kind: 'uplink' | 'lan' | 'overlay' | 'endpoint'
  /** The port of an uplink's or LAN's network, the segment of an overlay prefix. */
  readonly owner: string
  /** The segment that its addresses are in; '' for none. */
  readonly segment: string
}

/** @returns what is claimed, as far as it can be read */
export function checkAddresses(parts: Parts, refuse: Refuse): readonly Claim[] {
  const owned = new Map<string, string>()
  const claims: Claim[] = []
  const sound = new Map<string, readonly LocatedAddress[]>()
  for (const { at, part } of parts.uplinks) {
    const addresses = checkInterface(at, staticAddresses(part), owned, true, refuse)
    for (const address of addresses) claims.push(claim(address, 'uplink', at, ''))
    sound.set(at, addresses)
  }
  checkGateways(parts.uplinks, sound, refuse)
  for (const { at, part } of parts.lans) {
    for (const address of checkInterface(at, part.address, owned, false, refuse)) {
      claims.push(claim(address, 'lan', at, part.segment))
    }
  }
  claims.push(...overlayClaims(parts, refuse))
  const endpoints = endpointClaims(parts, owned, refuse)
  checkOverlaps([...claims, ...endpoints], refuse)
  return claims
}

interface LocatedAddress extends InterfaceAddress {
  readonly at: string
}

function claim(
  { at, family, network, bits }: LocatedAddress,
  kind: Claim['kind'],
  owner: string,
  segment: string,
): Claim {
  return { at, family, network, bits, kind, owner, segment }
}

function checkInterface(
  at: string,
  texts: readonly string[],
  owned: Map<string, string>,
  isUplink: boolean,
  refuse: Refuse,
): LocatedAddress[] {
  const addresses: LocatedAddress[] = []
  texts.forEach((text, index) => {
    const path = `${at}/address/${index}`
    const parsed = parseInterfaceAddress(text)
    if (parsed === null) {
      const expected = 'must be an address with its prefix length, like 10.1.0.1/24 or fd00:1::1/64'
      refuse('address-form', path, expected)
      return
    }
    const { address } = parsed
    const isOfLink = isUplink && address.family === 4 && isLinkLocal(address)
    if ((!isGlobal(address) && !isOfLink) || parsed.bits === 0) {
      refuse('address-routable', path, 'no host can have this address')
      return
    }
    if (!isHostOf(parsed, address)) {
      refuse('address-of-host', path, 'is the address of its network; give that of a host in it')
      return
    }
    const earlier = owned.get(keyOf(address))
    // Each uplink has routes of its own: two modems may give the same address.
    const isOtherUplinks = isUplink && earlier?.startsWith(`${at}/`) === false
    if (earlier !== undefined && !isOtherUplinks) {
      refuse('address-once', path, `is already that of ${earlier}`)
      return
    }
    owned.set(keyOf(address), path)
    addresses.push({ ...parsed, at: path })
  })
  return addresses
}

function overlayClaims({ peers }: Parts, refuse: Refuse): Claim[] {
  const claims: Claim[] = []
  const all: PeerPrefix[] = []
  // Hubs have long lists, all the same.
  const sound = new Map<string, InterfaceAddress>()
  for (const { at, part } of peers) {
    for (const [segment, prefixes] of Object.entries(part.segments)) {
      prefixes.forEach((text, index) => {
        const path = `${at}/segments/${escapeToken(segment)}/${index}`
        const parsed = sound.get(text) ?? readPrefix(text, path, 'prefix', refuse)
        if (parsed === null) return
        sound.set(text, parsed)
        if (holdsSpecial(parsed)) {
          refuse('prefix-routable', path, 'holds addresses that no host can have')
        } else {
          claims.push(claim({ ...parsed, at: path }, 'overlay', segment, segment))
          all.push({ prefix: formatPrefix(parsed), at: path, segment, peer: part })
        }
      })
    }
  }
  checkSharedPrefixes(all, refuse)
  checkTransit(peers, refuse)
  return claims
}

/** Null once it is refused. */
export function readPrefix(
  text: string,
  path: string,
  rules: 'prefix' | 'acl-prefix' | 'application-prefix',
  refuse: Refuse,
): InterfaceAddress | null {
  const parsed = parseInterfaceAddress(text)
  if (parsed === null) {
    const host = parseAddress(text)
    const meant = host === null ? '' : `; did you mean ${text}/${widthOf(host.family)}?`
    refuse(`${rules}-form`, path, `must be a prefix, like 10.2.0.0/16 or fd00:2::/48${meant}`)
    return null
  }
  if (parsed.address.value === parsed.network) return parsed
  refuse(
    `${rules}-exact`,
    path,
    `has bits set below its length; its network is ${formatPrefix(parsed)}`,
  )
  return null
}

function endpointClaims(parts: Parts, owned: ReadonlyMap<string, string>, refuse: Refuse): Claim[] {
  const claims: Claim[] = []
  const taken = new Map<string, string>()
  for (const { at, part } of parts.peers) {
    const before = claims.length
    part.endpoints.forEach((text, index) => {
      const path = `${at}/endpoints/${index}`
      const broken = (rule: ConfigRule, message: string): void => refuse(rule, path, message)
      const endpoint = parseEndpoint(text)
      if (endpoint === null) {
        const must =
          'must be the address and port of a host, like 198.51.100.7:51820 or [2001:db8::7]:51820'
        const isName = /^[a-z0-9.-]*[a-z][a-z0-9.-]*(:\d+)?$/i.test(text)
        broken('endpoint-form', isName ? `${must}; names are not resolved` : must)
        return
      }
      const address = parseAddress(endpoint.address)!
      const { family, value } = address
      const place = `${keyOf(address)} ${endpoint.port}`
      const earlier = taken.get(place)
      taken.set(place, path)
      if (!isGlobal(address)) broken('endpoint-routable', 'no other host can have this address')
      else if (earlier !== undefined) broken('endpoint-once', `is already at ${earlier}`)
      else if (owned.has(keyOf(address))) {
        broken('endpoint-other', `is this device's own ${owned.get(keyOf(address))}`)
      } else {
        // One bit more than an address has, so that it sorts behind every network that holds it.
        const bits = widthOf(family) + 1
        claims.push({
          family,
          network: value,
          bits,
          at: path,
          kind: 'endpoint',
          owner: at,
          segment: '',
        })
      }
    })
    const found = claims.slice(before)
    if (part.endpoints.length > 0 && found.length === part.endpoints.length) {
      checkReachable(`${at}/endpoints`, found, parts, refuse)
    }
  }
  const all = parts.peers.reduce((sum, { part }) => sum + part.endpoints.length, 0)
  if (parts.isWhole.peers && claims.length === all) checkUplinksReach(claims, parts, refuse)
  return claims
}

/**
 * Sorted by start, a network that overlaps an earlier one lies inside it, so a stack of what is open finds all
 * in n log n. Within a segment a peer may have a part of another's prefix: the longest match decides.
 */
function checkOverlaps(claims: readonly Claim[], refuse: Refuse): void {
  const open: Claim[] = []
  for (const inner of claims.toSorted(comparePrefixes)) {
    while (open.length > 0 && !holds(open.at(-1)!, inner)) open.pop()
    const conflicts = open.map((outer) => ({ outer, rule: conflictOf(outer, inner) }))
    const found = conflicts.find(({ rule }) => rule !== null)
    if (found?.rule) refuse(found.rule, inner.at, `${howItLies[found.rule]} ${found.outer.at}`)
    if (inner.kind !== 'endpoint') open.push(inner)
  }
}

function holds(outer: Claim, inner: Claim): boolean {
  return inner.kind === 'endpoint'
    ? contains(outer, { family: inner.family, value: inner.network })
    : overlaps(outer, inner)
}

const howItLies = {
  'networks-apart': 'overlaps with',
  'endpoint-outside': 'lies in',
} as const

/** What is wrong with a claim that lies inside another; null if they go together. */
function conflictOf(outer: Claim, inner: Claim): keyof typeof howItLies | null {
  if (inner.kind === 'endpoint') return outer.kind === 'uplink' ? null : 'endpoint-outside'
  const isSameNetwork = outer.bits === inner.bits
  if (outer.kind === 'uplink' && inner.kind === 'uplink' && outer.owner !== inner.owner) return null
  if (outer.kind !== inner.kind || outer.owner !== inner.owner) return 'networks-apart'
  return outer.kind === 'overlay' || isSameNetwork ? null : 'networks-apart'
}

function keyOf({ family, value }: Address): string {
  return `${family} ${value}`
}
