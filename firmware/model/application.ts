/**
 * What tells an application's flows: criteria, as device.yaml and the table of well-known ones have them, spelt out to one
 * protocol, range of ports, prefix, server name and mark each, as the datapath compares. Pure.
 */
import { type Ports, portsOf, protocolNumbers } from './acl.ts'
import { formatPrefix, parseInterfaceAddress } from './address.ts'
import type { Application, Criteria } from './device-config-steering.ts'
import { dscpNumber } from './dscp.ts'
import { knownApplications } from './known-applications.ts'

/** One comparison. */
export interface FlowTerm {
  /** 0 is any. */
  readonly protocol: number
  readonly ports: Ports
  /** Canonical; '' is everywhere. */
  readonly destination: string
  /** '' is any, or none. */
  readonly server: string
  /** Null is any. */
  readonly dscp: number | null
}

/** Every comparison that policies and applications of a device may become, besides those of well-known applications. */
export const maxSteeringTerms = 768
/** All of the well-known ones. */
export const maxKnownTerms = 256

export function termsOf(criteria: Criteria): FlowTerm[] {
  const { to, protocol, names, dscp } = criteria
  const ranges = portsOf(criteria)
  const destinations = to === undefined ? [''] : [...new Set(to.map(canonical))]
  const servers = names === undefined ? [''] : [...new Set(names)]
  const marks = dscp === undefined ? [null] : [...new Set(dscp.map(dscpNumber))]
  return destinations.flatMap((destination) =>
    protocolNumbers(protocol).flatMap((number) =>
      ranges.flatMap((range) =>
        servers.flatMap((server) =>
          marks.map((mark) => ({
            protocol: number,
            ports: range,
            destination,
            server,
            dscp: mark,
          })),
        ),
      ),
    ),
  )
}

/** As many as `termsOf` makes, without making them. */
export function termCount(criteria: Criteria): number {
  const { to, protocol, names, dscp } = criteria
  const ranges = portsOf(criteria).length
  const lists = [to?.map(canonical), names, dscp?.map(dscpNumber)]
  const counts = lists.map((list) => (list === undefined ? 1 : new Set<unknown>(list).size))
  return counts.reduce(
    (product, count) => product * count,
    ranges * protocolNumbers(protocol).length,
  )
}

/** By name: those of the configuration, in its order, then the well-known ones whose names it does not take. */
export function applicationsByName(
  own: readonly Application[] | undefined,
): ReadonlyMap<string, readonly Criteria[]> {
  const all = new Map<string, readonly Criteria[]>()
  for (const application of own ?? []) all.set(application.name, [application])
  for (const { name, flows } of knownApplications) {
    if (!all.has(name)) all.set(name, flows)
  }
  return all
}

/** Spelt as it was where it is no prefix: that has been refused. */
function canonical(prefix: string): string {
  const parsed = parseInterfaceAddress(prefix)
  return parsed === null ? prefix : formatPrefix(parsed)
}
