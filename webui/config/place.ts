/** Where something stands in a configuration: names of fields and numbers of entries, and the same as a JSON pointer (RFC 6901). */

export type Place = readonly (string | number)[]

export function pointerOf(place: Place): string {
  return place
    .map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
}

/** What stands there; undefined: nothing does. */
export function valueAt(value: unknown, place: Place): unknown {
  let found = value
  for (const token of place) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, token))
      return undefined
    found = (found as Record<string | number, unknown>)[token]
  }
  return found
}

/** The same value with one change, which shares what did not change. */
export function changedAt(
  value: unknown,
  place: Place,
  change: (before: unknown) => unknown,
): unknown {
  const [token, ...rest] = place
  if (token === undefined) return change(value)
  if (Array.isArray(value)) {
    const list = [...(value as unknown[])]
    list[Number(token)] = changedAt(list[Number(token)], rest, change)
    return list
  }
  const fields = typeof value === 'object' && value !== null ? value : {}
  const inner = changedAt((fields as Record<string, unknown>)[token], rest, change)
  if (inner !== undefined) return { ...fields, [token]: inner }
  const { [token]: _, ...others } = fields as Record<string, unknown>
  return others
}
