/**
 * Tells what is wrong with the form of a device configuration: coded errors with JSON pointers (RFC 6901) in words
 * that say what is expected. Whether the parts fit together is the business of device-config-rules.ts.
 */
import { Compile } from 'typebox/schema'
import { DeviceConfig, plannedFields } from './device-config.ts'
import {
  branchFor,
  type FormSchema,
  isContainer,
  isLeafSound,
  isOfType,
  kindOfValue,
  wordsOf,
} from './device-config-form.ts'
import type { ErrorBody, ErrorCode } from './errors.ts'
import { nearestOf } from './nearest.ts'

/** More errors than this help nobody; the rest of the document is not looked at. */
export const maxConfigErrors = 100

const validator = Compile(DeviceConfig)
/** The schema as what it is at run time. */
export const deviceConfigForm: FormSchema = DeviceConfig as unknown as FormSchema

export function isDeviceConfig(value: unknown): value is DeviceConfig {
  return validator.Check(value)
}

/** Everything wrong with the form, at most `maxConfigErrors`; empty exactly if `isDeviceConfig`. */
export function checkForm(value: unknown): ErrorBody[] {
  return checkFormOf(deviceConfigForm, value)
}

/** The same of another document, whose fields have their words in its schema. */
export function checkFormOf(form: FormSchema, value: unknown): ErrorBody[] {
  if (value === null || value === undefined) {
    return [coded('CONFIG_INVALID', `is empty; it needs ${wordsOf(form)}`, '')]
  }
  const errors: ErrorBody[] = []
  explain(form, value, '', errors)
  return errors.slice(0, maxConfigErrors)
}

/** A name as a token of a JSON pointer (RFC 6901 §3), cut so that no document bloats its own errors. */
export function escapeToken(name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')
}

function explain(whole: FormSchema, value: unknown, at: string, errors: ErrorBody[]): void {
  if (errors.length >= maxConfigErrors) return
  const schema = branchFor(whole, value)
  const code = schema.errorCode ?? 'CONFIG_INVALID'
  if (!isContainer(schema.type)) {
    if (!isLeafSound(schema, value)) errors.push(coded(code, misfit(whole, value), at))
  } else if (schema.type !== kindOfValue(value)) {
    errors.push(coded(code, misfit(whole, value), at))
  } else if (schema.type === 'array') {
    explainList(schema, value as readonly unknown[], at, errors)
  } else {
    explainFields(schema, value as Readonly<Record<string, unknown>>, at, errors)
  }
}

