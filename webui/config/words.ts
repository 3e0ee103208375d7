/** Differences between two configurations as a person would tell them: of what thing, which field, from what to what. Pure. */
import type { ConfigDifference } from '../../firmware/model/local-api-config.ts'

export interface Told {
  /** `Segment`, `Policy`; of what is there once, its own name. */
  readonly thing: string
  /** What it is called; '' of what is there once. */
  readonly name: string
  /** Fields on the way to the value, in words; '' where the thing itself came or went. */
  readonly field: string
  readonly kind: 'added' | 'removed' | 'changed' | 'order'
  /** '' where there was or is nothing. */
  readonly before: string
  readonly after: string
}

export interface Labels {
  /** By section: `segments` → `Segment`. */
  readonly things: Readonly<Record<string, string>>
  /** By name of a field, wherever it stands. */
  readonly fields: Readonly<Record<string, string>>
  readonly yes: string
  readonly no: string
}

/** A longer value is cut: the text beside tells it whole. */
const longest = 160

export function toldOf(difference: ConfigDifference, labels: Labels): Told {
  const { path, before, after } = difference
  const [section = '', ...rest] = path.split('/').slice(1).map(unescaped)
  const isList = Object.hasOwn(labels.things, section)
  const thing = labels.things[section] ?? labels.fields[section] ?? section
  const [name, fields] = isList ? [rest[0] ?? '', rest.slice(1)] : ['', rest]
  const field = fields.map((one) => labels.fields[one] ?? one).join(', ')
  const isOrder = isNames(before) && isNames(after) && isSameSet(before, after) && rest.length === 0
  const kind = isOrder
    ? 'order'
    : before === undefined
      ? 'added'
      : after === undefined
        ? 'removed'
        : 'changed'
  // What may be left out of what is true or false is false then.
  const isTruth = typeof before === 'boolean' || typeof after === 'boolean'
  const [was, is] = isTruth
    ? [before === true, after === true]
    : [withoutName(before, name), withoutName(after, name)]
  return { thing, name, field, kind, before: said(was, labels), after: said(is, labels) }
}

/** It is said already. */
function withoutName(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { name: own, ...fields } = value as Readonly<Record<string, unknown>>
  return own === name ? fields : value
}

function said(value: unknown, labels: Labels): string {
  const text = textOf(value, labels)
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}

function textOf(value: unknown, labels: Labels): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'boolean') return value ? labels.yes : labels.no
  if (Array.isArray(value)) return value.map((one) => textOf(one, labels)).join(', ')
  if (typeof value !== 'object') return String(value)
  const { name, ...fields } = value as Readonly<Record<string, unknown>>
  const parts = Object.entries(fields).map(([key, inner]) => {
    const isThing = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    const text = textOf(inner, labels)
    return `${labels.fields[key] ?? key} ${isThing ? `(${text.replaceAll('; ', ', ')})` : text}`
  })
  if (name === undefined) return parts.join('; ')
  return parts.length === 0 ? String(name) : `${String(name)} (${parts.join('; ')})`
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name))
}

function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
