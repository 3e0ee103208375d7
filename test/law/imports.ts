/**
 * Finds what each module imports, and the graph of imports between the project's own modules. Static and
 * dynamic imports, re-exports and type imports all count: a type is knowledge, too.
 */
import { posix } from 'node:path'
import { type Token, tokenize } from './lexer.ts'
import type { SourceTree, Violation } from './source-tree.ts'

export interface Import {
  /** As written. */
  readonly specifier: string
  /** Path of the project's own module, or null for a package or built-in. */
  readonly target: string | null
}

export function isModule(path: string): boolean {
  return path.endsWith('.ts') || path.endsWith('.tsx')
}

/** Imports of one file, in order. Dynamic imports of anything but a literal go to `violations`. */
export function importsOf(path: string, source: string, violations: Violation[]): Import[] {
  const tokens = tokenize(source)
  const found: Import[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || isMember(tokens, index)) continue
    if (token.text === 'import' && isPunctuation(tokens[index + 1], '(')) {
      const argument = tokens[index + 2]
      if (argument?.kind === 'string') found.push(toImport(path, argument.text))
      else violations.push({ path, problem: 'imports something that is not written as a literal' })
    } else if (token.text === 'import' || token.text === 'export') {
      const specifier = clauseSpecifier(tokens, index + 1)
      if (specifier !== null) found.push(toImport(path, specifier))
    }
  }
  return found
}

/** The whole graph: module → modules of the project that it imports. */
export function importGraph(tree: SourceTree): Map<string, string[]> {
  const graph = new Map<string, string[]>()
  for (const [path, source] of tree) {
    if (!isModule(path)) continue
    const targets = importsOf(path, source, []).flatMap(({ target }) => target ?? [])
    graph.set(path, targets)
  }
  return graph
}

/** Every module that can be reached from `starts`, these included. */
export function reachable(
  graph: ReadonlyMap<string, string[]>,
  starts: readonly string[],
): Set<string> {
  const seen = new Set<string>(starts)
  for (const path of seen) for (const next of graph.get(path) ?? []) seen.add(next)
  return seen
}

/** One violation per circle, told by the path that closes it. */
export function findCircles(graph: ReadonlyMap<string, string[]>): Violation[] {
  const violations: Violation[] = []
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const visit = (path: string): void => {
    state.set(path, 'open')
    trail.push(path)
    for (const next of graph.get(path) ?? []) {
      if (state.get(next) === 'open') {
        const circle = [...trail.slice(trail.indexOf(next)), next]
        violations.push({ path, problem: `closes an import circle: ${circle.join(' → ')}` })
      } else if (!state.has(next)) visit(next)
    }
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of graph.keys()) if (!state.has(path)) visit(path)
  return violations
}

function toImport(from: string, specifier: string): Import {
  const isOwn = specifier.startsWith('.') || specifier.startsWith('/')
  const target = isOwn ? posix.normalize(posix.join(posix.dirname(from), specifier)) : null
  return { specifier, target }
}

/** The string of `… from 'x'` or `import 'x'`; null when the export declares something instead. */
function clauseSpecifier(tokens: readonly Token[], start: number): string | null {
  if (tokens[start]?.kind === 'string') return tokens[start].text
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at]!
    if (token.kind === 'word' && token.text === 'from' && tokens[at + 1]?.kind === 'string') {
      return tokens[at + 1]!.text
    }
    if (token.kind === 'punctuation' && !'{},*'.includes(token.text)) return null
    if (token.kind === 'string') return null
  }
  return null
}

function isMember(tokens: readonly Token[], index: number): boolean {
  return isPunctuation(tokens[index - 1], '.') && !isPunctuation(tokens[index - 2], '.')
}

function isPunctuation(token: Token | undefined, text: string): boolean {
  return token?.kind === 'punctuation' && token.text === text
}