function explainList(
  schema: FormSchema,
  list: readonly unknown[],
  at: string,
  errors: ErrorBody[],
): void {
  const { items = {}, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
  if (list.length < minItems) errors.push(coded('CONFIG_INVALID', `must be ${wordsOf(schema)}`, at))
  if (list.length > maxItems) {
    errors.push(coded('CONFIG_TOO_MANY', `has ${list.length} entries of at most ${maxItems}`, at))
    return
  }
  for (const [index, item] of list.entries()) explain(items, item, `${at}/${index}`, errors)
}

function explainFields(
  schema: FormSchema,
  fields: Readonly<Record<string, unknown>>,
  at: string,
  errors: ErrorBody[],
): void {
  const { properties, patternProperties = {}, required = [] } = schema
  const names = Object.keys(fields)
  const most = schema.maxProperties ?? Number.POSITIVE_INFINITY
  if (names.length > most) {
    errors.push(coded('CONFIG_TOO_MANY', `has ${names.length} entries of at most ${most}`, at))
    return
  }
  const known = Object.keys(properties ?? {})
  const strange = properties === undefined ? [] : names.filter((one) => !known.includes(one))
  // Only as many as can be told: names are compared letter by letter.
  const unknown = strange.slice(0, maxConfigErrors).map((name) => unknownName(name, known))
  // What is there under a slip of its name is not missing as well.
  const meant = new Set(unknown.map(({ glued, nearest }) => glued ?? nearest))
  for (const name of required.filter((one) => !Object.hasOwn(fields, one) && !meant.has(one))) {
    errors.push(coded('CONFIG_MISSING_FIELD', `'${name}' is missing`, `${at}/${name}`))
  }
  if (properties === undefined) {
    const [inner = {}] = Object.values(patternProperties)
    for (const name of names) explain(inner, fields[name], `${at}/${escapeToken(name)}`, errors)
    return
  }
  for (const one of unknown) errors.push(unknownField(at, one, known))
  for (const [name, inner] of Object.entries(properties)) {
    if (Object.hasOwn(fields, name)) explain(inner, fields[name], `${at}/${name}`, errors)
  }
}

function misfit(schema: FormSchema, value: unknown): string {
  const kind = kindOfValue(value)
  const must = `must be ${wordsOf(schema)}`
  const truth = truthOf(value)
  if (schema.truths !== undefined && truth !== undefined) {
    return `${must}; did you mean ${schema.truths[Number(truth)]}?`
  }
  const isKnown = [schema, ...(schema.anyOf ?? [])].some((one) => isOfType(one, kind))
  if (!isKnown) return `${must}; this is ${kindWords[kind] ?? kind}${meantBy(schema, value)}`
  if (typeof value !== 'string') return must
  const meant = schema.leads?.map((lead) => lead + value).find((one) => isLeafSound(schema, one))
  return meant === undefined ? must : `${must}; did you mean ${meant}?`
}

/** What YAML 1.2 does not take for true, false or a list of one. */
function meantBy(schema: FormSchema, value: unknown): string {
  if (schema.type === 'boolean') {
    const truth = truthOf(value)
    return truth === undefined ? '' : `; write ${truth}`
  }
  if (schema.type !== 'array' || (typeof value !== 'string' && typeof value !== 'number')) return ''
  if (isContainer(schema.items?.type) || !isLeafSound(schema.items ?? {}, value)) return ''
  return `; write [${/^[\w./-]+$/.test(String(value)) ? value : JSON.stringify(value)}]`
}

function truthOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  return typeof value === 'string' ? yaml11Truths.get(value.toLowerCase()) : undefined
}

/** YAML 1.1's, which many know. */
const yaml11Truths: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['y', true],
  ['no', false],
  ['off', false],
  ['n', false],
])

const kindWords: Readonly<Record<string, string>> = {
  null: 'empty',
  object: 'a set of fields',
  array: 'a list',
  string: 'text',
  integer: 'a number',
  number: 'a number',
  boolean: 'true or false',
}

interface UnknownName {
  readonly name: string
  /** The field that it begins with where YAML took `port:51820` for one word; null if none. */
  readonly glued: string | null
  /** The field whose name is similar; null if none. */
  readonly nearest: string | null
}

function unknownName(name: string, known: readonly string[]): UnknownName {
  const glued = known.find((one) => name.startsWith(`${one}:`)) ?? null
  return { name, glued, nearest: nearestOf(name, known) }
}

function unknownField(
  path: string,
  { name, glued, nearest }: UnknownName,
  known: readonly string[],
): ErrorBody {
  const at = `${path}/${escapeToken(name)}`
  if (plannedFields[path.replace(/\/\d+/g, '/*')]?.includes(name) === true) {
    return coded('CONFIG_UNSUPPORTED', `'${escapeToken(name)}' is not in this release`, at)
  }
  if (glued !== null) {
    return coded('CONFIG_UNKNOWN_FIELD', `a space is missing after '${glued}:'`, at)
  }
  const hint = nearest === null ? `known are ${known.join(', ')}` : `did you mean '${nearest}'?`
  return coded('CONFIG_UNKNOWN_FIELD', `is not known here; ${hint}`, at)
}

function coded(code: ErrorCode, message: string, path: string): ErrorBody {
  return { code, message, path }
}
