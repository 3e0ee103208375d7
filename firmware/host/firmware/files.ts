/**
 * A controller's firmware files on its disk, each under the SHA-256 of its content: taken as they come, given out from any byte on.
 * A file has its name once it is whole and on the disk; what a crash has left of others goes with the next start.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { CausewayError } from '../../model/errors.ts'
import { systemDisk } from '../system/disk.ts'
import { besideEnding, makePrivateFolder } from '../system/file.ts'

export interface SavedFile {
  /** In hex. */
  readonly sha256: string
  readonly bytes: number
  /** The last bytes of it, as many as were asked for. */
  readonly read: (from: number, length: number) => Promise<Uint8Array>
  /** It is what it should be: it has its name from now on. */
  readonly keep: () => Promise<void>
}

const ending = '.raucb'
const keptFreeBytes = 256_000_000

export class FirmwareFolder {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** What is left of files that never were whole. @throws the system's error */
  async clear(): Promise<void> {
    for (const name of await systemDisk.list(this.#path)) {
      if (name.endsWith(besideEnding)) await rm(join(this.#path, name), { force: true })
    }
  }

  /** The store has its place on the same disk, and ends the process when there is none. @throws STORE_WRITE_FAILED */
  async needRoom(bytes: number): Promise<void> {
    await makePrivateFolder(this.#path).catch(unwritten)
    const { bavail, bsize } = await statfs(this.#path).catch(unwritten)
    const freeBytes = bavail * bsize
    if (freeBytes - bytes >= keptFreeBytes) return
    const message = `${Math.floor(freeBytes / 1e6)} MB of the disk are free, and ${keptFreeBytes / 1e6} MB stay free`
    throw new CausewayError('STORE_WRITE_FAILED', message)
  }

  /**
   * @param look what is done with it while it has no name yet; without `keep` it is gone then
   * @throws STORE_WRITE_FAILED; what `chunks` and `look` throw
   */
  async save<Result>(
    chunks: AsyncIterable<Uint8Array>,
    look: (file: SavedFile) => Promise<Result>,
  ): Promise<Result> {
    const beside = join(this.#path, `${randomBytes(6).toString('hex')}${besideEnding}`)
    const file = await open(beside, 'wx+', 0o600).catch(unwritten)
    try {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const chunk of chunks) {
        hash.update(chunk)
        await file.writeFile(chunk).catch(unwritten)
        bytes += chunk.length
      }
      await file.sync().catch(unwritten)
      const sha256 = hash.digest('hex')
      const keep = async (): Promise<void> => {
        await rename(beside, this.#pathOf(sha256)).catch(unwritten)
        await systemDisk.syncFolder(this.#path).catch(unwritten)
      }
      return await look({ sha256, bytes, keep, read: (from, length) => part(file, from, length) })
    } finally {
      await file.close()
      await rm(beside, { force: true })
    }
  }

  /** Names of those that are whole. */
  async list(): Promise<string[]> {
    const names = await readdir(this.#path).catch(() => [])
    return names.flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []))
  }

  /** Null: there is none. */
  async bytesOf(sha256: string): Promise<number | null> {
    return stat(this.#pathOf(sha256)).then(
      ({ size }) => size,
      () => null,
    )
  }

  /** Of one that is there. Whoever takes nothing of it any more destroys it. */
  read(sha256: string, from: number): Readable {
    return createReadStream(this.#pathOf(sha256), { start: from })
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.#pathOf(sha256), { force: true })
  }

  #pathOf(sha256: string): string {
    return join(this.#path, `${sha256}${ending}`)
  }
}

async function part(file: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from)
  return buffer.subarray(0, bytesRead)
}

/** One that somebody has, to be sent. @throws CONFIG_UNREADABLE */
export async function openFile(path: string): Promise<{ chunks: Readable; bytes: number }> {
  try {
    const file = await open(path, 'r')
    const { size } = await file.stat()
    return { chunks: file.createReadStream(), bytes: size }
  } catch (error) {
    const message = `cannot read ${path}: ${(error as Error).message}`
    throw new CausewayError('CONFIG_UNREADABLE', message, { cause: error })
  }
}

function unwritten(error: unknown): never {
  const detail = error instanceof Error ? error.message : String(error)
  const more = { detail, cause: error }
  throw new CausewayError('STORE_WRITE_FAILED', 'the file cannot be written', more)
}
