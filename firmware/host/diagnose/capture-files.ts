/**
 * Recordings in a folder of memory (/run), for root only, by an id that nobody guesses. Whatever a process before has left
 * there is removed when it is opened. Written at once, since the folder is memory.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import { keptForGood } from '../clock/kept.ts'
import { makePrivateFolder } from '../system/file.ts'

export interface CaptureFile {
  /** All of it or nothing. @throws STORE_WRITE_FAILED: there is no room */
  write(bytes: Buffer): void
  close(): void
}

export interface CaptureFiles {
  /** Makes one. @throws STORE_WRITE_FAILED */
  open(id: string): Promise<CaptureFile>
  /** @throws API_NOT_FOUND */
  read(id: string): Promise<Buffer>
  /** Nothing happens when there is none. */
  remove(id: string): Promise<void>
}

export function captureFilesIn(folder: string): CaptureFiles {
  const cleared = keptForGood(async () => {
    await rm(folder, { recursive: true, force: true })
    await makePrivateFolder(folder)
  })
  const pathOf = (id: string): string => join(folder, `${id}.pcapng`)
  return {
    open: async (id) => {
      await cleared()
      const path = pathOf(id)
      const fd = guarded(path, () => openSync(path, 'wx', 0o600))
      let length = 0
      return {
        write: (bytes) => {
          guarded(path, () => writeAll(fd, bytes, length))
          length += bytes.length
        },
        close: () => closeSync(fd),
      }
    },
    read: async (id) => {
      try {
        return await readFile(pathOf(id))
      } catch (cause) {
        throw new CausewayError('API_NOT_FOUND', 'there is no such recording any more', { cause })
      }
    },
    remove: (id) => rm(pathOf(id), { force: true }),
  }
}

/** Where room ends in the midst of it, what was written of it goes again. */
function writeAll(fd: number, bytes: Buffer, before: number): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
  } catch (error) {
    ftruncateSync(fd, before)
    throw error
  }
}

function guarded<Value>(path: string, write: () => Value): Value {
  try {
    return write()
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new CausewayError('STORE_WRITE_FAILED', `cannot write ${path}`, { detail, cause })
  }
}
