/** What tells the flows of a policy: those of its applications, in its segments, with its marks, spelt out. Pure. */
import { anyPorts } from './acl.ts'
import { type FlowTerm, termCount, termsOf } from './application.ts'
import type { Criteria, Policy } from './device-config-steering.ts'
import { dscpNumber } from './dscp.ts'

/** The one of flows that no other is for. */
export const defaultPolicyName = 'default'

export type Applications = ReadonlyMap<string, readonly Criteria[]>

/** One comparison. */
export interface PolicyTerm extends FlowTerm {
  /** '' where the policy names none. */
  readonly application: string
  /** '' is any. */
  readonly segment: string
}

const anyFlow: FlowTerm = { protocol: 0, ports: anyPorts, destination: '', server: '', dscp: null }

/** In the order of its applications. Those that are unknown have none. */
export function policyTerms({ for: flows = {} }: Policy, applications: Applications): PolicyTerm[] {
  const segments = [...new Set(flows.segments ?? [''])]
  const marks = marksOf(flows.dscp)
  const terms =
    flows.applications === undefined
      ? [{ ...anyFlow, application: '' }]
      : [...new Set(flows.applications)].flatMap((application) =>
          (applications.get(application) ?? []).flatMap((criteria) =>
            termsOf(criteria).map((term) => ({ ...term, application })),
          ),
        )
  return terms.flatMap((term) =>
    segments.flatMap((segment) =>
      meet(term.dscp, marks).map((dscp) => ({ ...term, segment, dscp })),
    ),
  )
}

/** As many as `policyTerms` makes, without making them. */
export function policyTermCount({ for: flows = {} }: Policy, applications: Applications): number {
  const segments = new Set(flows.segments ?? ['']).size
  const marks = marksOf(flows.dscp)
  if (flows.applications === undefined) return segments * (marks ?? [null]).length
  const criteria = [...new Set(flows.applications)].flatMap((name) => applications.get(name) ?? [])
  const counts = criteria.map(({ dscp, ...rest }) => {
    const met = (marksOf(dscp) ?? [null]).flatMap((one) => meet(one, marks))
    return met.length * termCount(rest)
  })
  return segments * counts.reduce((sum, count) => sum + count, 0)
}

/** Marks that are that of an application's term and among those of a policy; null is any. */
function meet(dscp: number | null, marks: readonly number[] | null): (number | null)[] {
  if (marks === null) return [dscp]
  return dscp === null ? [...marks] : marks.filter((mark) => mark === dscp)
}

function marksOf(dscp: Criteria['dscp']): number[] | null {
  return dscp === undefined ? null : [...new Set(dscp.map(dscpNumber))]
}
