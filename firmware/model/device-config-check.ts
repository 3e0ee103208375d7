/**
 * Tells what is wrong with the form of a device configuration: schema errors as coded errors with JSON
 * pointers (RFC 6901). Whether the parts fit together is the business of device-config-rules.ts.
 */
import { Compile } from 'typebox/schema'
import { Settings } from 'typebox/system'
import { DeviceConfig, plannedFields } from './device-config.ts'
import type { ErrorBody, ErrorCode } from './errors.ts'

/** More errors than this help nobody; the rest of the document is not looked at. */
export const maxConfigErrors = 100

Settings.Set({ maxErrors: 4 * maxConfigErrors })
const validator = Compile(DeviceConfig)

export function isDeviceConfig(value: unknown): value is DeviceConfig {
  return validator.Check(value)
}

/** Everything wrong with the form, at most `maxConfigErrors`; empty exactly if `isDeviceConfig`. */
export function checkForm(value: unknown): ErrorBody[] {
  if (validator.Check(value)) return []
  const [, found] = validator.Errors(value)
  const errors: ErrorBody[] = []
  const seen = new Set<string>()
  for (const { keyword, instancePath, params, message } of found) {
    for (const error of translate(value, keyword, instancePath, params, message)) {
      const at = error.path ?? ''
      // A union reports each of its branches; one complaint about a place is enough.
      if (seen.has(at)) continue
      seen.add(at)
      errors.push(error)
    }
  }
  return errors.slice(0, maxConfigErrors)
}

function translate(
  document: unknown,
  keyword: string,
  path: string,
  params: object,
  message: string,
): ErrorBody[] {
  // What stands behind `additionalProperties: false`; that keyword reports it as well.
  if (keyword === 'boolean') return []
  if (keyword === 'additionalProperties') {
    const names = stringsIn(params, 'additionalProperties')
    return names.map((name) => unknownField(path, name))
  }
  if (keyword === 'required') {
    const names = stringsIn(params, 'requiredProperties')
    return names.map((name) =>
      coded('CONFIG_MISSING_FIELD', `'${name}' is missing`, `${path}/${name}`),
    )
  }
  if (path === '/version' && keyword !== 'type') {
    return [coded('CONFIG_VERSION', 'this firmware reads version 1', path)]
  }
  if (/^\/uplinks\/\d+\/address$/.test(path) && valueAt(document, path) === 'dhcp') {
    return [coded('CONFIG_UNSUPPORTED', "'dhcp' is not in this release: give addresses", path)]
  }
  return [coded('CONFIG_INVALID', message, path)]
}

function unknownField(path: string, name: string): ErrorBody {
  const at = `${path}/${escapeToken(name)}`
  const isPlanned = plannedFields[path.replace(/\/\d+/g, '/*')]?.includes(name) === true
  return isPlanned
    ? coded('CONFIG_UNSUPPORTED', `'${name}' is not in this release`, at)
    : coded('CONFIG_UNKNOWN_FIELD', 'this field is not known here', at)
}

function coded(code: ErrorCode, message: string, path: string): ErrorBody {
  return { code, message, path }
}

/** A name as a token of a JSON pointer (RFC 6901 §3), cut so that no document bloats its own errors. */
export function escapeToken(name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')
}

function valueAt(document: unknown, path: string): unknown {
  let value = document
  for (const token of path.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[token]
  }
  return value
}

function stringsIn(params: object, key: string): string[] {
  const list = (params as Record<string, unknown>)[key]
  return Array.isArray(list) ? list.map(String) : []
}
