/**
 * What one site's box is told: its own part of the documents, and of the other sites what it may know, which is what it shares a
 * segment with. Pure. Whether the result is sound is the caller's question.
 */
import { formatPrefix, overlaps, type Prefix, parseInterfaceAddress } from '../model/address.ts'
import type { AclRule, DeviceConfig, Lan, Peer } from '../model/device-config.ts'
import { configVersion } from '../model/device-config.ts'
import type { Overlay } from '../model/device-config-overlay.ts'
import { defaultProfileName, type Profile } from '../model/device-config-qos.ts'
import type { Policy } from '../model/device-config-steering.ts'
import type { FleetNetwork, FleetPolicy, FleetRule, FleetSite, Labels } from '../model/fleet.ts'
import { maxPrefixPeers } from '../model/shared-prefix-rules.ts'
import type { Documents } from './fleet-documents.ts'
import { without } from './ipam.ts'
import { networkOf } from './prefix.ts'

/** A site with what its documents leave open filled in. */
export interface Compiled {
  readonly site: FleetSite
  /** Null while no box stands there: nobody can talk to it. */
  readonly wireKey: string | null
  readonly lans: readonly Lan[]
}

export interface Surroundings {
  readonly network: FleetNetwork
  readonly documents: Documents
  readonly sites: readonly Compiled[]
  readonly vniOf: (segment: string) => number
  /** Sites through which others talk, best first; none in a mesh. */
  readonly hubs: readonly string[]
  /** The same as they were compiled, in the order of all sites. */
  readonly hubSites: readonly Compiled[]
  /** All that a segment is, as far as is known: its pools and its LANs. */
  readonly extents: ReadonlyMap<string, readonly Prefix[]>
}

/** What its box is told but for traffic: `acl`, `applications` and `policies` come from documents that change most often. */
export interface Ground {
  readonly config: DeviceConfig
  /** Its segments. */
  readonly names: ReadonlySet<string>
}

export type Traffic = Pick<DeviceConfig, 'acl' | 'applications' | 'policies'>

export function compileGround(own: Compiled, around: Surroundings): Ground {
  const { site, lans } = own
  const { network, documents, vniOf } = around
  const names = segmentsOf(own, around)
  const profiles = profilesOf(site, documents)
  const config: DeviceConfig = {
    version: configVersion,
    revision: 0,
    site: site.name,
    tenant: network.tenant,
    overlay: overlayAt(site, around),
    uplinks: site.uplinks,
    segments: documents.segment
      .filter(({ name }) => names.has(name))
      .map(({ kind, pools, vni, ...segment }) => ({ ...segment, vni: vni ?? vniOf(segment.name) })),
    lans: [...lans],
    peers: peersOf(own, names, around),
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(network.dns === undefined ? {} : { dns: network.dns }),
    ...(network.api === undefined ? {} : { api: network.api }),
    ...(network.controllers === undefined ? {} : { controllers: network.controllers }),
    ...(site.recovery === undefined ? {} : { recovery: site.recovery }),
  }
  return { config, names }
}

export function compileTraffic(own: Compiled, documents: Documents, ground: Ground): Traffic {
  const { site } = own
  const { names, config } = ground
  const policies = documents.policy
    .filter((one) => isFor(one.sites, site))
    .flatMap((one) => policyAt(one, own, names))
  const rules = documents.rule.filter((one) => isFor(one.sites, site))
  const known = rules.length === 0 ? new Map() : knownPrefixes(own, config.peers)
  const acl = rules.flatMap((one) => ruleAt(one, names, known))
  const applications = documents.application.map(({ kind, order, ...one }) => one)
  return {
    ...(acl.length > 0 ? { acl } : {}),
    ...(applications.length > 0 ? { applications } : {}),
    ...(policies.length > 0 ? { policies } : {}),
  }
}

/** A hub relays, and listens where walls let through; those that others talk through also forward. */
function overlayAt({ name, role }: FleetSite, { network, hubs }: Surroundings): Overlay {
  const { relay = {}, ports, ...rest } = network.overlay
  const atHub = role === 'hub' ? { ...(ports === undefined ? {} : { ports }), relay } : {}
  return { ...rest, ...atHub, ...(hubs.includes(name) ? { transit: true } : {}) }
}

/** Those that its uplinks name; one without a word has the default, which may be another than the built-in one. */
function profilesOf({ uplinks }: FleetSite, { profile: all }: Documents): Profile[] {
  const named = new Set(uplinks.map(({ profile = defaultProfileName }) => profile))
  return all.filter(({ name }) => named.has(name)).map(({ kind, ...profile }) => profile)
}

/** Those of its LANs; at a hub through which others talk, all. */
function segmentsOf({ site, lans }: Compiled, { documents, hubs }: Surroundings): Set<string> {
  const isHub = hubs.includes(site.name)
  return new Set(
    isHub ? documents.segment.map(({ name }) => name) : lans.map(({ segment }) => segment),
  )
}

