/**
 * Changes a configuration's text as somebody edits it on a page: comments, order and spelling of all else stay, so that the
 * difference in the text is what was done. What a splice (splice.ts) makes is read again and believed only if it says exactly
 * what was meant; else the whole text is written anew, with its comments.
 */
import { type Document, isSeq, parseDocument } from 'yaml'
import { isEqual } from '../../firmware/model/config-diff.ts'
import { applied, type Edit, wordEdits } from './edit.ts'
import { valueAt } from './place.ts'
import type { Value } from './spell.ts'
import { spliced } from './splice.ts'

const options = { schema: 'core', prettyErrors: false, logLevel: 'error' } as const

export function readDocument(text: string): Document.Parsed {
  return parseDocument(text, options)
}

/** Undefined: it is no YAML that a configuration may be: aliases are how a small text becomes a large value. */
export function valueOfText(text: string): unknown {
  return valueIn(readDocument(text))
}

function valueIn(document: Document.Parsed): unknown {
  if (document.errors.length > 0) return undefined
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    return undefined
  }
}

/** @param text one that is YAML; else it comes back as it is */
export function edited(text: string, edit: Edit): string {
  const document = readDocument(text)
  const before = valueIn(document)
  if (before === undefined) return text
  const after = applied(before, edit)
  if (isEqual(before, after)) return text
  const parts = partsOf(document, before, edit)
  if (parts !== null) return editedAll(text, parts)
  for (const candidate of spliced(text, document, edit)) {
    if (isEqual(valueOfText(candidate), after)) return candidate
  }
  return rewritten(text, document, edit)
}

export function editedAll(text: string, edits: readonly Edit[]): string {
  return edits.reduce(edited, text)
}

/** Of a list with a word a line. */
function partsOf(document: Document.Parsed, before: unknown, edit: Edit): Edit[] | null {
  if (edit.kind !== 'set' || !Array.isArray(edit.value)) return null
  const node = document.getIn(edit.at, true)
  const words = valueAt(before, edit.at)
  if (!isSeq(node) || node.flow === true || !isWords(words) || !isWords(edit.value)) return null
  return wordEdits(edit.at, words, edit.value)
}

function isWords(value: unknown): value is readonly Value[] {
  return Array.isArray(value) && value.every((one) => typeof one !== 'object' || one === null)
}

/** The library's own way: comments stay, though spaces and line breaks may be others. */
function rewritten(text: string, document: Document.Parsed, edit: Edit): string {
  const place = [...edit.at]
  if (edit.kind === 'remove') document.deleteIn(place)
  else if (edit.kind === 'set') document.setIn(place, document.createNode(edit.value))
  else {
    const list = valueAt(applied(document.toJS(), edit), place)
    document.setIn(place, document.createNode(list))
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: !/[[{][^\s\]}]/.test(text) })
}
