/** The documents of a tenant in order, and what is wrong with what they say of each other. Pure. */
import { overlaps, parseInterfaceAddress } from '../model/address.ts'
import type { ErrorBody } from '../model/errors.ts'
import {
  type FleetDocument,
  type FleetKind,
  type FleetOf,
  type FleetPool,
  fleetKinds,
  mostOfKind,
} from '../model/fleet.ts'
import { nearestOf } from '../model/nearest.ts'
import { profileNames } from '../model/qos-rules.ts'

/** The documents of one tenant, by kind and in order. */
export type Documents = { readonly [Kind in FleetKind]: readonly FleetOf<Kind>[] }

export interface FleetProblem extends ErrorBody {
  /** `site/berlin` */
  readonly document: string
  /** The same as it is told of the other document that it is about. */
  readonly mirror?: FleetProblem
  /** Of a box's configuration: the sites whose boxes it would be. */
  readonly sites?: readonly string[]
}

export function nameOf({ kind, name }: Pick<FleetDocument, 'kind' | 'name'>): string {
  return `${kind}/${name}`
}

export function byKind(all: readonly FleetDocument[]): Documents {
  const of = <Kind extends FleetKind>(kind: Kind): FleetOf<Kind>[] =>
    all
      .filter((one): one is FleetOf<Kind> => one.kind === kind)
      .sort((a, b) => orderOf(a) - orderOf(b) || (a.name < b.name ? -1 : 1))
  return {
    network: of('network'),
    pool: of('pool'),
    segment: of('segment'),
    profile: of('profile'),
    site: of('site'),
    application: of('application'),
    policy: of('policy'),
    rule: of('rule'),
  }
}

function orderOf(document: FleetDocument): number {
  return 'order' in document ? document.order : 0
}

/** What they say of each other. */
export function checkDocuments(documents: Documents): FleetProblem[] {
  return [
    ...crowds(documents),
    ...references(documents),
    ...boxesTwice(documents),
    ...addresses(documents),
    ...poolOverlaps(documents),
  ]
}

function problemOf(
  document: FleetDocument,
  code: FleetProblem['code'],
  message: string,
  path: string,
): FleetProblem {
  return { code, message, path, document: nameOf(document) }
}

/** More of a kind than a tenant may have, and names that are there twice. */
export function crowds(documents: Documents): FleetProblem[] {
  return fleetKinds.flatMap((kind) => {
    const seen = new Set<string>()
    const list: readonly FleetDocument[] = documents[kind]
    return list.flatMap((one, at) => {
      const isTwice = seen.has(one.name)
      seen.add(one.name)
      const many = `there are at most ${mostOfKind[kind]} of this kind`
      return [
        ...(at >= mostOfKind[kind] ? [problemOf(one, 'FLEET_TOO_MANY', many, '/kind')] : []),
        ...(isTwice
          ? [problemOf(one, 'FLEET_DUPLICATE', 'there are two of this name', '/name')]
          : []),
      ]
    })
  })
}

/** Of so many names is looked for one that somebody meant, among so many: a hint is worth no more. */
const mostHints = 20
const mostKnown = 512

/** `, did you mean office?`, or nothing. */
export function meantOf(name: string, known: Iterable<string>): string {
  const nearest = nearestOf(name, [...Iterator.from(known).take(mostKnown)])
  return nearest === null ? '' : `, did you mean ${nearest}?`
}

/** The same for many names, of which each is looked for once. */
export function hintsAmong(known: Iterable<string>): (name: string) => string {
  const hints = new Map<string, string>()
  return (name) => {
    const there = hints.get(name)
    if (there !== undefined) return there
    const hint = hints.size < mostHints ? meantOf(name, known) : ''
    if (hints.size < mostHints) hints.set(name, hint)
    return hint
  }
}

interface Known {
  readonly names: ReadonlySet<string>
  readonly hint: (name: string) => string
}

