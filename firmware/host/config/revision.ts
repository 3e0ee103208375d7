/** Gives a configuration's text another revision; all else of it stays as it is, letter by letter. */
import { isMap, isScalar, parseDocument } from 'yaml'

/** The text itself where it has no revision that could be another: the checks speak about that. */
export function withRevision(text: string, revision: number): string {
  const document = parseDocument(text, { schema: 'core', prettyErrors: false, logLevel: 'error' })
  const node = isMap(document.contents) ? document.contents.get('revision', true) : null
  if (document.errors.length > 0 || !isScalar(node) || node.range == null) return text
  const [start, end] = node.range
  return `${text.slice(0, start)}${revision}${text.slice(end)}`
}
