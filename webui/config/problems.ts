/**
 * What is wrong with a configuration while somebody types it: the checks of the box itself (model/), by field and by line. What
 * only the box knows, like its own key, it says when it is asked.
 */
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { checkForm, escapeToken } from '../../firmware/model/device-config-check.ts'
import { migrate } from '../../firmware/model/device-config-migrate.ts'
import { partsOf } from '../../firmware/model/device-config-parts.ts'
import { checkRules } from '../../firmware/model/device-config-rules.ts'

export interface Problem {
  readonly code: string
  /** JSON pointer; '' is the document. */
  readonly path: string
  /** Completes the name of what is there: `must be …`. */
  readonly message: string
  /** From 1; null where that is not known. */
  readonly line: number | null
}

const most = 100

/** At most a hundred, as the box tells them; of what is no YAML the first. */
export function problemsOf(text: string): readonly Problem[] {
  const lines = new LineCounter()
  try {
    const settings = { schema: 'core', prettyErrors: false, logLevel: 'error' } as const
    const document = parseDocument(text, { ...settings, lineCounter: lines })
    const [slip] = [...document.errors, ...document.warnings]
    if (slip !== undefined) return [syntax(slip.message, lines.linePos(slip.pos[0]).line)]
    return problemsOfValue(document.toJS({ maxAliasCount: 0 })).map((problem) => {
      const offset = offsetOf(document, problem.path)
      return { ...problem, line: offset === null ? null : lines.linePos(offset).line }
    })
  } catch (error) {
    // Aliases, and nesting beyond the parser's stack.
    return [syntax(error instanceof Error ? error.message : String(error), null)]
  }
}

function syntax(message: string, line: number | null): Problem {
  return { code: 'CONFIG_SYNTAX', path: '', message: message.slice(0, 300), line }
}

export function problemsOfValue(value: unknown): readonly Problem[] {
  const migrated = migrate(value)
  if (migrated.error !== null) return [{ ...plain(migrated.error), line: null }]
  const { document, originOf } = migrated
  return [...checkForm(document), ...checkRules(partsOf(document))]
    .slice(0, most)
    .map((error) => ({ ...plain(error), path: originOf(error.path ?? ''), line: null }))
}

/** Those of what stands at a pointer and below it. */
export function problemsAt(problems: readonly Problem[], pointer: string): readonly Problem[] {
  return problems.filter(({ path }) => path === pointer || path.startsWith(`${pointer}/`))
}

function plain({ code, message, path = '' }: { code: string; message: string; path?: string }) {
  return { code, message, path }
}

/** Of the value, or of the nearest thing around it that there is. */
function offsetOf(document: Document, pointer: string): number | null {
  let node: unknown = document.contents
  let offset: number | null = null
  for (const token of pointer.split('/').slice(1)) {
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && escapeToken(String(key.value)) === token,
      )
      if (pair === undefined) return offset
      node = pair.value
      offset = (pair.key as Node).range?.[0] ?? offset
    } else if (isSeq(node)) {
      node = node.items[Number(token)]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    }
  }
  return offset
}
