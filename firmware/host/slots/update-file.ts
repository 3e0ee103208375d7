/** An update's file on the data partition, from when it comes until it is written: one, bounded by the room there is, never left behind. */
import { type FileHandle, mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import type { Upload } from './slots.ts'

/** Is left to configurations, logs and history. */
const reserveBytes = 32 * 1024 * 1024
const reportBytes = 1024 * 1024

export interface UpdateFile extends AsyncDisposable {
  readonly path: string
  readonly bytes: number
  /** Its first bytes, as many as tell what it is. */
  readonly head: Uint8Array
}

const name = 'update.raucb'

/** Whatever an earlier one left when the machine was cut off. @throws the system's error */
export async function removeUpdate(folder: string): Promise<void> {
  await rm(join(folder, name), { force: true })
}

/**
 * @param onBytes how many came so far
 * @throws UPDATE_NO_ROOM, STORE_WRITE_FAILED, and what the upload throws; then nothing is left of it
 */
export async function receiveUpdate(
  folder: string,
  { chunks, totalBytes }: Upload,
  onBytes: (bytes: number) => void,
): Promise<UpdateFile> {
  const path = join(folder, name)
  const remove = (): Promise<void> => removeUpdate(folder)
  try {
    // Never the file of before: RAUC may still read it, for a gateway that is gone.
    await writing(async () => {
      await remove()
      await mkdir(folder, { mode: 0o700, recursive: true })
    })
    const room = await writing(() => roomIn(folder))
    if ((totalBytes ?? 0) > room) throw noRoom(room)
    const file = await writing(() => open(path, 'wx', 0o600))
    try {
      const taken = await take(file, chunks, room, onBytes)
      return { path, ...taken, [Symbol.asyncDispose]: remove }
    } finally {
      await file.close()
    }
  } catch (error) {
    await remove().catch(() => {})
    throw error
  }
}

async function take(
  file: FileHandle,
  chunks: Upload['chunks'],
  room: number,
  onBytes: (bytes: number) => void,
): Promise<{ readonly bytes: number; readonly head: Uint8Array }> {
  let bytes = 0
  let reported = 0
  let head = Buffer.alloc(0)
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > room) throw noRoom(room)
    if (head.length < 4) head = Buffer.concat([head, chunk.subarray(0, 4)])
    await writing(() => file.writeFile(chunk))
    if (bytes - reported < reportBytes) continue
    reported = bytes
    onBytes(bytes)
  }
  onBytes(bytes)
  return { bytes, head }
}

async function roomIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return Math.max(0, bavail * bsize - reserveBytes)
}

/** @throws UPDATE_NO_ROOM, STORE_WRITE_FAILED */
async function writing<Value>(act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    const { code, message: detail } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') throw noRoom(0)
    const message = 'the update cannot be kept until it is written'
    throw new CausewayError('STORE_WRITE_FAILED', message, { detail, cause: error })
  }
}

function noRoom(room: number): CausewayError {
  const message = `the data partition has no room for the update: ${Math.floor(room / 1e6)} MB are free`
  return new CausewayError('UPDATE_NO_ROOM', message)
}
