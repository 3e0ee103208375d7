/**
 * From what an owner wants of a network to what each of its boxes is told. Pure: documents, boxes and allocations in,
 * configurations, new allocations and problems out. A site with a problem keeps what it has; the others go on.
 */
import { type Prefix, parseInterfaceAddress } from '../model/address.ts'
import { isEqual } from '../model/config-diff.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { FleetDocument, FleetNetwork, FleetSite } from '../model/fleet.ts'
import { type Allocations, allocate, type Given, type NewAllocation } from './fleet-allocation.ts'
import {
  byKind,
  checkDocuments,
  type Documents,
  type FleetProblem,
  nameOf,
} from './fleet-documents.ts'
import { gatherProblems, originOf } from './fleet-origin.ts'
import { overlapProblems } from './fleet-overlap.ts'
import type { Compiled, Surroundings } from './fleet-site.ts'
import { without } from './ipam.ts'
import { type SiteWork, type TrafficForms, workSite } from './site-work.ts'

/** A box that has been claimed: what it said of itself. */
export interface Box {
  readonly deviceId: string
  /** Base64; the newer one first while it is renewed. */
  readonly wireKey: string
  /** That it was claimed for, and when (RFC 3339): it stands there unless the site's document names another box. */
  readonly site?: string
  readonly claimedAt?: string
}

export interface SitePlan {
  readonly site: string
  readonly deviceId: string | null
  /** Of revision 0: whoever publishes it counts. Null when it has a problem. */
  readonly config: DeviceConfig | null
}

export interface FleetPlan {
  readonly sites: readonly SitePlan[]
  /** To be written down before any configuration that rests on them is published. */
  readonly allocations: readonly NewAllocation[]
  readonly problems: readonly FleetProblem[]
}

/** The same, site by site: of a thousand, the first is told before the last is thought of. */
export interface FleetPlanner extends Omit<FleetPlan, 'sites'> {
  readonly sites: readonly FleetSite[]
  /** The same object as an earlier planner gave, where nothing has changed. What is wrong with this site alone comes with it. */
  planSite(site: FleetSite): PlannedSite
  /** For the planner after it; null: nothing to go on from. */
  readonly kept: Kept | null
}

export interface PlannedSite extends SitePlan {
  readonly problems: readonly FleetProblem[]
}

export function planFleet(
  all: readonly FleetDocument[],
  boxes: readonly Box[],
  allocations: Allocations,
): FleetPlan {
  const planner = planFleetLater(all, boxes, allocations)
  const planned = planner.sites.map((site) => planner.planSite(site))
  return {
    allocations: planner.allocations,
    sites: planned.map(({ site, deviceId, config }) => ({ site, deviceId, config })),
    problems: gatherProblems([...planner.problems, ...planned.flatMap(({ problems }) => problems)]),
  }
}

/** What all sites rest on, which policies and rules do not touch. */
interface Base {
  readonly inputs: readonly unknown[]
  readonly given: Given
  readonly problems: readonly FleetProblem[]
  /** By site. */
  readonly boxOf: ReadonlyMap<string, string>
  readonly compiledOf: ReadonlyMap<string, Compiled>
  readonly around: Omit<Surroundings, 'documents'>
}

/** What a planner found out, so that the next one need not. */
interface Kept {
  readonly base: Base
  /** By site: what was found last. */
  readonly works: ReadonlyMap<string, SiteWork>
  readonly planned: ReadonlyMap<string, PlannedSite>
}

/** @param before with it, what did not change is not computed again; what comes out is the same without it */
export function planFleetLater(
  all: readonly FleetDocument[],
  boxes: readonly Box[],
  allocations: Allocations,
  before: FleetPlanner | null = null,
): FleetPlanner {
  const documents = byKind(all)
  const [network] = documents.network
  if (network === undefined) return nothing
  const earlier = before?.kept ?? null
  const { pool, segment, profile, site } = documents
  const inputs = [network, pool, segment, profile, site, boxes, allocations]
  const isSame =
    earlier !== null && inputs.every((one, at) => isAlike(one, earlier.base.inputs[at]))
  const base = isSame ? earlier.base : baseOf(network, documents, boxes, allocations, inputs)
  const around: Surroundings = { ...base.around, documents }
  const works = new Map([...(earlier?.works ?? [])].filter(([name]) => base.compiledOf.has(name)))
  const planned = new Map<string, PlannedSite>()
  const forms: TrafficForms = new Map()
  const plan = (site: FleetSite): PlannedSite => {
    const deviceId = base.boxOf.get(site.name) ?? null
    const own = base.compiledOf.get(site.name)
    if (own === undefined) return { site: site.name, deviceId, config: null, problems: [] }
    const was = works.get(site.name)
    const work = workSite(own, around, base, was, forms)
    works.set(site.name, work)
    const last = earlier?.planned.get(site.name)
    const isSame = work === was && work.errors.length === 0 && last?.deviceId === deviceId
    if (isSame) return last
    const config = { ...work.judged.ground.config, ...work.traffic }
    const problems = work.errors.map((error) => originOf(error, config, site, documents))
    return { site: site.name, deviceId, config: work.config, problems }
  }
  return {
    allocations: base.given.allocations,
    problems: [...checkDocuments(documents), ...base.problems],
    sites: documents.site,
    kept: { base, works, planned },
    planSite: (site) => {
      const there = planned.get(site.name) ?? plan(site)
      planned.set(site.name, there)
      return there
    },
  }
}

