/**
 * Puts secrets back where a text comes from somebody who saw it without them (redact.ts), and whose hidden marks are
 * unchanged. A secret goes to the field that it was in and to no other: fields are told apart by the names of things, so
 * that an entry that moved keeps its own. All else of the text stays as it is, letter by letter.
 */
import { isMap, isScalar, isSeq, type Node, type ParsedNode, parseDocument } from 'yaml'
import { escapeToken } from '../../model/device-config-check.ts'
import { CausewayError } from '../../model/errors.ts'
import { hiddenSecret, hideSecrets, secretFields } from '../../model/secret-field.ts'

/**
 * @param source where the secrets are: the text that was shown
 * @throws CONFIG_SECRET_HIDDEN, with the pointer to a mark that stands for no secret there
 */
export function restoreSecrets(text: string, source: string): string {
  if (!text.includes(hiddenSecret)) return text
  const marks = secretsOf(text).filter(
    ({ value }) => isScalar(value) && value.value === hiddenSecret,
  )
  if (marks.length === 0) return text
  const known = new Map<string, string | null>()
  for (const { field, value } of secretsOf(source)) {
    // Two that cannot be told apart are nobody's.
    if (field !== null) known.set(field, known.has(field) ? null : spelt(source, value))
  }
  let restored = text
  // From the end, so that places before stay what they are.
  for (const { field, pointer, value } of marks.toReversed()) {
    const secret = field === null ? null : known.get(field)
    if (secret == null || value?.range == null) throw lost(pointer)
    const [start, end] = value.range
    restored = restored.slice(0, start) + secret + restored.slice(end)
  }
  return restored
}

/** On the way to a secret: no configuration is nearly as deep. */
const mostNames = 16

interface Secret {
  /** Names of things on the way to it; null where they do not tell it from others. */
  readonly field: string | null
  readonly pointer: string
  readonly value: ParsedNode | null
}

/** In the order of the text; none of what is no YAML. */
function secretsOf(text: string): Secret[] {
  const document = parseDocument(text, { schema: 'core', prettyErrors: false, logLevel: 'error' })
  const found: Secret[] = []
  if (document.errors.length === 0) collect(document.contents, [], '', found)
  return found
}

function collect(
  node: Node | null,
  names: readonly string[] | null,
  pointer: string,
  found: Secret[],
): void {
  if (isMap(node)) {
    for (const { key, value } of node.items as readonly { key: unknown; value: ParsedNode }[]) {
      const name = isScalar(key) ? String(key.value) : ''
      const at = `${pointer}/${escapeToken(name)}`
      const inner = names === null ? null : [...names, `.${name}`]
      if (!secretFields.has(name)) collect(value, inner, at, found)
      else found.push({ field: inner === null ? null : JSON.stringify(inner), pointer: at, value })
    }
  }
  if (!isSeq(node)) return
  const items = node.items as readonly Node[]
  // To name an entry all of it is read, so those in those of others have a limit.
  const isNamed = names !== null && names.length < mostNames
  const called = items.map((item) => (isNamed ? nameOf(item) : ''))
  const counts = new Map<string, number>()
  for (const name of called) counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const [index, item] of items.entries()) {
    const name = called[index]!
    const isOne = isNamed && counts.get(name) === 1
    collect(item, isOne ? [...names, name] : null, `${pointer}/${index}`, found)
  }
}

/** Of an entry of a list: its name, else all that is no secret of it. */
function nameOf(item: Node): string {
  const name = isMap(item) ? item.get('name') : undefined
  if (typeof name === 'string') return `=${name}`
  return `#${JSON.stringify(hideSecrets(item.toJSON()))}`
}

/** As it stands there where that is one word on one line; else as JSON, which is YAML everywhere. */
function spelt(source: string, value: ParsedNode | null): string {
  if (isScalar(value) && value.range != null) {
    const word = source.slice(value.range[0], value.range[1])
    if (/^([A-Za-z0-9+/=_.-]+|"[^"\\\n]*"|'[^'\n]*')$/.test(word)) return word
  }
  return JSON.stringify(value?.toJSON() ?? null)
}

function lost(path: string): CausewayError {
  const message = 'stands for a secret that is not known by this place: write it anew'
  return new CausewayError('CONFIG_SECRET_HIDDEN', message, { path })
}
