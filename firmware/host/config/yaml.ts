/**
 * YAML as configurations and documents of fleets are written in it: 1.2, core schema, without aliases, tags or repeated keys; of
 * what is none the first slip is told. Knows nothing of what is written.
 */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  visit,
} from 'yaml'
import { escapeToken } from '../../model/device-config-check.ts'
import type { ErrorBody } from '../../model/errors.ts'
import { slipOf } from './syntax.ts'

export interface Place {
  readonly line: number
  readonly column: number
}

export interface Read {
  readonly value: unknown
  readonly error: ErrorBody | null
  /** Of the value at a JSON pointer or of its name, or of the nearest around it; null at the root. */
  readonly placeOf: (pointer: string, isOfName: boolean) => Place | null
}

/** Of one document. Never throws. */
export function readYaml(text: string): Read {
  const lines = new LineCounter()
  try {
    return readOne(text, parseDocument(text, { ...options, lineCounter: lines }), lines)
  } catch (error) {
    return unreadable(error)
  }
}

/** Of a text with several documents, without empty ones. Never throws. */
export function readYamls(text: string): readonly Read[] {
  const lines = new LineCounter()
  try {
    const documents = parseAllDocuments(text, { ...options, lineCounter: lines })
    if (!Array.isArray(documents)) return []
    return documents
      .filter(({ contents, errors }) => errors.length > 0 || !isEmpty(contents))
      .map((document) => readOne(text, document as Document, lines))
  } catch (error) {
    return [unreadable(error)]
  }
}

/** Behind a `---` stands nothing, or only comments. */
function isEmpty(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null)
}

const options = {
  schema: 'core',
  // It compares each with each: repeatedKey() looks for them.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'error',
} as const

function readOne(text: string, document: Document, lines: LineCounter): Read {
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const refused = (message: string, place: Place | null): Read => ({
    value: undefined,
    error: { code: 'CONFIG_SYNTAX', message, ...place },
    placeOf: () => null,
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
}

/** Nesting beyond the parser's stack ends here. */
function unreadable(error: unknown): Read {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 300)
  return { value: undefined, error: { code: 'CONFIG_SYNTAX', message }, placeOf: () => null }
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

/** The same with the place of what it is about, where it is known. */
export function located(error: ErrorBody, placeOf: Read['placeOf']): ErrorBody {
  const { code, path } = error
  if (path === undefined) return error
  const isOfName = code === 'CONFIG_UNKNOWN_FIELD' || code === 'CONFIG_UNSUPPORTED'
  return { ...error, ...placeOf(path, isOfName) }
}
