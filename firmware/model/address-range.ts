/** What addresses and prefixes cover together, said in one way however they were written. Pure. */
import {
  type Family,
  formatAddress,
  parseAddress,
  parseInterfaceAddress,
  widthOf,
} from './address.ts'

interface Range {
  readonly family: Family
  readonly first: bigint
  readonly last: bigint
}

/**
 * The fewest ranges `first-last` that cover the same as the texts, in order: IPv4, IPv6, then whatever is no address.
 * @param texts addresses, prefixes, ranges; others (names of links) stay as they are
 */
export function coverageOf(texts: readonly string[]): string[] {
  const ranges: Range[] = []
  const others: string[] = []
  for (const text of texts) {
    const range = parseRange(text)
    if (range === null) others.push(text)
    else ranges.push(range)
  }
  const merged: Range[] = []
  for (const range of ranges.toSorted(compareRanges)) {
    const before = merged.at(-1)
    if (before?.family !== range.family || range.first > before.last + 1n) merged.push(range)
    else if (range.last > before.last) merged[merged.length - 1] = { ...before, last: range.last }
  }
  return [...merged.map(formatRange), ...others.toSorted()]
}

function parseRange(text: string): Range | null {
  const [left = '', right = left] = text.split('-')
  const [first, last] = [parseAddress(left), parseAddress(right)]
  if (first !== null && last !== null && first.family === last.family) {
    return { family: first.family, first: first.value, last: last.value }
  }
  const prefix = parseInterfaceAddress(text)
  if (prefix === null) return null
  const { family, network, bits } = prefix
  return { family, first: network, last: network + (1n << BigInt(widthOf(family) - bits)) - 1n }
}

function formatRange({ family, first, last }: Range): string {
  return [first, last].map((value) => formatAddress({ family, value })).join('-')
}

function compareRanges(one: Range, other: Range): number {
  if (one.family !== other.family) return one.family - other.family
  return one.first < other.first ? -1 : one.first > other.first ? 1 : 0
}
