/**
 * The form of a device configuration as constraints that can be walked: what each part must be, in words. Reads the
 * JSON schema that device-config.ts is, as far as it is used there. CONFIG.md and its test walk it as well.
 */
import type { ErrorCode } from './errors.ts'

/** The parts of JSON schema that the configuration uses, and the annotations of device-config-fields.ts. */
export interface FormSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly const?: string | number
  readonly anyOf?: readonly FormSchema[]
  readonly properties?: Readonly<Record<string, FormSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly patternProperties?: Readonly<Record<string, FormSchema>>
  readonly maxProperties?: number
  readonly items?: FormSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  /** Completes "must be …". */
  readonly title?: string
  readonly examples?: readonly string[]
  /** What a text begins with; whoever left it out is told which one fits. */
  readonly leads?: readonly string[]
  /** What who writes false or true means, where it is no truth that is asked for. */
  readonly truths?: readonly [string, string]
  readonly description?: string
  /** What holds where the field is left out. */
  readonly unset?: string
  readonly errorCode?: ErrorCode
}

/** `a prefix, like 10.2.0.0/16 or fd00:2::/48`. */
export function wordsOf(schema: FormSchema): string {
  const { title, examples, type, minItems = 0, maxItems } = schema
  if (title !== undefined) {
    return examples === undefined ? title : `${title}, like ${examples.join(' or ')}`
  }
  if (schema.const !== undefined) return String(schema.const)
  if (type === 'integer') return `a whole number from ${schema.minimum} to ${schema.maximum}`
  if (type === 'number') return `a number from ${schema.minimum} to ${schema.maximum}`
  if (type === 'boolean') return 'true or false'
  if (type !== 'array') return recordOrFields(schema)
  return `a list of ${minItems > 0 ? `${minItems} to ` : 'at most '}${maxItems} entries`
}

/** What is wrong with a value that is neither list nor fields; null if nothing. */
export function isLeafSound(schema: FormSchema, value: unknown): boolean {
  if (schema.anyOf !== undefined) return schema.anyOf.some((one) => isLeafSound(one, value))
  if (schema.const !== undefined) return value === schema.const
  if (!isOfType(schema, kindOfValue(value))) return false
  if (typeof value === 'number') {
    return value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value)
  }
  if (typeof value !== 'string') return true
  if (value.length > (schema.maxLength ?? value.length)) return false
  return schema.pattern === undefined || new RegExp(schema.pattern).test(value)
}

/** The branch of a union that a list or fields can only be meant for; the schema itself if it is none. */
export function branchFor(schema: FormSchema, value: unknown): FormSchema {
  const kind = kindOfValue(value)
  return schema.anyOf?.find(({ type }) => type === kind && isContainer(kind)) ?? schema
}

/** Whole numbers are numbers. */
export function isOfType({ type }: FormSchema, kind: string): boolean {
  return type === kind || (type === 'number' && kind === 'integer')
}

export function isContainer(type: string | undefined): type is 'object' | 'array' {
  return type === 'object' || type === 'array'
}

/** JSON schema's word for what a value is. */
export function kindOfValue(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

/** A constraint of the form, where it applies: `*` stands for any index, `~` for any key. */
export interface Constraint {
  readonly at: string
  readonly keyword: keyof FormSchema
  readonly schema: FormSchema
}

const keywords = [
  'type',
  'const',
  'required',
  'additionalProperties',
  'maxProperties',
  'minItems',
  'maxItems',
  'pattern',
  'maxLength',
  'minimum',
  'maximum',
] as const

/** Every constraint of a schema; those of a union's plain branches are one, `anyOf`. */
export function constraintsOf(schema: FormSchema, at = ''): Constraint[] {
  const branches = schema.anyOf ?? []
  return [
    ...(branches.length > 0 ? [{ at, keyword: 'anyOf', schema } as const] : []),
    ...keywords
      .filter((keyword) => schema[keyword] !== undefined)
      .map((keyword) => ({ at, keyword, schema })),
    ...branches.filter(({ type }) => isContainer(type)).flatMap((one) => constraintsOf(one, at)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
      constraintsOf(inner, `${at}/${name}`),
    ),
    ...Object.values(schema.patternProperties ?? {}).flatMap((inner) =>
      constraintsOf(inner, `${at}/~`),
    ),
    ...(schema.items === undefined ? [] : constraintsOf(schema.items, `${at}/*`)),
  ]
}

function recordOrFields({ properties, required = [] }: FormSchema): string {
  if (properties === undefined) return 'fields with names of segments'
  const names = required.length > 0 ? required : Object.keys(properties)
  return `fields: ${names.join(', ')}`
}
