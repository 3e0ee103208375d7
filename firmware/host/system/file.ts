/**
 * Files that survive a power cut whole: written beside, synced, renamed, folder synced. A reader sees the old
 * content or the new one, never a mixture. POSIX.1-2017, rename() and fsync().
 */
import { randomBytes } from 'node:crypto'
import { access, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import { type Disk, systemDisk } from './disk.ts'

/** What a file is called until it is whole; one that is found later was given up. */
export const besideEnding = '.tmp'

/** Replaces a file. @throws STORE_WRITE_FAILED; then the old one is still there, or the new one, but not for sure */
export async function replaceFile(
  path: string,
  content: string,
  mode = 0o600,
  disk: Disk = systemDisk,
): Promise<void> {
  await writeBeside(path, content, mode, disk, (beside) => disk.rename(beside, path))
}

/** Makes a file unless there is one; of several makers at once exactly one wins. @returns whether it did */
export async function makeFile(
  path: string,
  content: string,
  mode = 0o600,
  disk: Disk = systemDisk,
): Promise<boolean> {
  let isMade = true
  await writeBeside(path, content, mode, disk, async (beside) => {
    try {
      await disk.link(beside, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      isMade = false
    }
    await disk.remove(beside)
  })
  return isMade
}

/**
 * A file for who makes it alone, in the place of one that others may read. What is no file (a pipe, a device, a link) is written to
 * as it is. @throws STORE_WRITE_FAILED
 */
export async function saveFile(path: string, bytes: Uint8Array): Promise<void> {
  const beside = besideOf(path)
  try {
    const there = await lstat(path).catch(() => null)
    if (there !== null && !there.isFile()) await writeFile(path, bytes)
    else {
      await writeFile(beside, bytes, { mode: 0o600, flag: 'wx' })
      await rename(beside, path)
    }
  } catch (error) {
    await rm(beside, { force: true })
    const detail = error instanceof Error ? error.message : String(error)
    throw new CausewayError('STORE_WRITE_FAILED', `cannot write ${path}`, { detail, cause: error })
  }
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

/** Whether there is one that this process may know of. */
export function hasFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Nothing happens when there is none. @throws the system's error */
export async function removeFile(path: string, disk: Disk = systemDisk): Promise<void> {
  await disk.remove(path)
}

/** Makes a folder and those above it, durably; the last one is for its owner only. @throws the system's error */
export async function makePrivateFolder(path: string, disk: Disk = systemDisk): Promise<void> {
  await makeFolder(path, 0o700, disk)
}

async function makeFolder(path: string, mode: number, disk: Disk): Promise<void> {
  const above = dirname(path)
  const isMade = await disk.makeFolder(path, mode).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    await makeFolder(above, 0o755, disk)
    return disk.makeFolder(path, mode)
  })
  if (isMade) await disk.syncFolder(above)
}

function besideOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${besideEnding}`
}

async function writeBeside(
  path: string,
  content: string,
  mode: number,
  disk: Disk,
  settle: (beside: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path)
  const beside = besideOf(path)
  try {
    await makePrivateFolder(folder, disk)
    const file = await disk.create(beside, mode)
    try {
      await file.write(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await settle(beside)
    await disk.syncFolder(folder)
  } catch (error) {
    await disk.remove(beside).catch(() => {})
    const detail = error instanceof Error ? error.message : String(error)
    throw new CausewayError('STORE_WRITE_FAILED', `cannot write ${path}`, { detail, cause: error })
  }
}
