/** A configuration's text under another revision: comments and order stay. */
import { isMap, parseDocument } from 'yaml'

/** Of a text that is no set of fields nothing is changed. */
export function withRevision(text: string, revision: number): string {
  const document = parseDocument(text, { schema: 'core', prettyErrors: false, logLevel: 'error' })
  if (document.errors.length > 0 || !isMap(document.contents)) return text
  document.set('revision', revision)
  return document.toString({ lineWidth: 0 })
}
