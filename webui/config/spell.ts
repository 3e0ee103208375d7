/** Writes values as YAML (1.2, core schema) the way people do: lists of plain words on one line, things with fields in lines. */

export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value }

/** So much still stands on one line. */
const longest = 72

/** On one line; right wherever a value may stand. */
export function spellFlow(value: Value): string {
  if (isList(value)) return `[${value.map(spellFlow).join(', ')}]`
  if (typeof value !== 'object' || value === null) return spellWord(value)
  const fields = Object.entries(value).map(
    ([name, inner]) => `${spellWord(name)}: ${spellFlow(inner)}`,
  )
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

/** The lines that stand for a value below its name, without indentation; one line where one is enough. */
export function spellBlock(value: Value): string[] {
  const flow = spellFlow(value)
  if (typeof value !== 'object' || value === null) return [flow]
  if (isList(value)) {
    if (value.length === 0 || (value.every(isWord) && flow.length <= longest)) return [flow]
    return value.flatMap(spellEntry)
  }
  const fields = Object.entries(value)
  return fields.length === 0 ? [flow] : fields.flatMap(([name, inner]) => spellField(name, inner))
}

/** `name: value` */
export function spellField(name: string, value: Value): string[] {
  const key = spellWord(name)
  const flow = spellFlow(value)
  const isShort = flow.length <= longest && !holdsThings(value)
  const lines = isShort ? [flow] : spellBlock(value)
  if (lines.length === 1) return [`${key}: ${lines[0]}`]
  return [`${key}:`, ...lines.map((line) => `  ${line}`)]
}

/** An entry of a list: `- …` */
export function spellEntry(value: Value): string[] {
  return spellBlock(value).map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`))
}

/** A list of things with fields, or fields with such. */
function holdsThings(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some(
    (inner) => typeof inner === 'object' && inner !== null && !isWordList(inner),
  )
}

function isWordList(value: Value): boolean {
  return isList(value) && value.every(isWord)
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

function isWord(value: Value): boolean {
  return typeof value !== 'object' || value === null
}

/** Plain where that can be read as nothing else (YAML 1.2 §7.3.3, §10.3.2), also between brackets. */
function spellWord(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value)
  const isPlain = /^[A-Za-z0-9_/](?:[A-Za-z0-9_./+=@-]|:(?=[A-Za-z0-9_./:]))*$/.test(value)
  return isPlain && !isOtherKind(value) ? value : JSON.stringify(value)
}

/** What would be a number, a truth, nothing, or (YAML 1.1) a time. */
function isOtherKind(text: string): boolean {
  if (/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)) return true
  if (/^[0-9.+-]/.test(text) && /^[+-]?(0x[0-9a-f]+|0o[0-7]+|[0-9_.]+(e[+-]?[0-9]+)?)$/i.test(text))
    return true
  return /^[0-9]+(:[0-9]+)+$/.test(text)
}
