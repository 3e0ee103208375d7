/**
 * The laws of form: every source file opens with a header comment, stays short, has a kebab-case name, and C
 * exports only names that start with `cw_`. Standard: ARCHITECTURE.md and the file's own readability.
 */
import type { SourceTree, Violation } from './source-tree.ts'

const maxLines: Readonly<Record<string, number>> = {
  ...{ ts: 300, tsx: 300, css: 300, sh: 300 },
  ...{ c: 400, h: 400 },
}
const minHeaderChars = 20
/** Names that other programs prescribe. */
const foreignExports = /^(main|napi_\w+|LLVMFuzzer\w+|fdatasync)$/

export function checkForm(tree: SourceTree): Violation[] {
  const violations: Violation[] = []
  for (const [path, source] of tree) {
    const ending = path.slice(path.lastIndexOf('.') + 1)
    const limit = maxLines[ending]
    const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0)
    if (limit !== undefined && lines > limit) {
      violations.push({ path, problem: `has ${lines} lines; the limit is ${limit}` })
    }
    const header = headerOf(source, ending)
    if (header.length < minHeaderChars && !pointsToHeader(tree, path, header)) {
      violations.push({ path, problem: 'does not open with a header comment that says its job' })
    }
    const name = path.slice(path.lastIndexOf('/') + 1)
    const isNative = ending === 'c' || ending === 'h'
    if (!(isNative ? /^[a-z0-9_.-]+$/ : /^[a-z0-9.-]+$/).test(name)) {
      violations.push({ path, problem: 'has a name that is not kebab-case' })
    }
    if (isNative) violations.push(...checkExports(path, source), ...checkIncludes(path, source))
  }
  return violations
}

/** Text of the comment that a file opens with, after a `#!` line; '' without one. */
function headerOf(source: string, ending: string): string {
  const text = source.replace(/^#!.*\n/, '').trimStart()
  if (ending === 'sh' || ending === 'build') return /^#([^\n]*)/.exec(text)?.[1]?.trim() ?? ''
  return (
    /^\/\*([\s\S]*?)\*\//
      .exec(text)?.[1]
      ?.replace(/^\*|\n\s*\*/g, ' ')
      .replace(/SPDX-License-Identifier: \S+/, '')
      .trim() ?? ''
  )
}

/** `See peer.h.` will do in C, where peer.h stands beside and says it. */
function pointsToHeader(tree: SourceTree, path: string, header: string): boolean {
  const name = /^See ([\w-]+\.h)\.$/.exec(header)?.[1]
  return name !== undefined && tree.has(path.slice(0, path.lastIndexOf('/') + 1) + name)
}

/** Functions at file level that other files can link to, by name. */
export function exportedFunctions(source: string): string[] {
  const code = source
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')
    .replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, '0')
    .replace(/^[ \t]*#(?:[^\n]*\\\n)*[^\n]*/gm, '')
    .replace(/extern\s+0\s*\{/g, '')
  const names: string[] = []
  let depth = 0
  let statement = ''
  for (const char of code) {
    if (depth === 0 && (char === '{' || char === ';')) {
      const name = exportedName(statement)
      if (name !== null) names.push(name)
      statement = ''
    } else if (depth === 0) statement += char
    if (char === '{') depth++
    if (char === '}') {
      depth = Math.max(0, depth - 1)
      statement = ''
    }
  }
  return names
}

function exportedName(statement: string): string | null {
  const bare = statement.replace(/__attribute__\s*\(\(.*?\)\)|__rte_\w+(\([^()]*\))?/gs, ' ').trim()
  if (/^(static|typedef|_Static_assert|static_assert|struct\s+\w+\s*$)\b/.test(bare)) return null
  const head = bare.split('(')[0]!
  if (head.includes('=') || !bare.includes('(')) return null
  // A declaration of a function has a type before its name; a bare macro call has none.
  return /^(?:[\w\s*]+[\s*])(\w+)\s*$/.exec(head)?.[1] ?? null
}

function checkExports(path: string, source: string): Violation[] {
  return exportedFunctions(source)
    .filter((name) => !name.startsWith('cw_') && !foreignExports.test(name))
    .map((name) => ({ path, problem: `exports '${name}'; exported C functions start with 'cw_'` }))
}

function checkIncludes(path: string, source: string): Violation[] {
  if (
    path.startsWith('native/addon/') ||
    !/#\s*include\s*[<"](node_api|js_native_api)/.test(source)
  ) {
    return []
  }
  return [{ path, problem: 'includes Node headers; only native/addon does' }]
}
