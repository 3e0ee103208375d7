/**
 * Files that somebody else made: regular ones alone, no links, bounded, never waited for. What is asked of an open file is about the
 * file that is read, whatever its name leads to by then.
 */
import { constants, type Dirent } from 'node:fs'
import { type FileHandle, open, opendir } from 'node:fs/promises'
import { CausewayError } from '../../model/errors.ts'
import type { SentFile } from './api-client.ts'

/** Of a folder: who has more has no folder for us. */
const mostNames = 1_024
// Without the last one a pipe would be waited for.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Those of its files, in no order; of a folder with more than 1024 names the first ones. @throws HOST_SYSTEM */
export async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    let seen = 0
    for await (const entry of await opendir(folder)) {
      if (isFile(entry)) names.push(entry.name)
      if (++seen === mostNames) break
    }
  } catch (error) {
    throw unreadable(folder, error)
  }
  return names
}

/** Null: there is none, or it is none of ours: a link, a folder, a device. Of a longer one `maxBytes` + 1 come. @throws HOST_SYSTEM */
export async function readForeign(path: string, maxBytes: number): Promise<Uint8Array | null> {
  const file = await openForeign(path)
  if (file === null) return null
  await using _ = file.handle
  const buffer = Buffer.alloc(maxBytes + 1)
  let length = 0
  try {
    while (length < buffer.length) {
      const { bytesRead } = await file.handle.read(buffer, length, buffer.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  return buffer.subarray(0, length)
}

export interface ForeignFile extends SentFile, AsyncDisposable {}

/** To be sent as it is. Null as of `readForeign`. @throws HOST_SYSTEM */
export async function openToSend(path: string): Promise<ForeignFile | null> {
  const file = await openForeign(path)
  if (file === null) return null
  const { handle, bytes } = file
  return {
    bytes,
    // No more than was announced, should it grow.
    open: () =>
      handle.createReadStream({ start: 0, end: Math.max(0, bytes - 1), autoClose: false }),
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

async function openForeign(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly bytes: number } | null> {
  let handle: FileHandle | null = null
  try {
    handle = await open(path, flags)
    const stat = await handle.stat()
    if (stat.isFile()) return { handle, bytes: stat.size }
    await handle.close()
    return null
  } catch (error) {
    await handle?.close().catch(() => {})
    // A link is answered so.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO') return null
    throw unreadable(path, error)
  }
}

/** Some file systems do not say what a name is: opening it does. */
function isFile(entry: Dirent): boolean {
  const isOther =
    entry.isDirectory() || entry.isSymbolicLink() || entry.isFIFO() || entry.isSocket()
  return !isOther && !entry.isBlockDevice() && !entry.isCharacterDevice()
}

function unreadable(path: string, error: unknown): CausewayError {
  const detail = error instanceof Error ? error.message : String(error)
  return new CausewayError('HOST_SYSTEM', `cannot read ${path}`, { detail, cause: error })
}
