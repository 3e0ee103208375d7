/** Where an entry of a configuration stands by now that a form was opened for a while ago: others may have changed it since. Pure. */
import { isEqual } from '../../firmware/model/config-diff.ts'
import { type Place, valueAt } from './place.ts'

export interface EntryPlace {
  readonly place: Place
  /** `changed`: it is still there, and not what it was. `gone`: the place is that of a new one, behind the others. */
  readonly fate: 'same' | 'changed' | 'gone'
}

/**
 * @param before the configuration as it was when the form was opened
 * @param index in the list at `at`; null: a new one; undefined: `at` has fields, and is no list
 */
export function entryPlace(
  before: unknown,
  now: unknown,
  at: Place,
  index: number | null | undefined,
): EntryPlace {
  if (index === undefined) {
    return { place: at, fate: isEqual(valueAt(before, at), valueAt(now, at)) ? 'same' : 'changed' }
  }
  const found = valueAt(now, at)
  const list: readonly unknown[] = Array.isArray(found) ? found : []
  const next = [...at, list.length]
  if (index === null) return { place: next, fate: 'same' }
  const was = valueAt(before, [...at, index])
  if (isEqual(list[index], was)) return { place: [...at, index], fate: 'same' }
  const moved = list.findIndex((one) => isEqual(one, was))
  if (moved >= 0) return { place: [...at, moved], fate: 'same' }
  const named = list.findIndex((one) => nameOf(one) === nameOf(was))
  return named >= 0 ? { place: [...at, named], fate: 'changed' } : { place: next, fate: 'gone' }
}

function nameOf(entry: unknown): unknown {
  return valueAt(entry, ['name'])
}
