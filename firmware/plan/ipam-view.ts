/**
 * What was given out of a fleet's pools, to whom, what is left, and where two LANs have the same addresses: for people. Pure; it
 * decides nothing (fleet-allocation.ts does).
 */
import {
  formatPrefix,
  overlaps,
  type Prefix,
  parseInterfaceAddress,
  widthOf,
} from '../model/address.ts'
import type { IpamAnswer } from '../model/controller-api.ts'
import type { FleetDocument } from '../model/fleet.ts'
import type { Allocations } from './fleet-allocation.ts'
import { byKind, type Documents } from './fleet-documents.ts'
import { freeLike, lowestFree, overlapsAmong } from './ipam.ts'

type Network = IpamAnswer['networks'][number]

/** What cannot be read is left out: the documents' problems tell of it. */
export function ipamOf(all: readonly FleetDocument[], allocations: Allocations): IpamAnswer {
  const documents = byKind(all)
  const networks = [...byHand(documents), ...given(documents, allocations)].toSorted(
    (a, b) => (a.site < b.site ? -1 : a.site > b.site ? 1 : 0) || (a.lan < b.lan ? -1 : 1),
  )
  const prefixes = networks.map(({ prefix }) => parseInterfaceAddress(prefix)!)
  return {
    pools: poolsOf(documents, networks, prefixes),
    networks,
    vnis: vnisOf(documents, allocations),
    overlaps: overlapsOf(documents, networks, prefixes),
  }
}

/** By the LANs' own documents. */
function byHand({ site: sites }: Documents): Network[] {
  return sites.flatMap(({ name: site, lans }) =>
    lans.flatMap(({ name: lan, segment, address = [] }) =>
      address
        .map(parseInterfaceAddress)
        .filter((one) => one !== null)
        .map((one) => ({
          prefix: formatPrefix(one),
          site,
          lan,
          segment,
          pool: null,
          isGone: false,
        })),
    ),
  )
}

/** By pools: `lan/SITE/LAN/POOL`. */
function given(documents: Documents, allocations: Allocations): Network[] {
  return [...allocations].flatMap(([name, prefix]) => {
    const [kind, site = '', lanName = '', pool = ''] = name.split('/')
    if (kind !== 'lan' || parseInterfaceAddress(prefix) === null) return []
    const lan = documents.site
      .find((one) => one.name === site)
      ?.lans.find((one) => one.name === lanName)
    const segment = documents.segment.find((one) => one.name === lan?.segment)
    const isHad = lan?.address === undefined && segment?.pools?.includes(pool) === true
    return [{ prefix, site, lan: lanName, segment: lan?.segment ?? null, pool, isGone: !isHad }]
  })
}

function poolsOf(
  { pool: pools, segment: segments }: Documents,
  networks: readonly Network[],
  prefixes: readonly Prefix[],
): IpamAnswer['pools'] {
  return pools.flatMap(({ name, prefix, bits }) => {
    const whole = parseInterfaceAddress(prefix)
    if (whole === null || bits < whole.bits || bits > widthOf(whole.family)) return []
    const own = networks.filter(({ pool }) => pool === name)
    const free = lowestFree(whole, bits, prefixes)
    const inside = networks.filter(
      ({ pool }, at) => pool !== name && overlaps(prefixes[at]!, whole),
    )
    return [
      {
        ...{ name, prefix, bits, total: 2 ** (bits - whole.bits) },
        segments: segments.flatMap((one) => (one.pools?.includes(name) === true ? one.name : [])),
        used: own.filter(({ isGone }) => !isGone).length,
        kept: own.filter(({ isGone }) => isGone).length,
        byHand: inside.length,
        next: free === null ? null : formatPrefix(free),
      },
    ]
  })
}

function vnisOf({ segment: segments }: Documents, allocations: Allocations): IpamAnswer['vnis'] {
  return segments.flatMap(({ name: segment, vni }): IpamAnswer['vnis'] => {
    if (vni !== undefined) return [{ segment, vni, isGiven: false }]
    const number = allocations.get(`vni/${segment}`)
    return number === undefined ? [] : [{ segment, vni: Number(number), isGiven: true }]
  })
}

/** Of LANs at different sites; a box's own are told of by the rules for its configuration. */
function overlapsOf(
  { pool: pools }: Documents,
  networks: readonly Network[],
  prefixes: readonly Prefix[],
): IpamAnswer['overlaps'] {
  const there = networks.flatMap(({ site, lan, isGone }, at) =>
    isGone ? [] : [{ site, holder: `${site}'s ${lan}`, prefix: prefixes[at]! }],
  )
  const siteOf = new Map(there.map(({ holder, site }) => [holder, site]))
  const room = pools
    .map(({ prefix }) => parseInterfaceAddress(prefix))
    .filter((one) => one !== null)
  return overlapsAmong(there).flatMap(({ one, other }) => {
    if (siteOf.get(one.holder) === siteOf.get(other.holder)) return []
    const free = freeLike(other.prefix, room, prefixes)
    return [
      {
        ...{ prefix: formatPrefix(other.prefix), holder: other.holder },
        ...{ other: one.holder, otherPrefix: formatPrefix(one.prefix) },
        free: free === null ? null : formatPrefix(free),
      },
    ]
  })
}
