/**
 * The project's own source as data: path → text. Laws are pure functions from such a tree to violations, so
 * the tests can hand them the real tree or a small planted one that must break them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths relative to the project's root, with `/`. */
export type SourceTree = ReadonlyMap<string, string>

/** A broken law: where, and what is wrong, as one sentence. */
export interface Violation {
  readonly path: string
  readonly problem: string
}

export const projectRoot: string = join(import.meta.dirname, '../..')

const folders = ['firmware', 'native', 'build', 'test', 'webui'] as const
const skipped = /(^|\/)(node_modules|\.cache|out|out-[^/]*|fixtures)$/
const kept = /\.(ts|tsx|css|c|h|sh|build)$/

/** Reads every source file below the project's source folders; folders that do not exist are empty. */
export function readSourceTree(root: string = projectRoot): SourceTree {
  const tree = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory() && !skipped.test(path)) visit(path)
      if (entry.isFile() && kept.test(path)) tree.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  const present = new Set(readdirSync(root))
  for (const folder of folders) if (present.has(folder)) visit(folder)
  return tree
}

/** For messages: one line per violation. */
export function describe(violations: readonly Violation[]): string {
  return violations.map(({ path, problem }) => `${path}: ${problem}`).join('\n')
}
