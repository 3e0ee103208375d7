/**
 * From what an owner wants of a network to what each of its boxes is told. Pure: documents, boxes and allocations in,
 * configurations, new allocations and problems out. A site with a problem keeps what it has; the others go on.
 */
import { formatPrefix, type Prefix, parseInterfaceAddress } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { canonicalConfig } from '../model/device-config-canonical.ts'
import { checkForm, isDeviceConfig } from '../model/device-config-check.ts'
import { partsOf } from '../model/device-config-parts.ts'
import { checkRules } from '../model/device-config-rules.ts'
import type { ErrorBody } from '../model/errors.ts'
import type { FleetDocument, FleetNetwork, FleetSite } from '../model/fleet.ts'
import { type Allocations, allocate, type NewAllocation } from './fleet-allocation.ts'
import {
  byKind,
  checkDocuments,
  type Documents,
  type FleetProblem,
  nameOf,
} from './fleet-documents.ts'
import { type Compiled, compileSite } from './fleet-site.ts'
import { type Holder, overlapsAmong, proposeMapping, without } from './ipam.ts'

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
  /** @returns what is wrong with this site alone comes with it */
  planSite(site: FleetSite): SitePlan & { readonly problems: readonly FleetProblem[] }
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
    problems: [...planner.problems, ...planned.flatMap(({ problems }) => problems)],
  }
}

export function planFleetLater(
  all: readonly FleetDocument[],
  boxes: readonly Box[],
  allocations: Allocations,
): FleetPlanner {
  const documents = byKind(all)
  const problems: FleetProblem[] = checkDocuments(documents)
  const [network] = documents.network
  if (network === undefined) return nothing
  const given = allocate(documents, allocations)
  problems.push(...given.problems)
  const broken = new Set(problems.map(({ document }) => document))
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
  problems.push(...overlapProblems(compiled, documents))
  const compiledOf = new Map(compiled.map((one) => [one.site, one]))
  const hubs = hubsOf(network, documents)
  const extents = extentsOf(documents, compiled)
  const around = { network, documents, sites: compiled, vniOf: given.vniOf, hubs, extents }
  return {
    allocations: given.allocations,
    problems,
    sites: documents.site,
    planSite: (site) => {
      const own = compiledOf.get(site)
      const named = { site: site.name, deviceId: boxOf.get(site.name) ?? null }
      if (own === undefined) return { ...named, config: null, problems: [] }
      const config = compileSite(own, around)
      const errors = errorsOf(config)
      if (errors.length === 0) return { ...named, config: canonicalConfig(config), problems: [] }
      const document = nameOf(site)
      return { ...named, config: null, problems: errors.map((error) => ({ ...error, document })) }
    },
  }
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
  planSite: ({ name }) => ({ site: name, deviceId: null, config: null, problems: [] }),
}

/** By site: the box that its document names, else the one that was claimed for it last and stands nowhere else. */
function boxesOf(sites: readonly FleetSite[], boxes: readonly Box[]): ReadonlyMap<string, string> {
  const named = new Set(sites.flatMap(({ edge }) => edge ?? []))
  const claimed = new Map<string, Box>()
  for (const box of boxes) {
    if (box.site === undefined || named.has(box.deviceId)) continue
    const { claimedAt = '' } = claimed.get(box.site) ?? {}
    if ((box.claimedAt ?? '') >= claimedAt) claimed.set(box.site, box)
  }
  const found = sites.flatMap(({ name, edge }) => {
    const deviceId = edge ?? claimed.get(name)?.deviceId
    return deviceId === undefined ? [] : [[name, deviceId] as const]
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
    if (served.length === 1) extents.get(served[0]!.name)!.push(parseInterfaceAddress(prefix)!)
  }
  for (const { segment, address } of sites.flatMap(({ lans }) => lans)) {
    extents.get(segment)!.push(...address.map((text) => parseInterfaceAddress(text)!))
  }
  return new Map([...extents].map(([name, prefixes]) => [name, without(prefixes, [])]))
}

/** Of LANs anywhere: whoever hears of both could not tell them apart. */
function overlapProblems(sites: readonly Compiled[], { pool }: Documents): FleetProblem[] {
  const holders = sites.flatMap(({ site, lans }) =>
    lans.flatMap(({ name, address }) =>
      address.map((text): Holder & { readonly site: FleetSite; readonly at: number } => {
        const at = site.lans.findIndex((lan) => lan.name === name)
        return { holder: `${site.name}'s ${name}`, prefix: parseInterfaceAddress(text)!, site, at }
      }),
    ),
  )
  const taken = holders.map(({ prefix }) => prefix)
  const pools: Prefix[] = pool
    .map(({ prefix }) => parseInterfaceAddress(prefix)!)
    .filter((one) => one !== null)
  return overlapsAmong(holders).flatMap(({ one, other }) => {
    const { site, at } = holders.find(
      ({ holder, prefix }) => holder === other.holder && prefix === other.prefix,
    )!
    // A box's own LANs are told of by the rules for its configuration.
    if (one.holder.startsWith(`${site.name}'s `)) return []
    const free = proposeMapping(other.prefix, pools, taken)
    const proposal =
      free === null
        ? 'give it another network'
        : `give it another network, ${formatPrefix(free)} say, or map it to that one for one`
    const message = `${formatPrefix(other.prefix)} overlaps ${one.holder} (${formatPrefix(one.prefix)}): ${proposal}`
    return [
      {
        code: 'FLEET_OVERLAP' as const,
        message,
        path: `/lans/${at}/address`,
        document: nameOf(site),
      },
    ]
  })
}

/** As the door of a box would have it. */
function errorsOf(config: DeviceConfig): ErrorBody[] {
  const form = checkForm(config)
  const rules = checkRules(partsOf(config)).map(({ rule, ...error }) => error)
  const errors = [...form, ...rules]
  if (errors.length === 0 && !isDeviceConfig(config))
    throw new Error('a form that is not its schema')
  return errors
}