/** At a spoke the hubs alone, in their order; at a hub everybody, other hubs first and in their order. */
function peersOf(own: Compiled, names: ReadonlySet<string>, around: Surroundings): Peer[] {
  const { hubs, sites, hubSites } = around
  const ranks = new Map(hubs.map((name, rank) => [name, rank]))
  const isSpoke = hubs.length > 0 && !ranks.has(own.site.name)
  const others = (isSpoke ? hubSites : sites).filter(
    ({ site, wireKey }) => site !== own.site && wireKey !== null,
  )
  const rankOf = ({ site }: Compiled): number => ranks.get(site.name) ?? hubs.length
  const behind = hubs.length === 0 ? null : allBehindHubs(own, names, around)
  return others
    .toSorted((one, other) => rankOf(one) - rankOf(other))
    .map((other): Peer => {
      const { name, role, endpoints = [], limit } = other.site
      const carries = behind !== null && carriersOf(own, hubs).has(name)
      const segments = prefixesOf(other, names)
      return {
        name,
        wireKey: other.wireKey!,
        ...(role === undefined ? {} : { role }),
        ...(carries ? { transit: true } : {}),
        endpoints,
        ...(limit === undefined ? {} : { limit }),
        segments: carries ? joined(segments, behind) : segments,
      }
    })
    .filter(({ role, segments }) => role === 'hub' || Object.keys(segments).length > 0)
}

function prefixesOf({ lans }: Compiled, names: ReadonlySet<string>): Peer['segments'] {
  const segments: Record<string, string[]> = {}
  for (const { segment, address } of lans) {
    if (!names.has(segment)) continue
    segments[segment] = [...(segments[segment] ?? []), ...address.map(networkOf)]
  }
  return segments
}

/** As many hubs as a prefix can have: at a hub the site that has it goes first. */
function carriersOf({ site }: Compiled, hubs: readonly string[]): ReadonlySet<string> {
  const others = hubs.filter((name) => name !== site.name)
  return new Set(others.slice(0, maxPrefixPeers - (others.length < hubs.length ? 1 : 0)))
}

/**
 * What is reached through any hub: the segments' whole pools and what lies outside of them, but for the own LANs. So nobody need
 * be told when a spoke comes or goes. What is a hub's own LAN and no more is that hub's alone, which therefore goes first; within
 * pools it does as well, for it has a longer prefix.
 */
function allBehindHubs(
  own: Compiled,
  names: ReadonlySet<string>,
  { extents, hubSites }: Surroundings,
): Peer['segments'] {
  const holes = own.lans.flatMap(({ address }) =>
    address.map((text) => parseInterfaceAddress(text)!),
  )
  const hubLans = new Set(
    hubSites.flatMap(({ lans }) => lans.flatMap(({ address }) => address.map(networkOf))),
  )
  const entries = [...names].map((name) => {
    const prefixes = without(extents.get(name) ?? [], holes).map(formatPrefix)
    return [name, prefixes.filter((prefix) => !hubLans.has(prefix))] as const
  })
  return Object.fromEntries(entries.filter(([, list]) => list.length > 0))
}

function joined(one: Peer['segments'], other: Peer['segments']): Peer['segments'] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries(
    [...names].map((name) => [name, [...(one[name] ?? []), ...(other[name] ?? [])]]),
  )
}

function knownPrefixes({ lans }: Compiled, peers: readonly Peer[]): ReadonlyMap<string, Prefix[]> {
  const known = new Map<string, Prefix[]>()
  const add = (segment: string, texts: readonly string[]): void => {
    const list = known.get(segment) ?? []
    list.push(...texts.map((text) => parseInterfaceAddress(text)!))
    known.set(segment, list)
  }
  for (const { segment, address } of lans) add(segment, address)
  for (const { segments } of peers)
    for (const [name, list] of Object.entries(segments)) add(name, list)
  return known
}

function isFor(labels: Labels | undefined, { labels: own = {} }: FleetSite): boolean {
  return Object.entries(labels ?? {}).every(([name, value]) => own[name] === value)
}

/** With the segments and uplinks that there are here; nothing when it is for segments that are not. */
function policyAt(
  { kind, order, sites, ...policy }: FleetPolicy,
  { site }: Compiled,
  names: ReadonlySet<string>,
): Policy[] {
  const { for: flows, prefer, ...rest } = policy
  const segments = flows?.segments?.filter((name) => names.has(name))
  if (segments?.length === 0) return []
  const uplinks = prefer?.filter((name) => site.uplinks.some((uplink) => uplink.name === name))
  return [
    {
      ...rest,
      ...(flows === undefined
        ? {}
        : { for: segments === undefined ? flows : { ...flows, segments } }),
      ...(uplinks === undefined || uplinks.length === 0 ? {} : { prefer: uplinks }),
    },
  ]
}

/** Nothing where one side of it cannot be. */
function ruleAt(
  { kind, order, sites, ...rule }: FleetRule,
  names: ReadonlySet<string>,
  known: ReadonlyMap<string, readonly Prefix[]>,
): AclRule[] {
  const isHere = ({ segment, prefix }: AclRule['from']): boolean => {
    if (!names.has(segment)) return false
    const parsed = prefix === undefined ? null : parseInterfaceAddress(prefix)
    // One that is malformed is told of by the rules for the configuration.
    return parsed === null || (known.get(segment) ?? []).some((one) => overlaps(parsed, one))
  }
  return isHere(rule.from) && isHere(rule.to) ? [rule] : []
}