function baseOf(
  network: FleetNetwork,
  documents: Documents,
  boxes: readonly Box[],
  allocations: Allocations,
  inputs: readonly unknown[],
): Base {
  const given = allocate(documents, allocations)
  const wrong = [...checkDocuments(documents), ...given.problems]
  const broken = new Set(wrong.map(({ document }) => document))
  const keyOf = new Map(boxes.map(({ deviceId, wireKey }) => [deviceId, wireKey]))
  const boxOf = boxesOf(documents.site, boxes)
  const compiled: Compiled[] = documents.site.flatMap((site) =>
    broken.has(nameOf(site))
      ? []
      : [
          {
            site,
            wireKey: keyOf.get(boxOf.get(site.name) ?? '') ?? null,
            lans: given.lansOf(site),
          },
        ],
  )
  const hubs = hubsOf(network, documents)
  const crowd = crowdOf(compiled, hubs)
  const sites = compiled.filter((one) => !crowd.has(one))
  const hubSites = sites.filter(({ site }) => hubs.includes(site.name))
  const extents = extentsOf(documents, sites)
  return {
    inputs,
    given,
    problems: [
      ...given.problems,
      ...crowdProblems(crowd, hubs),
      ...overlapProblems(sites, documents),
    ],
    boxOf,
    compiledOf: new Map(sites.map((one) => [one.site.name, one])),
    around: { network, sites, vniOf: given.vniOf, hubs, hubSites, extents },
  }
}

/** Of a box's configuration. */
const mostPeers = 1_024
/** Each has a session with each, and all of them are told of every new one. */
const mostMeshSites = 512

/** Sites with a box, the last ones by name, for which there is no room; hubs are never among them. */
function crowdOf(sites: readonly Compiled[], hubs: readonly string[]): ReadonlySet<Compiled> {
  const most = hubs.length > 0 ? mostPeers + 1 - hubs.length : mostMeshSites
  const placed = sites.filter(({ site, wireKey }) => wireKey !== null && !hubs.includes(site.name))
  return new Set(placed.slice(most))
}

function crowdProblems(crowd: ReadonlySet<Compiled>, hubs: readonly string[]): FleetProblem[] {
  const message =
    hubs.length > 0
      ? `there is no room for its box: a hub has at most ${mostPeers} peers`
      : `there is no room for its box: a mesh has at most ${mostMeshSites} sites; let them talk through hubs`
  return [...crowd].map(({ site }) => {
    return { code: 'FLEET_TOO_MANY', message, path: '/edge', document: nameOf(site) }
  })
}

/** Equal, told quickly where most of it is the very same. */
function isAlike(one: unknown, other: unknown): boolean {
  if (one instanceof Map && other instanceof Map) {
    return (
      one === other || (one.size === other.size && [...one].every(([k, v]) => other.get(k) === v))
    )
  }
  return isEqual(one, other)
}

const nothing: FleetPlanner = {
  allocations: [],
  problems: [
    {
      code: 'FLEET_NO_NETWORK',
      message: 'there is no document of kind `network`',
      document: 'network',
    },
  ],
  sites: [],
  kept: null,
  planSite: ({ name }) => ({ site: name, deviceId: null, config: null, problems: [] }),
}

/** By site: the box that its document names, if it is this owner's, else the one that was claimed for it last and stands nowhere else. */
function boxesOf(sites: readonly FleetSite[], boxes: readonly Box[]): ReadonlyMap<string, string> {
  const named = new Set(sites.flatMap(({ edge }) => edge ?? []))
  const there = new Set(boxes.map(({ deviceId }) => deviceId))
  const claimed = new Map<string, Box>()
  for (const box of boxes) {
    if (box.site === undefined || named.has(box.deviceId)) continue
    const { claimedAt = '' } = claimed.get(box.site) ?? {}
    if ((box.claimedAt ?? '') >= claimedAt) claimed.set(box.site, box)
  }
  const found = sites.flatMap(({ name, edge }) => {
    const deviceId = edge ?? claimed.get(name)?.deviceId
    return deviceId === undefined || !there.has(deviceId) ? [] : [[name, deviceId] as const]
  })
  return new Map(found)
}

/** Best first; none in a mesh. */
function hubsOf({ topology }: FleetNetwork, { site }: Documents): readonly string[] {
  if (topology?.kind !== 'hubs') return []
  return topology.hubs ?? site.flatMap(({ name, role }) => (role === 'hub' ? [name] : []))
}

/** A pool that serves several segments says nothing of one of them. */
function extentsOf(
  { segment: segments, pool }: Documents,
  sites: readonly Compiled[],
): ReadonlyMap<string, readonly Prefix[]> {
  const extents = new Map<string, Prefix[]>(segments.map(({ name }) => [name, []]))
  for (const { name, prefix } of pool) {
    const served = segments.filter(({ pools }) => pools?.includes(name) === true)
    const extent = parseInterfaceAddress(prefix)
    if (served.length === 1 && extent !== null) extents.get(served[0]!.name)!.push(extent)
  }
  for (const { segment, address } of sites.flatMap(({ lans }) => lans)) {
    extents.get(segment)!.push(...address.map((text) => parseInterfaceAddress(text)!))
  }
  return new Map([...extents].map(([name, prefixes]) => [name, without(prefixes, [])]))
}
