/**
 * Files that survive a power cut whole: written beside, synced, renamed, folder synced. A reader sees the old
 * content or the new one, never a mixture. POSIX.1-2017, rename() and fsync().
 */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CausewayError } from '../../model/errors.ts'

/** Replaces a file. @throws STORE_WRITE_FAILED; then the old one is still there */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  await writeBeside(path, content, mode, (beside) => rename(beside, path))
}

/** Makes a file unless there is one; of several makers at once exactly one wins. @returns whether it did */
export async function makeFile(path: string, content: string, mode = 0o600): Promise<boolean> {
  let isMade = true
  await writeBeside(path, content, mode, async (beside) => {
    try {
      // Unlike rename(), link() never replaces.
      await link(beside, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      isMade = false
    }
    await rm(beside)
  })
  return isMade
}

/** Null when there is none. @throws the system's error for anything else */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Nothing happens when there is none. @throws the system's error */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** Makes a folder and those above it; the last one is for its owner only. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  await mkdir(path, { recursive: true, mode: 0o700 })
}

async function writeBeside(
  path: string,
  content: string,
  mode: number,
  settle: (beside: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path)
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await makePrivateFolder(folder)
    const file = await open(beside, 'wx', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await settle(beside)
    await syncFolder(folder)
  } catch (error) {
    await rm(beside, { force: true })
    const detail = error instanceof Error ? error.message : String(error)
    throw new CausewayError('STORE_WRITE_FAILED', `cannot write ${path}`, { detail, cause: error })
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
