/**
 * The one door through which a device configuration comes in: bytes → YAML → today's version → form → rules →
 * `DeviceConfig`.
 * Everything behind it trusts the type. YAML 1.2 core schema, without aliases, tags or repeated keys.
 */
import type { DeviceConfig } from '../../model/device-config.ts'
import { canonicalConfig } from '../../model/device-config-canonical.ts'
import { checkForm, isDeviceConfig, maxConfigErrors } from '../../model/device-config-check.ts'
import { type Migrations, migrate, migrations } from '../../model/device-config-migrate.ts'
import { partsOf } from '../../model/device-config-parts.ts'
import { checkRules, type Rules } from '../../model/device-config-rules.ts'
import type { ErrorBody } from '../../model/errors.ts'
import { located, readYaml } from './yaml.ts'

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
