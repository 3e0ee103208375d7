/** The documents of a tenant in order, and what is wrong with what they say of each other. Pure. */
import type { ErrorBody } from '../model/errors.ts'
import { type FleetDocument, type FleetKind, type FleetOf, mostOfKind } from '../model/fleet.ts'

/** The documents of one tenant, by kind and in order. */
export type Documents = { readonly [Kind in FleetKind]: readonly FleetOf<Kind>[] }

export interface FleetProblem extends ErrorBody {
  /** `site/berlin` */
  readonly document: string
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
  const problems: FleetProblem[] = []
  const problem = (
    of: FleetDocument,
    code: ErrorBody['code'],
    message: string,
    path: string,
  ): void => {
    problems.push({ code, message, path, document: nameOf(of) })
  }
  for (const [kind, list] of Object.entries(documents) as [FleetKind, readonly FleetDocument[]][]) {
    const seen = new Set<string>()
    for (const [at, one] of list.entries()) {
      if (at >= mostOfKind[kind])
        problem(
          one,
          'FLEET_TOO_MANY',
          `there are at most ${mostOfKind[kind]} of this kind`,
          '/kind',
        )
      if (seen.has(one.name)) problem(one, 'FLEET_DUPLICATE', 'there are two of this name', '/name')
      seen.add(one.name)
    }
  }
  const has = (kind: FleetKind, name: string): boolean =>
    documents[kind].some((one) => one.name === name)
  for (const segment of documents.segment) {
    for (const [at, pool] of (segment.pools ?? []).entries()) {
      if (!has('pool', pool))
        problem(segment, 'FLEET_REFERENCE', `there is no pool '${pool}'`, `/pools/${at}`)
    }
  }
  const boxOf = new Map<string, string>()
  for (const site of documents.site) {
    for (const [at, { segment }] of site.lans.entries()) {
      if (!has('segment', segment)) {
        problem(site, 'FLEET_REFERENCE', `there is no segment '${segment}'`, `/lans/${at}/segment`)
      }
    }
    if (site.edge === undefined) continue
    const other = boxOf.get(site.edge)
    if (other !== undefined)
      problem(site, 'FLEET_DUPLICATE', `this box stands at ${other} already`, '/edge')
    boxOf.set(site.edge, site.name)
  }
  for (const network of documents.network) {
    for (const [at, hub] of (network.topology?.hubs ?? []).entries()) {
      const path = `/topology/hubs/${at}`
      const site = documents.site.find(({ name }) => name === hub)
      if (site === undefined) problem(network, 'FLEET_REFERENCE', `there is no site '${hub}'`, path)
      else if (site.role !== 'hub')
        problem(network, 'FLEET_REFERENCE', `${hub} has not the role 'hub'`, path)
    }
  }
  return problems
}
