/**
 * The one door through which a device configuration comes in: bytes → YAML → today's version → form → rules →
 * `DeviceConfig`.
 * Everything behind it trusts the type. YAML 1.2 core schema, without aliases, tags or repeated keys.
 */
import { LineCounter, parseDocument } from 'yaml'
import type { DeviceConfig } from '../../model/device-config.ts'
import { canonicalConfig } from '../../model/device-config-canonical.ts'
import { checkForm, isDeviceConfig, maxConfigErrors } from '../../model/device-config-check.ts'
import { type Migrations, migrate, migrations } from '../../model/device-config-migrate.ts'
import { partsOf } from '../../model/device-config-parts.ts'
import { checkRules, type Rules } from '../../model/device-config-rules.ts'
import type { ErrorBody } from '../../model/errors.ts'

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
 * Never throws. Reports every error of the document, at most 100, with JSON pointer and line: those of the document
 * as it was written, also where it is of an older version.
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
  if (read.errors.length > 0) return { config: null, errors: read.errors.slice(0, maxConfigErrors) }
  const migrated = migrate(read.value, table)
  if (migrated.error !== null) {
    return { config: null, errors: [withLine(migrated.error, read.lineOf)] }
  }
  const { document: value, migratedFrom, originOf } = migrated
  const broken = checkRules(partsOf(value), rules).map(({ rule, ...error }) => error)
  const errors: ErrorBody[] = [...checkForm(value), ...broken]
  if (errors.length === 0 && isDeviceConfig(value)) {
    return { config: canonicalConfig(value), errors: [], migratedFrom }
  }
  const located = errors.slice(0, maxConfigErrors).map(({ path = '', ...error }) => {
    return withLine({ ...error, path: originOf(path) }, read.lineOf)
  })
  return { config: null, errors: located }
}

interface Read {
  readonly value: unknown
  readonly errors: readonly ErrorBody[]
  /** Line of the node at a JSON pointer, or of the nearest one around it; null at the root. */
  readonly lineOf: (pointer: string) => number | null
}

function readYaml(text: string): Read {
  const lines = new LineCounter()
  const nowhere = { value: undefined, lineOf: () => null }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      prettyErrors: false,
      logLevel: 'error',
    })
    const problems = [...document.errors, ...document.warnings]
    if (problems.length > 0) {
      const errors = problems.slice(0, maxConfigErrors).map(({ message, pos }) => ({
        code: 'CONFIG_SYNTAX' as const,
        message: message.slice(0, 300),
        detail: `line ${lines.linePos(pos[0]).line}`,
      }))
      return { ...nowhere, errors }
    }
    // Aliases are how a small file becomes a large value; a device configuration needs none.
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    const lineOf = (pointer: string): number | null => {
      const tokens = pointer.split('/').slice(1).map(unescapeToken)
      for (let depth = tokens.length; depth > 0; depth--) {
        const node = document.getIn(tokens.slice(0, depth), true)
        const range = (node as { range?: readonly number[] | null } | undefined)?.range
        if (range?.[0] !== undefined) return lines.linePos(range[0]).line
      }
      return null
    }
    return { value, errors: [], lineOf }
  } catch (error) {
    // Nesting beyond the parser's stack, and aliases, end here.
    const message = error instanceof Error ? error.message : String(error)
    return { ...nowhere, errors: [{ code: 'CONFIG_SYNTAX', message: message.slice(0, 300) }] }
  }
}

function withLine(error: ErrorBody, lineOf: Read['lineOf']): ErrorBody {
  const line = error.path === undefined ? null : lineOf(error.path)
  return line === null ? error : { ...error, detail: `line ${line}` }
}

function unescapeToken(token: string): string | number {
  return /^\d+$/.test(token) ? Number(token) : token.replaceAll('~1', '/').replaceAll('~0', '~')
}
