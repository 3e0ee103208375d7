/**
 * Address pools: which network a LAN gets, which number a segment gets, and where two sites claim the same addresses. What was
 * given once stays: it is an allocation, written down by the caller. Pure; networks of RFC 4632 and RFC 4291.
 */
import {
  comparePrefixes,
  formatAddress,
  overlaps,
  type Prefix,
  parseInterfaceAddress,
  widthOf,
} from '../model/address.ts'

/** The lowest network of `bits` in the pool that overlaps none of those taken; null when it is used up. */
export function lowestFree(pool: Prefix, bits: number, taken: readonly Prefix[]): Prefix | null {
  return freeNetworks(pool, bits, taken)()
}

/** One after the other, the lowest first: what was given before is taken too. Null: it is used up. */
export function freeNetworks(
  pool: Prefix,
  bits: number,
  taken: readonly Prefix[],
): () => Prefix | null {
  const width = widthOf(pool.family)
  if (bits < pool.bits || bits > width) return () => null
  const size = 1n << BigInt(width - bits)
  const end = pool.network + (1n << BigInt(width - pool.bits))
  const sorted = taken.filter((one) => overlaps(one, pool)).sort(comparePrefixes)
  let network = pool.network
  let at = 0
  return () => {
    for (; at < sorted.length; at++) {
      const other = sorted[at]!
      const behind = other.network + (1n << BigInt(width - other.bits))
      if (behind <= network) continue
      if (network + size <= other.network) break
      // The next start of a network of this size.
      network = ((behind + size - 1n) / size) * size
    }
    if (network + size > end) return null
    const free = { family: pool.family, network, bits }
    network += size
    return free
  }
}

/** Something that has a network, by the words that tell people which. */
export interface Holder {
  readonly holder: string
  readonly prefix: Prefix
}

export interface Overlap<Held extends Holder = Holder> {
  readonly one: Held
  readonly other: Held
}

/** Every holder with the nearest earlier one that it overlaps: one pair a holder is enough to be told. */
export function overlapsAmong<Held extends Holder>(holders: readonly Held[]): Overlap<Held>[] {
  const sorted = holders.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix))
  const found: Overlap<Held>[] = []
  /** Those that reach furthest so far lie around each other: of prefixes, one holds the other or they are apart. */
  const around: Held[] = []
  for (const holder of sorted) {
    while (around.length > 0 && !overlaps(around.at(-1)!.prefix, holder.prefix)) around.pop()
    const outer = around.at(-1)
    if (outer !== undefined) found.push({ one: outer, other: holder })
    around.push(holder)
  }
  return found
}

/** A network of the same size that nobody has, from the first pool with room; null: none has. */
export function freeLike(
  prefix: Prefix,
  pools: readonly Prefix[],
  taken: readonly Prefix[],
): Prefix | null {
  for (const pool of pools) {
    const free = pool.family === prefix.family ? lowestFree(pool, prefix.bits, taken) : null
    if (free !== null) return free
  }
  return null
}

/** What is left of the prefixes without the holes, in as few prefixes as that takes. */
export function without(prefixes: readonly Prefix[], holes: readonly Prefix[]): Prefix[] {
  const outer: Prefix[] = []
  for (const one of prefixes.toSorted(comparePrefixes)) {
    const last = outer.at(-1)
    if (last === undefined || !overlaps(last, one)) outer.push(one)
  }
  return outer.flatMap((one) => split(one, holes))
}

function split(prefix: Prefix, holes: readonly Prefix[]): Prefix[] {
  const inside = holes.filter((hole) => overlaps(hole, prefix))
  if (inside.length === 0) return [prefix]
  if (inside.some((hole) => hole.bits <= prefix.bits)) return []
  const { family, network } = prefix
  const bits = prefix.bits + 1
  const upper = network + (1n << BigInt(widthOf(family) - bits))
  return [network, upper].flatMap((start) => split({ family, network: start, bits }, inside))
}

/** The lowest number from `least` to `most` that is not taken; null when there is none. */
export function lowestNumber(
  taken: ReadonlySet<number>,
  least: number,
  most: number,
): number | null {
  for (let number = least; number <= most; number++) if (!taken.has(number)) return number
  return null
}

/** What a box has in a network that a pool gave: the first address, with the length. */
export function firstHost(prefix: Prefix): string {
  const { family, network, bits } = prefix
  const host = bits >= widthOf(family) - 1 ? network : network + 1n
  return `${formatAddress({ family, value: host })}/${bits}`
}

/** The upper seven eighths of an IPv4 network, without its last address, which is everybody's. */
export function lentRange(cidr: string): { readonly from: string; readonly to: string } | null {
  const own = parseInterfaceAddress(cidr)
  if (own === null || own.family !== 4 || own.bits > 29) return null
  const size = 1n << BigInt(32 - own.bits)
  const at = (value: bigint): string => formatAddress({ family: 4, value })
  const skipped = size / 8n > 2n ? size / 8n : 2n
  return { from: at(own.network + skipped), to: at(own.network + size - 2n) }
}
