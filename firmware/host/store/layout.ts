/**
 * How a store lies in its table: `d!KEY` → revision and value, `l!REVISION` → what that commit changed, for watches that were
 * away, `m!…`: the schema's version and the last revision.
 */
import { CausewayError } from '../../model/errors.ts'
import type { Change, Entry } from './store.ts'

/** Of this layout. A greater one is of a later release. */
export const schema = 1
export const schemaKey = 'm!schema'
export const revisionKey = 'm!revision'
export const dataPrefix = 'd!'
export const logPrefix = 'l!'
/** `Number.MAX_SAFE_INTEGER` has so many. */
const revisionDigits = 16

export function encodeEntry({ value, revision }: Pick<Entry, 'value' | 'revision'>): string {
  return `${revision} ${value}`
}

/** @throws STORE_CORRUPT */
export function decodeEntry(key: string, row: string): Entry {
  const space = row.indexOf(' ')
  const revision = Number(row.slice(0, space))
  if (space < 1 || !Number.isSafeInteger(revision) || revision < 1) throw neverWritten(key)
  return { key, value: row.slice(space + 1), revision }
}

export function logKey(revision: number): string {
  return logPrefix + String(revision).padStart(revisionDigits, '0')
}

export function revisionOfLog(key: string): number {
  return Number(key.slice(logPrefix.length))
}

export function encodeChanges(changes: readonly Change[]): string {
  return JSON.stringify(changes.map(({ key, value }) => [key, value]))
}

/** @throws STORE_CORRUPT */
export function decodeChanges(key: string, text: string): Change[] {
  try {
    return (JSON.parse(text) as [string, string | null][]).map(([of, value]) => ({
      key: of,
      value,
    }))
  } catch {
    throw neverWritten(key)
  }
}

function neverWritten(key: string): CausewayError {
  return new CausewayError('STORE_CORRUPT', 'the store holds what it never wrote', { path: key })
}