/** By name, of things that there are not, or that are named already. */
function references(documents: Documents): FleetProblem[] {
  const problems: FleetProblem[] = []
  const known = (kind: FleetKind): Known => {
    const all = documents[kind]
    const names = kind === 'profile' ? profileNames(all) : new Set(all.map(({ name }) => name))
    return { names, hint: hintsAmong(names) }
  }
  const [pools, segments, sites] = [known('pool'), known('segment'), known('site')]
  const profiles = known('profile')
  const refer = (
    from: FleetDocument,
    kind: FleetKind,
    there: Known,
    name: string,
    path: string,
  ): void => {
    if (there.names.has(name)) return
    const message = `there is no ${kind} '${name}'${there.hint(name)}`
    problems.push(problemOf(from, 'FLEET_REFERENCE', message, path))
  }
  for (const one of documents.segment) {
    for (const [at, pool] of (one.pools ?? []).entries()) {
      const path = `/pools/${at}`
      refer(one, 'pool', pools, pool, path)
      if (one.pools!.indexOf(pool) < at)
        problems.push(problemOf(one, 'FLEET_DUPLICATE', `${pool} stands here already`, path))
    }
  }
  for (const one of documents.site) {
    for (const [at, { segment }] of one.lans.entries())
      refer(one, 'segment', segments, segment, `/lans/${at}/segment`)
    for (const [at, { profile }] of one.uplinks.entries())
      if (profile !== undefined) refer(one, 'profile', profiles, profile, `/uplinks/${at}/profile`)
  }
  for (const one of documents.network) {
    for (const [at, hub] of (one.topology?.hubs ?? []).entries()) {
      const path = `/topology/hubs/${at}`
      refer(one, 'site', sites, hub, path)
      const site = documents.site.find(({ name }) => name === hub)
      if (site !== undefined && site.role !== 'hub')
        problems.push(problemOf(one, 'FLEET_REFERENCE', `${hub} has not the role 'hub'`, path))
    }
  }
  for (const one of documents.policy) {
    for (const [at, segment] of (one.for?.segments ?? []).entries())
      refer(one, 'segment', segments, segment, `/for/segments/${at}`)
  }
  for (const one of documents.rule) {
    refer(one, 'segment', segments, one.from.segment, '/from/segment')
    refer(one, 'segment', segments, one.to.segment, '/to/segment')
  }
  return problems
}

function boxesTwice({ site: sites }: Documents): FleetProblem[] {
  const siteOf = new Map<string, string>()
  return sites.flatMap((site) => {
    if (site.edge === undefined) return []
    const other = siteOf.get(site.edge)
    siteOf.set(site.edge, site.name)
    const message = `this box stands at ${other} already`
    return other === undefined ? [] : [problemOf(site, 'FLEET_DUPLICATE', message, '/edge')]
  })
}

/** Networks of LANs are compared across sites: what is none cannot be. */
function addresses({ site: sites }: Documents): FleetProblem[] {
  const message = 'must be an address with its prefix length, like 10.1.0.1/24 or fd00:1::1/64'
  return sites.flatMap((site) =>
    site.lans.flatMap(({ address = [] }, at) =>
      address.flatMap((text, index) => {
        const path = `/lans/${at}/address/${index}`
        const isOne = parseInterfaceAddress(text) !== null
        return isOne ? [] : [problemOf(site, 'CONFIG_ADDRESS_INVALID', message, path)]
      }),
    ),
  )
}

/** What one gives out the other would give out as well. */
function poolOverlaps({ pool: pools }: Documents): FleetProblem[] {
  return pools.flatMap((pool, at) => {
    const own = parseInterfaceAddress(pool.prefix)
    const other = pools.slice(0, at).find(({ prefix }) => {
      const parsed = parseInterfaceAddress(prefix)
      return own !== null && parsed !== null && overlaps(own, parsed)
    })
    if (other === undefined) return []
    const told = (one: FleetPool, two: FleetPool): FleetProblem => {
      const message = `${one.prefix} overlaps pool ${two.name} (${two.prefix})`
      return problemOf(one, 'FLEET_OVERLAP', message, '/prefix')
    }
    return [{ ...told(pool, other), mirror: told(other, pool) }]
  })
}
