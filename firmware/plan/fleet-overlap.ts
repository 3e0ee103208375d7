/** LANs of two sites with the same addresses, told of both sites and their documents. Pure. */
import { formatPrefix, type Prefix, parseInterfaceAddress } from '../model/address.ts'
import type { FleetSite } from '../model/fleet.ts'
import { type Documents, type FleetProblem, nameOf } from './fleet-documents.ts'
import type { Compiled } from './fleet-site.ts'
import { freeLike, type Holder, overlapsAmong } from './ipam.ts'

/** Of so many overlaps a free network is told: to look for one takes time. */
const mostTold = 50

/** Of LANs of two sites: whoever hears of both could not tell them apart. */
export function overlapProblems(
  sites: readonly Compiled[],
  { pool, segment: segments }: Documents,
): FleetProblem[] {
  const holders = sites.flatMap(({ site, lans }) =>
    lans.flatMap(({ name, address }) =>
      address.map((text): LanHolder => {
        const at = site.lans.findIndex((lan) => lan.name === name)
        return { holder: `${site.name}'s ${name}`, prefix: parseInterfaceAddress(text)!, site, at }
      }),
    ),
  )
  const taken = holders.map(({ prefix }) => prefix)
  const poolsOf = ({ site, at }: LanHolder): Prefix[] => {
    const segment = site.lans[at]?.segment
    const names = segments.find(({ name }) => name === segment)?.pools ?? []
    return pool
      .filter(({ name }) => names.includes(name))
      .map(({ prefix }) => parseInterfaceAddress(prefix))
      .filter((one) => one !== null)
  }
  return overlapsAmong(holders).flatMap(({ one: first, other: second }, count) => {
    // A box's own LANs are told of by the rules for its configuration.
    if (first.site === second.site) return []
    const told = (one: LanHolder, two: LanHolder): FleetProblem =>
      overlapOf(one, two, count < mostTold ? poolsOf(one) : [], taken)
    return [{ ...told(second, first), mirror: told(first, second) }]
  })
}

interface LanHolder extends Holder {
  readonly site: FleetSite
  readonly at: number
}

function overlapOf(
  one: LanHolder,
  other: LanHolder,
  pools: readonly Prefix[],
  taken: readonly Prefix[],
): FleetProblem {
  const free = freeLike(one.prefix, pools, taken)
  const way = free === null ? '' : `; ${formatPrefix(free)} is free`
  const theirs = `${other.holder} (${formatPrefix(other.prefix)}, ${nameOf(other.site)})`
  const message = `${formatPrefix(one.prefix)} of ${one.holder} overlaps ${theirs}: give one of them another network${way}`
  const path = `/lans/${one.at}/address`
  return { code: 'FLEET_OVERLAP', message, path, document: nameOf(one.site) }
}
