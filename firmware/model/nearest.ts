/** Finds the name that somebody meant who wrote another one. Pure. */

/** Longer ones are compared by their beginning, so that no document makes this slow. */
const comparedChars = 32

/**
 * The name of `known` that is nearest: the same but for case and hyphens, at most two slips away (a letter too many, one
 * too few, another one, two swapped), or one that begins so. Null where none is near.
 */
export function nearestOf(name: string, known: readonly string[]): string | null {
  const meant = plain(name)
  const rated = known.map((one) => ({ one, slips: slipsBetween(meant, plain(one)) }))
  const best = rated.toSorted((a, b) => a.slips - b.slips)[0]
  if (best !== undefined && best.slips <= 2 && best.slips * 2 < meant.length) return best.one
  return known.find((one) => meant.length > 2 && plain(one).startsWith(meant)) ?? null
}

function plain(name: string): string {
  return name.slice(0, comparedChars).toLowerCase().replace(/[-_ ]/g, '')
}

/** Damerau and Levenshtein's distance, each place edited once at most. */
function slipsBetween(one: string, other: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1]
      const isSwap = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const swapped = isSwap ? before![j - 2]! + 1 : Number.POSITIVE_INFINITY
      const replaced = last![j - 1]! + (isSame ? 0 : 1)
      row.push(Math.min(last![j]! + 1, row[j - 1]! + 1, replaced, swapped))
    }
    ;[before, last] = [last, row]
  }
  return last!.at(-1)!
}
