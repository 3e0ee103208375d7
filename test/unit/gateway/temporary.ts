/** Folders that end with their test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export async function rootOf(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'cwbox-'))
  t.after(() => rm(root, { recursive: true }))
  return root
}
