/** Backups of a store as files: written whole or not at all, for their owner's eyes; and restored, off line, where there is no store. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { CausewayError } from '../../model/errors.ts'
import { makePrivateFolder } from '../system/file.ts'
import { checkedLines, markWhole, restoreTable } from './backup.ts'
import { openLevelTable } from './level-table.ts'
import { openRestored } from './ordered-store.ts'
import type { Store } from './store.ts'

/**
 * @param chunks of text, in any pieces
 * @returns how many entries it holds
 * @throws STORE_CORRUPT what came is not whole: there is no file then; STORE_WRITE_FAILED
 */
export async function writeBackup(path: string, chunks: AsyncIterable<string>): Promise<number> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const file = await open(beside, 'wx', 0o600).catch((error: unknown) => {
    throw writeFailed(path, error)
  })
  let entries = -2
  try {
    for await (const line of checkedLines(linesOf(chunks))) {
      await file.write(`${line}\n`)
      entries++
    }
    await file.sync()
    await file.close()
    await rename(beside, path)
    const folder = await open(dirname(path), 'r')
    await folder.sync().finally(() => folder.close())
  } catch (error) {
    await file.close().catch(() => {})
    await rm(beside, { force: true })
    throw error instanceof CausewayError ? error : writeFailed(path, error)
  }
  return entries
}

/**
 * @param settle what is to be done to the store before anybody can open it
 * @returns how many entries
 * @throws STORE_NOT_EMPTY there is a store already; STORE_CORRUPT, STORE_SCHEMA: nothing is there then
 */
export async function restoreBackup(
  path: string,
  storeFolder: string,
  settle: (store: Store) => Promise<void>,
): Promise<number> {
  const there = await readdir(storeFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw writeFailed(storeFolder, error)
  })
  if (there.length > 0) {
    throw new CausewayError('STORE_NOT_EMPTY', `there is a store in ${storeFolder} already`)
  }
  await makePrivateFolder(storeFolder)
  const table = await openLevelTable(storeFolder)
  try {
    // It reads from now on: whoever listens later has missed lines.
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity })
    const entries = await restoreTable(table, lines)
    const store = await openRestored(table)
    await settle(store)
    await markWhole(table)
    await store[Symbol.asyncDispose]()
    return entries
  } catch (error) {
    await table.close()
    // It was empty before: half a store helps nobody.
    await rm(storeFolder, { recursive: true, force: true })
    if (error instanceof CausewayError) throw error
    const { message: detail } = error as Error
    throw new CausewayError('CONFIG_UNREADABLE', `cannot read ${path}`, { detail, cause: error })
  }
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let unread = ''
  for await (const chunk of chunks) {
    const lines = (unread + chunk).split('\n')
    unread = lines.pop()!
    yield* lines
  }
  if (unread !== '') yield unread
}

function writeFailed(path: string, error: unknown): CausewayError {
  const detail = error instanceof Error ? error.message : String(error)
  return new CausewayError('STORE_WRITE_FAILED', `cannot write ${path}`, { detail, cause: error })
}
