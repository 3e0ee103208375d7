/**
 * The one door through which a device configuration comes in: bytes → YAML → today's version → form → rules →
 * `DeviceConfig`.
 * Everything behind it trusts the type. YAML 1.2 core schema, without aliases, tags or repeated keys.
 */
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { DeviceConfig } from '../../model/device-config.ts'
import { canonicalConfig } from '../../model/device-config-canonical.ts'
import {
  checkForm,
  escapeToken,
  isDeviceConfig,
  maxConfigErrors,
} from '../../model/device-config-check.ts'
import { type Migrations, migrate, migrations } from '../../model/device-config-migrate.ts'
import { partsOf } from '../../model/device-config-parts.ts'
import { checkRules, type Rules } from '../../model/device-config-rules.ts'
import type { ErrorBody } from '../../model/errors.ts'
import { slipOf } from './syntax.ts'

export const maxConfigBytes = 1024 * 1024

export type ParsedConfig =
  | {
      readonly config: DeviceConfig
      readonly errors: readonly []
      /** The older version that the document was written in; null if it is of today's. */
      readonly migratedFrom: number | null
    }
  | { readonly config: null; readonly errors: readonly ErrorBody[] }

/**
 * Never throws. Reports every error of the document, at most 100, with JSON pointer, line and column: those of the
 * document as it was written, also where it is of an older version. Of what is no YAML it reports the first.
 */
export function parseDeviceConfig(
  text: string,
  rules: Rules = {},
  table: Migrations = migrations,
): ParsedConfig {
  if (Buffer.byteLength(text) > maxConfigBytes) {
    const message = `a configuration has at most ${maxConfigBytes} bytes`
    return { config: null, errors: [{ code: 'CONFIG_TOO_LARGE', message }] }
  }
  const read = readYaml(text)
  if (read.error !== null) return { config: null, errors: [read.error] }
  const migrated = migrate(read.value, table)
  if (migrated.error !== null) {
    return { config: null, errors: [located(migrated.error, read.placeOf)] }
  }
  const { document: value, migratedFrom, originOf } = migrated
  const broken = checkRules(partsOf(value), rules).map(({ rule, ...error }) => error)
  const errors: ErrorBody[] = [...checkForm(value), ...broken]
  if (errors.length === 0 && isDeviceConfig(value)) {
    return { config: canonicalConfig(value), errors: [], migratedFrom }
  }
  const told = errors.slice(0, maxConfigErrors).map(({ path = '', ...error }) => {
    return located({ ...error, path: originOf(path) }, read.placeOf)
  })
  return { config: null, errors: told }
}

interface Place {
  readonly line: number
  readonly column: number
}

interface Read {
  readonly value: unknown
  readonly error: ErrorBody | null
  /** Of the value at a JSON pointer or of its name, or of the nearest around it; null at the root. */
  readonly placeOf: (pointer: string, isOfName: boolean) => Place | null
}

function readYaml(text: string): Read {
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const refused = (message: string, place: Place | null): Read => ({
    value: undefined,
    error: { code: 'CONFIG_SYNTAX', message, ...place },
    placeOf: () => null,
  })
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      // It compares each with each: repeatedKey() looks for them.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    })
    const [problem] = [...document.errors, ...document.warnings]
    if (problem !== undefined) {
      const { message, offset } = slipOf(text, problem, document)
      return refused(message, placeAt(offset))
    }
    const repeated = repeatedKey(document)
    if (repeated !== null) {
      const { name, offset } = repeated
      const message = `'${name}' stands twice in one set of fields: keep one`
      return refused(message, placeAt(offset))
    }
    // Aliases are how a small file becomes a large value; a device configuration needs none.
    const alias = aliasOf(document)
    if (alias !== null) {
      // `*.example.com` is meant for a name.
      const isName = alias.source.startsWith('.')
      const message = isName
        ? `must be quoted: '*${alias.source}'`
        : 'aliases are not taken: write it out'
      return refused(message, placeAt(alias.offset))
    }
    const placeOf: Read['placeOf'] = (pointer, isOfName) => {
      const offset = offsetOf(document, pointer.split('/').slice(1), isOfName)
      return offset === null ? null : placeAt(offset)
    }
    return { value: document.toJS({ maxAliasCount: 0 }), error: null, placeOf }
  } catch (error) {
    // Nesting beyond the parser's stack ends here.
    return refused((error instanceof Error ? error.message : String(error)).slice(0, 300), null)
  }
}

/** The second of two names that are the same to JSON. */
function repeatedKey(document: Document): { name: string; offset: number } | null {
  let found: { name: string; offset: number } | null = null
  visit(document, {
    Map(_, { items }) {
      const names = new Set<string>()
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : ''
        if (isScalar(key) && names.size === names.add(name).size) {
          found = { name: name.slice(0, 64), offset: offsetOfNode(key) ?? 0 }
          return visit.BREAK
        }
      }
      return undefined
    },
  })
  return found
}

function aliasOf(document: Document): { source: string; offset: number } | null {
  let found: { source: string; offset: number } | null = null
  visit(document, {
    Alias(_, { range, source }) {
      found = { source: source.slice(0, 64), offset: range?.[0] ?? 0 }
      return visit.BREAK
    },
  })
  return found
}

/** A plain value's own offset unless the name's is asked for, else that of the name or the entry that has it. */
function offsetOf(document: Document, tokens: readonly string[], isOfName: boolean): number | null {
  let node: unknown = document.contents
  let offset: number | null = null
  for (const token of tokens) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && isToken(key.value, token))
      if (pair === undefined) return offset
      node = pair.value
      offset = offsetOfNode(isScalar(node) && !isOfName ? node : pair.key) ?? offset
    } else if (isSeq(node)) {
      node = node.items[Number(token)]
      offset = offsetOfNode(node) ?? offset
    }
  }
  return offset
}

function offsetOfNode(node: unknown): number | null {
  return (node as { range?: readonly number[] | null } | undefined)?.range?.[0] ?? null
}

function isToken(key: unknown, token: string): boolean {
  return escapeToken(String(key)) === token
}

function located(error: ErrorBody, placeOf: Read['placeOf']): ErrorBody {
  const { code, path } = error
  if (path === undefined) return error
  const isOfName = code === 'CONFIG_UNKNOWN_FIELD' || code === 'CONFIG_UNSUPPORTED'
  return { ...error, ...placeOf(path, isOfName) }
}
