/**
 * What differs between two configurations, as people read it: by field, and in lists of things with names by name, so that one
 * site more is one line and not a thousand. Pure.
 */

export interface Difference {
  /** `/peers/lisbon/endpoints`: like a JSON pointer, with names for indices where there are names. */
  readonly path: string
  /** Undefined: it was not there. */
  readonly before: unknown
  /** Undefined: it is not there any more. */
  readonly after: unknown
}

/** In the order of `after`, then what is gone. */
export function diffConfigs(before: unknown, after: unknown): Difference[] {
  const found: Difference[] = []
  compare(before, after, '', found)
  return found
}

type Fields = Readonly<Record<string, unknown>>

function compare(before: unknown, after: unknown, path: string, found: Difference[]): void {
  if (before === after) return
  const one = fieldsOf(before)
  const other = fieldsOf(after)
  if (one === null || other === null || Array.isArray(before) !== Array.isArray(after)) {
    if (!isEqual(before, after)) found.push({ path, before, after })
    return
  }
  const names = new Set([...Object.keys(other), ...Object.keys(one)])
  for (const name of names) {
    compare(
      one[name],
      other[name],
      `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      found,
    )
  }
  // The order of things with names says which comes first, in policies and rules.
  const order = (fields: Fields, others: Fields): string =>
    Object.keys(fields)
      .filter((name) => Object.hasOwn(others, name))
      .join(' ')
  if (Array.isArray(before) && Array.isArray(after) && order(one, other) !== order(other, one)) {
    found.push({ path, before: Object.keys(one), after: Object.keys(other) })
  }
}

/** Of an object, and of a list of things that have different names; null of anything else. */
function fieldsOf(value: unknown): Fields | null {
  if (typeof value !== 'object' || value === null) return null
  if (!Array.isArray(value)) return value as Fields
  const named = new Map<string, unknown>()
  for (const item of value as readonly unknown[]) {
    const { name } = (item ?? {}) as { name?: unknown }
    if (typeof name !== 'string' || named.has(name)) return null
    named.set(name, item)
  }
  return named.size === 0 ? {} : Object.fromEntries(named)
}

/** Of values without names: lists in their order, fields in any. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [a, b] = [one as Fields, other as Fields]
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  )
}
