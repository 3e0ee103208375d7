/**
 * Numbers of segments and networks of LANs that nobody wrote down: what was given before, or the lowest that is free. Pure; what
 * is new is to be kept by the caller, since it must never change.
 */
import { formatPrefix, overlaps, type Prefix, parseInterfaceAddress } from '../model/address.ts'
import type { Lan } from '../model/device-config.ts'
import type { FleetLan, FleetPool, FleetSite } from '../model/fleet.ts'
import { type Documents, type FleetProblem, nameOf } from './fleet-documents.ts'
import { firstHost, freeNetworks, lentRange, lowestNumber } from './ipam.ts'

/** `vni/office` → `4097`; `lan/berlin/lan0/main4` → `10.1.0.0/24`, of the pool main4. */
export type Allocations = ReadonlyMap<string, string>

export interface NewAllocation {
  readonly name: string
  readonly value: string
}

export interface Given {
  readonly allocations: readonly NewAllocation[]
  readonly problems: readonly FleetProblem[]
  readonly vniOf: (segment: string) => number
  readonly lansOf: (site: FleetSite) => readonly Lan[]
}

/** Below are those that people choose. */
const leastVni = 4_096
const mostVni = 0xff_ffff

export function allocate(documents: Documents, allocations: Allocations): Given {
  const made: NewAllocation[] = []
  const problems: FleetProblem[] = []
  const vnis = allocateVnis(documents, allocations, made)
  const taken = takenBy(documents, allocations)
  const pools = soundPools(documents, taken, problems)
  const fresh = new Map<string, Prefix>()
  const lans = new Map<FleetSite, Lan[]>()
  for (const site of documents.site) {
    let isTold = false
    const own = site.lans.map((lan, at): Lan => {
      const address = lan.address ?? []
      const segment = documents.segment.find(({ name }) => name === lan.segment)
      const wanted = lan.address === undefined ? (segment?.pools ?? []) : []
      const fromPools = wanted.flatMap((name) => {
        const pool = pools.get(name)
        if (pool === undefined) return []
        const key = `lan/${site.name}/${lan.name}/${name}`
        const network = networkFor(key, pool, { allocations, fresh, taken, made })
        if (network !== null) return [firstHost(network)]
        // Of all LANs of a site it says the same.
        if (pool.next === null && isTold) return []
        isTold ||= pool.next === null
        problems.push({ ...nothingOf(name, pool), path: `/lans/${at}`, document: nameOf(site) })
        return []
      })
      if (lan.address === undefined && wanted.length === 0) {
        const message = `is missing: segment ${lan.segment} has no pools to give it`
        const path = `/lans/${at}/address`
        problems.push({ code: 'FLEET_REFERENCE', message, path, document: nameOf(site) })
      }
      return lanOf(lan, [...address, ...fromPools])
    })
    lans.set(site, own)
  }
  return {
    allocations: made,
    problems,
    vniOf: (segment) => vnis.get(segment)!,
    lansOf: (site) => lans.get(site)!,
  }
}

function allocateVnis(
  { segment: segments }: Documents,
  allocations: Allocations,
  made: NewAllocation[],
): ReadonlyMap<string, number> {
  const vnis = new Map<string, number>()
  const taken = new Set<number>()
  for (const [name, value] of allocations) if (name.startsWith('vni/')) taken.add(Number(value))
  for (const { name, vni } of segments) {
    if (vni === undefined) continue
    vnis.set(name, vni)
    taken.add(vni)
  }
  for (const { name, vni } of segments) {
    if (vni !== undefined) continue
    const given = allocations.get(`vni/${name}`)
    // There are more numbers than a tenant has segments.
    const number = given === undefined ? lowestNumber(taken, leastVni, mostVni)! : Number(given)
    if (given === undefined) made.push({ name: `vni/${name}`, value: String(number) })
    vnis.set(name, number)
    taken.add(number)
  }
  return vnis
}

interface Pool {
  readonly prefix: Prefix
  readonly bits: number
  /** Its free networks one after the other. Null: another pool would give out the same, which is refused; nothing new is given. */
  readonly next: (() => Prefix | null) | null
}

function soundPools(
  { pool: pools }: Documents,
  taken: readonly Prefix[],
  problems: FleetProblem[],
): Map<string, Pool> {
  const sound = new Map<string, Pool>()
  for (const pool of pools) {
    const prefix = parseInterfaceAddress(pool.prefix)
    const problem = (message: string, path: string): void => {
      problems.push({ code: 'FLEET_POOL_INVALID', message, path, document: nameOf(pool) })
    }
    if (prefix === null) problem('must be a prefix, like 10.0.0.0/12 or fd00::/48', '/prefix')
    else if (prefix.address.value !== prefix.network)
      problem('must be a prefix without bits below its length', '/prefix')
    else if (!isRoom(pool, prefix))
      problem(`must be from ${prefix.bits} to ${prefix.family === 4 ? 30 : 64}`, '/bits')
    else sound.set(pool.name, { prefix, bits: pool.bits, next: null })
  }
  const all = [...sound]
  return new Map(
    all.map(([name, pool]) => {
      const isAlone = all.every(
        ([, other]) => other === pool || !overlaps(other.prefix, pool.prefix),
      )
      return [name, { ...pool, next: isAlone ? freeNetworks(pool.prefix, pool.bits, taken) : null }]
    }),
  )
}

function nothingOf(
  name: string,
  { prefix, bits, next }: Pool,
): Pick<FleetProblem, 'code' | 'message'> {
  const pool = `pool ${name} (${formatPrefix(prefix)})`
  if (next === null) {
    return { code: 'FLEET_OVERLAP', message: `${pool} overlaps another: it gives nothing new` }
  }
  return { code: 'FLEET_POOL_FULL', message: `${pool} has no network of /${bits} left` }
}

function isRoom({ bits }: FleetPool, { family, bits: own }: Prefix): boolean {
  return bits >= own && bits <= (family === 4 ? 30 : 64)
}

/** What is written down by hand, and what was given before, whoever has it now. */
function takenBy({ site: sites }: Documents, allocations: Allocations): Prefix[] {
  const byHand = sites.flatMap(({ lans }) => lans.flatMap(({ address }) => address ?? []))
  const given = [...allocations].flatMap(([name, value]) =>
    name.startsWith('lan/') ? [value] : [],
  )
  return [...byHand, ...given].map(parseInterfaceAddress).filter((one) => one !== null)
}

interface Giving {
  readonly allocations: Allocations
  /** By name, what was given in this round: two that are called the same, though they should not be, have the same. */
  readonly fresh: Map<string, Prefix>
  readonly taken: Prefix[]
  readonly made: NewAllocation[]
}

function networkFor(
  name: string,
  { next }: Pool,
  { allocations, fresh, taken, made }: Giving,
): Prefix | null {
  const given = allocations.get(name)
  if (given !== undefined) return parseInterfaceAddress(given)
  const before = fresh.get(name)
  if (before !== undefined) return before
  const free = next?.() ?? null
  if (free === null) return null
  taken.push(free)
  fresh.set(name, free)
  made.push({ name, value: formatPrefix(free) })
  return free
}

function lanOf({ dhcp, address: _address, ...lan }: FleetLan, address: readonly string[]): Lan {
  const cidrs = [...address]
  if (dhcp === undefined || dhcp === false) return { ...lan, address: cidrs }
  if (dhcp !== true) return { ...lan, address: cidrs, dhcp }
  const range = cidrs.map(lentRange).find((one) => one !== null)
  return range === undefined ? { ...lan, address: cidrs } : { ...lan, address: cidrs, dhcp: range }
}
