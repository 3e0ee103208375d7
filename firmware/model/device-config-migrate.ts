/**
 * Brings a document of an older version of device.yaml into the form of today, before it is checked. Each version has the
 * changes that lead to the next one, as data, so that a pointer into the new document can be led back to the one
 * that somebody wrote. Pure; never throws, and leaves alone what is not as it should be: the checks speak about that.
 */
import { configVersion } from './device-config.ts'
import type { ErrorBody } from './errors.ts'

/** One change to what stands at a place, where `*` is every entry of a list and every name of a set. */
export type Change =
  /** Gives the last token of the place another name. Where both names are there, nothing is done. */
  | { readonly kind: 'rename'; readonly at: string; readonly to: string }
  | { readonly kind: 'remove'; readonly at: string }
  /** Adds a field where there is none. */
  | { readonly kind: 'add'; readonly at: string; readonly value: unknown }
  /** Writes a value in another way; gives back what it does not understand. */
  | { readonly kind: 'convert'; readonly at: string; readonly with: (value: unknown) => unknown }

/** Version → the changes that make the next one of it. */
export type Migrations = ReadonlyMap<number, readonly Change[]>

/** Version 1 is the first. */
export const migrations: Migrations = new Map()

export type Migrated =
  | {
      readonly document: unknown
      /** The version it was written in; null if that is today's, or none that can be read. */
      readonly migratedFrom: number | null
      /** Where what stands at a pointer (RFC 6901) of the document stood in the one that was written. */
      readonly originOf: (pointer: string) => string
      readonly error: null
    }
  | { readonly error: ErrorBody }

export function migrate(document: unknown, table: Migrations = migrations): Migrated {
  const version = isFields(document) ? document.version : undefined
  if (!isFields(document) || !Number.isInteger(version) || version === configVersion) {
    return { document, migratedFrom: null, originOf: (pointer) => pointer, error: null }
  }
  const migratedFrom = version as number
  const changes: Change[] = []
  for (let at = migratedFrom; at !== configVersion; at++) {
    const step = table.get(at)
    if (step === undefined) return { error: unreadable(table) }
    changes.push(...step)
  }
  const migrated: Fields = { ...structuredClone(document), version: configVersion }
  for (const change of changes) apply(change, migrated, tokensOf(change.at))
  const originOf = (pointer: string): string =>
    changes.toReversed().reduce((place, change) => before(change, place), pointer)
  return { document: migrated, migratedFrom, originOf, error: null }
}

type Fields = Record<string, unknown>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unreadable(table: Migrations): ErrorBody {
  const oldest = Math.min(configVersion, ...table.keys())
  const versions = oldest === configVersion ? `version` : `versions ${oldest} to`
  const message = `this firmware reads ${versions} ${configVersion}`
  return { code: 'CONFIG_VERSION', message, path: '/version' }
}

function apply(change: Change, value: unknown, tokens: readonly string[]): void {
  const [token, ...rest] = tokens
  if (token === undefined || typeof value !== 'object' || value === null) return
  const fields = value as Fields
  const names = token === '*' ? Object.keys(fields) : [token]
  for (const name of names) {
    if (rest.length > 0) apply(change, Object.hasOwn(fields, name) ? fields[name] : null, rest)
    else applyHere(change, fields, name)
  }
}

function applyHere(change: Change, fields: Fields, name: string): void {
  const isThere = Object.hasOwn(fields, name)
  if (change.kind === 'add' && !isThere) fields[name] = structuredClone(change.value)
  if (!isThere) return
  if (change.kind === 'convert') fields[name] = change.with(fields[name])
  if (change.kind === 'remove') delete fields[name]
  if (change.kind === 'rename' && !Object.hasOwn(fields, change.to)) {
    fields[change.to] = fields[name]
    delete fields[name]
  }
}

/** Where what stands at a pointer after a change stood before it. */
function before(change: Change, pointer: string): string {
  if (change.kind !== 'rename') return pointer
  const place = tokensOf(change.at)
  const tokens = tokensOf(pointer)
  const last = place.length - 1
  const isMoved =
    tokens.length > last &&
    tokens[last] === change.to &&
    place.slice(0, last).every((token, at) => token === '*' || token === tokens[at])
  return isMoved
    ? tokens
        .with(last, place[last]!)
        .map((token) => `/${token}`)
        .join('')
    : pointer
}

function tokensOf(pointer: string): string[] {
  return pointer.split('/').slice(1)
}
