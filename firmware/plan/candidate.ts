/**
 * Candidates: which addresses this device tells a peer, which of a peer's are worth a datagram, and which ways the two make.
 * Pure. What a peer says is foreign: it must not point this box at itself, at its own networks or at more than a few hosts.
 * After RFC 8445 §5.1.1 and §6.1.2, without its roles: both ends try all ways at once.
 */
import {
  contains,
  type Endpoint,
  isGlobal,
  parseAddress,
  parseInterfaceAddress,
} from '../model/address.ts'
import {
  type Candidate,
  type CandidateFiltering,
  type CandidateMapping,
  maxCandidates,
} from '../model/candidate.ts'
import type { Network } from '../model/device-config-fields.ts'
import type { NatFiltering, NatMapping, UplinkNat } from '../model/nat.ts'
import type { WayProgram } from '../model/traversal-program.ts'
import { behindNat, firstOfEachFamily, isInside, isIpv6 } from './prefix.ts'

export interface OwnUplink {
  readonly name: string
  /** In the datapath's program. */
  readonly number: number
  /** With their prefix lengths; of each family the first one counts. */
  readonly addresses: readonly string[]
  readonly isMetered: boolean
  readonly network: Network
}

/** What this device knows of itself. */
export interface OwnPlace {
  /** Those that can be used now. */
  readonly uplinks: readonly OwnUplink[]
  readonly nats: readonly UplinkNat[]
  readonly port: number
  /** The overlay's, too. */
  readonly ports: readonly number[]
  /** Networks behind this box and its peers. */
  readonly inside: readonly string[]
}

/** Ways that are tried at once: the datapath takes 16, and some of them lead through relays. */
export const mostWays = 12

export function ownCandidates({ uplinks, nats, port, ports }: OwnPlace): Candidate[] {
  const all = uplinks.flatMap((uplink) =>
    firstOfEachFamily(uplink.addresses).flatMap((address) => {
      const nat = natOf(nats, uplink.name, address)
      const known = {
        uplink: uplink.number,
        mapping: mappingOf(nat?.mapping),
        filtering: filteringOf(nat?.filtering),
        isMetered: uplink.isMetered,
      }
      const host = (at: number): Candidate => ({
        ...{ kind: 'host', ...known, address, port: at, portStep: 0 },
      })
      const isSeen = nat?.mapped != null && nat.mapped.address !== address
      const seen: Candidate[] = isSeen
        ? [{ kind: 'reflexive', ...known, ...nat.mapped!, portStep: nat.portStep }]
        : []
      // Behind a NAT the other ports have mappings that nobody knows.
      return [host(port), ...seen, ...(isSeen ? [] : ports.map(host))]
    }),
  )
  // Every uplink's main ones come before anybody's other ports.
  const first = all.filter((one) => one.kind !== 'host' || one.port === port)
  return [...first, ...all.filter((one) => !first.includes(one))].slice(0, maxCandidates)
}

/** Those of a peer that may be sent to. */
export function soundCandidates(theirs: readonly Candidate[], own: OwnPlace): Candidate[] {
  return theirs.slice(0, maxCandidates).filter((one) => isSoundPlace(one, own))
}

/** Whether a peer can be there: somewhere, and neither at this box nor behind it. */
export function isSoundPlace(
  { address, port }: Endpoint,
  { uplinks, nats, inside }: OwnPlace,
): boolean {
  const parsed = parseAddress(address)
  if (parsed === null || !isGlobal(parsed) || port === 0) return false
  const isOwn = uplinks.some(({ addresses }) => addresses.some((one) => bare(one) === address))
  const isMapped = nats.some(
    ({ mapped }) => mapped !== null && mapped.address === address && mapped.port === port,
  )
  return !isOwn && !isMapped && !isInside(address, inside)
}

/** Ways to a peer, the most likely ones first. @param theirs sound ones */
export function waysBetween(own: OwnPlace, theirs: readonly Candidate[]): WayProgram[] {
  const ranked = own.uplinks.flatMap((uplink) =>
    theirs.flatMap((candidate, position) => {
      const rank = rankOf(own, uplink, candidate, theirs)
      return rank === null ? [] : [{ uplink, candidate, rank, position }]
    }),
  )
  ranked.sort(
    (one, other) =>
      one.rank - other.rank ||
      Number(one.uplink.isMetered) - Number(other.uplink.isMetered) ||
      one.position - other.position,
  )
  const ways = ranked.map(({ uplink, candidate: { address, port } }) => {
    return { uplink: uplink.number, localPort: 0, remoteAddress: address, remotePort: port }
  })
  return ways
    .filter((way, at) => ways.findIndex((one) => isSameWay(one, way)) === at)
    .slice(0, mostWays)
}

/** Of the first address of that family of the uplink; null: it was not tested. */
export function natOf(
  nats: readonly UplinkNat[],
  uplink: string,
  address: string,
): UplinkNat | null {
  const family = isIpv6(address) ? 6 : 4
  return nats.find((nat) => nat.uplink === uplink && nat.family === family) ?? null
}

/** 0: in one network; 1: as the Internet sees it; 2: it may be that both are in some network. Null: no way. */
function rankOf(
  { nats }: OwnPlace,
  uplink: OwnUplink,
  candidate: Candidate,
  theirs: readonly Candidate[],
): 0 | 1 | 2 | null {
  const isV6 = isIpv6(candidate.address)
  const [local] = uplink.addresses.filter((text) => isIpv6(text) === isV6)
  if (local === undefined) return null
  const isPrivate = isInside(candidate.address, behindNat)
  const isNear = contains(parseInterfaceAddress(local)!, parseAddress(candidate.address)!)
  if (isNear) return 0
  if (uplink.network === 'private') return candidate.kind === 'host' ? 1 : null
  const nat = natOf(nats, uplink.name, local)
  if (!isMainPort(candidate, theirs) && nat?.isBlocked !== true) return null
  if (!isPrivate) return 1
  const isSameNat = theirs.some(
    ({ kind, uplink: number, address }) =>
      kind === 'reflexive' && number === candidate.uplink && address === nat?.mapped?.address,
  )
  if (isSameNat) return 0
  return isInside(local, behindNat) ? 2 : null
}

/** The one that its sender named first, for that address. */
function isMainPort({ address, port }: Candidate, theirs: readonly Candidate[]): boolean {
  return theirs.find((one) => one.address === address)?.port === port
}

function isSameWay(one: WayProgram, other: WayProgram): boolean {
  return (
    one.uplink === other.uplink &&
    one.remoteAddress === other.remoteAddress &&
    one.remotePort === other.remotePort
  )
}

function bare(cidr: string): string {
  return cidr.split('/')[0]!
}

function mappingOf(mapping: NatMapping = 'unknown'): CandidateMapping {
  const isKnown = mapping === 'unknown' || mapping === 'none' || mapping === 'endpoint-independent'
  return isKnown ? mapping : 'dependent'
}

function filteringOf(filtering: NatFiltering = 'unknown'): CandidateFiltering {
  return filterings[filtering]
}

const filterings: Readonly<Record<NatFiltering, CandidateFiltering>> = {
  unknown: 'unknown',
  'endpoint-independent': 'open',
  'address-dependent': 'address',
  'address-and-port-dependent': 'address-and-port',
}
