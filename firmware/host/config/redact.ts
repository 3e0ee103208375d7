/**
 * A configuration's text without its secrets, for whoever may look but not know: comments and order stay. Text
 * that is not YAML is no configuration that ran here, and is not shown at all. restore.ts puts them back.
 */
import { isMap, isScalar, parseDocument, visit } from 'yaml'
import { hiddenSecret, secretFields } from '../../model/secret-field.ts'

export function redact(text: string): string {
  const document = parseDocument(text, { schema: 'core', prettyErrors: false, logLevel: 'error' })
  if (document.errors.length > 0) return ''
  let isChanged = false
  visit(document, {
    Pair(_key, pair) {
      if (!isScalar(pair.key) || !secretFields.has(String(pair.key.value))) return
      isChanged = true
      pair.value = document.createNode(hiddenSecret)
      return visit.SKIP
    },
  })
  if (!isChanged) return text
  return isMap(document.contents) ? document.toString() : ''
}
