/**
 * From what is wrong with the configuration of a site's box to the document that says so, and what is wrong at many sites told once.
 * Pure. What comes of no single document is told of the site's own.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import type { ErrorBody } from '../model/errors.ts'
import type { FleetDocument, FleetSite } from '../model/fleet.ts'
import { type Documents, type FleetProblem, nameOf } from './fleet-documents.ts'

/** Sites of one problem that are named; the others are counted. */
const mostNamed = 2

/** @param config that has the error, as it was computed */
export function originOf(
  error: ErrorBody,
  config: Partial<DeviceConfig>,
  site: FleetSite,
  documents: Documents,
): FleetProblem {
  const [, part = '', at = '', rest = ''] =
    /^\/([a-zA-Z]+)(?:\/(\d+)(\/.*)?)?/.exec(error.path ?? '') ?? []
  const told = (document: FleetDocument | undefined, path: string): FleetProblem =>
    document === undefined
      ? { ...error, document: nameOf(site) }
      : { ...error, path, document: nameOf(document), sites: [site.name] }
  const named = <One extends FleetDocument>(
    list: readonly { readonly name: string }[] | undefined,
    all: readonly One[],
  ): One | undefined => {
    const name = list?.[Number(at)]?.name
    return at === '' ? undefined : all.find((one) => one.name === name)
  }
  switch (part) {
    case 'acl':
      return told(named(config.acl, documents.rule), rest)
    case 'applications':
      return told(named(config.applications, documents.application), rest)
    case 'profiles':
      return told(named(config.profiles, documents.profile), rest)
    case 'segments':
      return told(named(config.segments, documents.segment), rest)
    case 'policies': {
      const policy = named(config.policies, documents.policy)
      return told(policy, asWritten(rest, config.policies?.[Number(at)], policy))
    }
    case 'peers': {
      const isWritten = rest.startsWith('/endpoints') || rest === '/limit'
      return told(isWritten ? named(config.peers, documents.site) : undefined, rest)
    }
    case 'overlay':
    case 'dns':
    case 'api':
    case 'tenant':
      return told(documents.network[0], error.path ?? '')
    default:
      return told(undefined, '')
  }
}

/** Of lists the box gets what it has: the same name stands elsewhere in the document. */
function asWritten(path: string, computed: unknown, document: unknown): string {
  const [, list = '', at = ''] = /^(\/for\/segments|\/prefer)\/(\d+)$/.exec(path) ?? []
  const valuesOf = (value: unknown): readonly unknown[] => {
    const found = list
      .split('/')
      .slice(1)
      .reduce<unknown>((one, name) => (one as Record<string, unknown> | undefined)?.[name], value)
    return Array.isArray(found) ? found : []
  }
  const written = valuesOf(document).indexOf(valuesOf(computed)[Number(at)])
  return written < 0 ? path : `${list}/${written}`
}

/** Each once, in order; of sites' boxes with where it is. */
export function gatherProblems(problems: readonly FleetProblem[]): FleetProblem[] {
  const gathered = new Map<string, FleetProblem>()
  for (const problem of problems) {
    const { code, document, path = '', sites, message } = problem
    const key =
      sites === undefined ? `${code} ${document} ${path} ${message}` : `${code} ${document} ${path}`
    const there = gathered.get(key)
    const joined = sites === undefined ? {} : { sites: [...(there?.sites ?? []), ...sites] }
    gathered.set(key, { ...(there ?? problem), ...joined })
  }
  return [...gathered.values()].map(({ sites, ...problem }) =>
    sites === undefined
      ? problem
      : { ...problem, message: `${problem.message} (at ${someOf(sites)})` },
  )
}

/** `b1, b2 and 98 more` */
function someOf(sites: readonly string[]): string {
  const more = sites.length - mostNamed
  const named = sites.slice(0, mostNamed).join(', ')
  return more > 0 ? `${named} and ${more} more` : named
}
