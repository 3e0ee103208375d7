/**
 * A slip in YAML (1.2), in words that name the mend, at the place where it is. One only: what a parser says after the
 * first is mostly its echo.
 */
import { type Document, visit, type YAMLError } from 'yaml'

/** A message, and the offset in the text that it is about. */
export interface Slip {
  readonly message: string
  readonly offset: number
}

/** @param error the first that the parser told about `text`; `document` is what it made of it all the same */
export function slipOf(text: string, { code, message, pos }: YAMLError, document: Document): Slip {
  const [offset] = pos
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const line = lineAt(text, start)
  const tab = /^ *\t/.exec(line)
  if (tab !== null) {
    return { message: 'a tab in the indentation: use spaces', offset: start + tab[0].length - 1 }
  }
  switch (code) {
    case 'MISSING_CHAR':
      return message.startsWith('Missing closing ')
        ? { message: 'the closing quote is missing', offset: quotedBefore(document, offset) }
        : misplaced(text, start, { message, offset })
    case 'BAD_INDENT':
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return misplaced(text, start, { message, offset })
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here: a file has one', offset }
    default:
      return { message: message.slice(0, 300), offset }
  }
}

/** Where the last quoted text before an offset begins: an open one may go on over many lines. */
function quotedBefore(document: Document, before: number): number {
  let offset = before
  visit(document, {
    Scalar(_, { type, range }) {
      const isQuoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
      if (isQuoted && range && range[0] < before) offset = range[0]
    },
  })
  return offset
}

/** Where lines do not go together: what is missing in this one, or how this one or the next begins. */
function misplaced(text: string, start: number, { message, offset }: Slip): Slip {
  const line = lineAt(text, start)
  const glued = /^ *(?:- +)*(-(?=[^\s-])|[\w-]+:(?=\S))/.exec(line)
  if (glued !== null) {
    const after = start + glued[0].length
    return { message: `a space is missing after '${glued[1]}'`, offset: after }
  }
  const closing = /end with a ([\]}])$/.exec(message)
  if (closing !== null) return { message: `a '${closing[1]}' is missing before this`, offset }
  if (/same column|without - indicator/.test(message)) return indentation(text, start)
  if (!line.includes(':')) {
    const begin = start + indentOf(line)
    return { message: 'a colon is missing: a field is written `name: value`', offset: begin }
  }
  const next = start + line.length + 1
  if (indentOf(lineAt(text, next)) > indentOf(line)) return indentation(text, next)
  if (!/: /.test(line.slice(offset - start))) return { message: message.slice(0, 300), offset }
  return { message: "a value with ': ' in it must be quoted", offset }
}

function indentation(text: string, start: number): Slip {
  const indent = indentOf(lineAt(text, start))
  const message = `indentation: what belongs together begins in one column, and nothing above that this can belong to begins in column ${indent + 1}`
  return { message, offset: start + indent }
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? text.length : end)
}

function indentOf(line: string): number {
  return line.search(/\S|$/)
}
