/** One change of a configuration as a page makes it, and what it makes of the configuration's value. Of the text see text.ts. */
import { isEqual } from '../../firmware/model/config-diff.ts'
import { changedAt, type Place, valueAt } from './place.ts'
import type { Value } from './spell.ts'

export type Edit =
  /** Adds it or takes its place. */
  | { readonly kind: 'set'; readonly at: Place; readonly value: Value }
  /** Nothing happens where there is none. */
  | { readonly kind: 'remove'; readonly at: Place }
  /** Into the list there, which is made where there is none. */
  | { readonly kind: 'insert'; readonly at: Place; readonly index: number; readonly value: Value }
  | { readonly kind: 'move'; readonly at: Place; readonly from: number; readonly to: number }

export function applied(value: unknown, edit: Edit): unknown {
  switch (edit.kind) {
    case 'set':
      return changedAt(value, edit.at, () => edit.value)
    case 'remove':
      return valueAt(value, edit.at) === undefined ? value : removed(value, edit.at)
    case 'insert':
      return changedAt(value, edit.at, (list) =>
        (Array.isArray(list) ? (list as unknown[]) : []).toSpliced(edit.index, 0, edit.value),
      )
    case 'move':
      return changedAt(value, edit.at, (list) => moved(list, edit.from, edit.to))
  }
}

function removed(value: unknown, at: Place): unknown {
  const last = at.at(-1)
  return changedAt(value, at.slice(0, -1), (holder) => {
    if (Array.isArray(holder)) return (holder as unknown[]).filter((_, index) => index !== last)
    const { [String(last)]: _, ...others } = holder as Record<string, unknown>
    return others
  })
}

function moved(list: unknown, from: number, to: number): unknown {
  if (!Array.isArray(list) || from >= list.length) return list
  return (list as unknown[]).toSpliced(from, 1).toSpliced(to, 0, list[from])
}

/** What makes one value of another, field by field; lists of anything are set as a whole. Undefined: it is not there. */
export function editsBetween(at: Place, before: unknown, after: unknown): Edit[] {
  if (isEqual(before, after)) return []
  if (after === undefined) return [{ kind: 'remove', at }]
  if (!isFields(before) || !isFields(after)) return [{ kind: 'set', at, value: after as Value }]
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name) => editsBetween([...at, name], before[name], after[name]))
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * What makes one list of words of another, entry by entry, so that what is said beside those that stay is kept; null where
 * their order is another.
 */
export function wordEdits(
  at: Place,
  before: readonly Value[],
  after: readonly Value[],
): Edit[] | null {
  const kept = before.filter((word) => after.includes(word))
  const order = after.filter((word) => kept.includes(word))
  const isSame = kept.length === order.length && kept.every((word, index) => word === order[index])
  if (!isSame || new Set(after).size !== after.length || kept.length === 0) return null
  const gone = before
    .map((word, index) => ({ word, index }))
    .filter(({ word }) => !after.includes(word))
  return [
    ...gone.toReversed().map(({ index }): Edit => ({ kind: 'remove', at: [...at, index] })),
    ...after.flatMap((value, index): Edit[] =>
      kept.includes(value) ? [] : [{ kind: 'insert', at, index, value }],
    ),
  ]
}
