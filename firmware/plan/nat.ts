/**
 * From what STUN servers answered to what the NATs on the way do (RFC 4787, as RFC 5780 asks for it). Pure.
 * Of two servers at one address, ports stand for addresses: NATs that tell apart addresses alone are rare, and both lead
 * to the same attempts.
 */
import { type Endpoint, formatEndpoint } from '../model/address.ts'
import type { NatFiltering, NatMapping, UplinkNat } from '../model/nat.ts'
import { behindNat, isInside } from './prefix.ts'

/** What came of asking a server by the overlay socket; in the order in which they were asked first. */
export interface StunAnswer {
  readonly server: Endpoint
  /** Null: it did not answer. */
  readonly mapped: Endpoint | null
  /** Whether it would answer from another port, and from another address. */
  readonly canPort: boolean
  readonly canAddress: boolean
}

/** What came of asking a server, by a socket that had sent nothing before, to answer from elsewhere. */
export interface FilteringTest {
  readonly server: Endpoint
  /** Whether it came from another port of the address asked, and from another address. */
  readonly isPortHeard: boolean
  readonly isAddressHeard: boolean
}

export type NatVerdict = Pick<
  UplinkNat,
  'mapped' | 'mapping' | 'filtering' | 'portStep' | 'isBlocked' | 'asked' | 'answered'
>

/** Ports that a NAT counts up by: more is chance. */
const mostPortStep = 32

/** @param local the overlay socket, as it is bound */
export function judgeNat(
  local: Endpoint,
  answers: readonly StunAnswer[],
  tests: readonly FilteringTest[],
): NatVerdict {
  const answered = answers.filter(({ mapped }) => mapped !== null)
  // A server on this side of a NAT, of the carrier's or a company's too, sees what nobody beyond it does.
  const outside = answered.filter(({ mapped }) => !isInside(mapped!.address, behindNat))
  const told = outside.length > 0 ? outside : answered
  const beyond = told.filter(({ mapped }) => !isSame(mapped!, local))
  const seen = beyond.length > 0 ? beyond : told
  const near = answered.filter((one) => !seen.includes(one))
  const made = madeOf(seen)
  const mapping = mappingOf(seen, beyond.length > 0)
  return {
    mapped: made.at(-1) ?? null,
    mapping,
    filtering: filteringOf(
      seen,
      tests.filter(({ server }) => !near.some((one) => isSame(one.server, server))),
    ),
    portStep: isByDestination(mapping) ? portStepOf(made) : 0,
    isBlocked: answers.length > 0 && answered.length === 0,
    asked: answers.map(({ server }) => server),
    answered: answered.map(({ server }) => server),
  }
}

function mappingOf(seen: readonly StunAnswer[], isMapped: boolean): NatMapping {
  if (seen.length === 0) return 'unknown'
  if (!isMapped) return 'none'
  if (seen.length === 1) return 'unknown'
  if (seen.every(({ mapped }) => isSame(mapped!, seen[0]!.mapped!))) return 'endpoint-independent'
  const byHost = Map.groupBy(seen, ({ server }) => server.address)
  const ofHosts = [...byHost.values()]
  const isAlikeByHost = ofHosts.every((list) =>
    list.every(({ mapped }) => isSame(mapped!, list[0]!.mapped!)),
  )
  const isCompared = ofHosts.some((list) => list.length > 1)
  return isAlikeByHost && isCompared ? 'address-dependent' : 'address-and-port-dependent'
}

function isByDestination(mapping: NatMapping): boolean {
  return mapping === 'address-dependent' || mapping === 'address-and-port-dependent'
}

/** Who answered from another address passed any filter; without such an answer the narrower one is supposed. */
function filteringOf(
  answered: readonly StunAnswer[],
  tests: readonly FilteringTest[],
): NatFiltering {
  if (tests.some(({ isAddressHeard }) => isAddressHeard)) return 'endpoint-independent'
  if (tests.some(({ isPortHeard }) => isPortHeard)) return 'address-dependent'
  const isTold = tests.some(({ server }) =>
    answered.some((one) => isSame(one.server, server) && (one.canPort || one.canAddress)),
  )
  return isTold ? 'address-and-port-dependent' : 'unknown'
}

/** The mappings, in the order in which the NAT made them. */
function madeOf(seen: readonly StunAnswer[]): Endpoint[] {
  return [...new Map(seen.map(({ mapped }) => [formatEndpoint(mapped!), mapped!])).values()]
}

/** The step that most mappings have to the next one; 0 if it is no step but chance. */
function portStepOf(made: readonly Endpoint[]): number {
  const moves = made.slice(1).map(({ port }, at) => port - made[at]!.port)
  const isCounting = moves.every(
    (step) => Math.abs(step) <= mostPortStep && Math.sign(step) === Math.sign(moves[0]!),
  )
  if (moves.length === 0 || !isCounting) return 0
  const often = Map.groupBy(moves, (step) => step)
  // Others' connections come in between: of equals, the smallest is what the NAT does.
  const sorted = [...often].toSorted(
    ([one, ones], [other, others]) =>
      others.length - ones.length || Math.abs(one) - Math.abs(other),
  )
  return sorted[0]![0]
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return formatEndpoint(one) === formatEndpoint(other)
}
