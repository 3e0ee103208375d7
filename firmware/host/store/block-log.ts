/**
 * Blocks of bytes on the disk, in order and bounded: appended to the last of some files, the oldest file goes when there is one too
 * many. For what may be lost a little: nothing is synced, a block that a power cut left half or torn is passed over. A disk that is
 * full or broken costs what was to be written and nothing else. Each block is deflated (RFC 1951) behind a head:
 *
 *     magic 4 · length u32 · crc32 u32 (of all behind it) · mark f64 · payload …
 */
import { appendFile, mkdir, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { CausewayError } from '../../model/errors.ts'
import { newTurns } from '../clock/turn.ts'

/** The few operations on files that this needs; each throws the system's error. */
export interface BlockDisk {
  /** Names in a folder; none where there is no folder. */
  list(folder: string): Promise<readonly string[]>
  read(path: string): Promise<Uint8Array>
  /** Makes file and folder where there are none. */
  append(path: string, bytes: Uint8Array): Promise<void>
  /** Nothing happens where there is none. */
  truncate(path: string, length: number): Promise<void>
  /** Nothing happens where there is none. */
  remove(path: string): Promise<void>
}

export interface BlockLogOptions {
  readonly folder: string
  /** Files are called `NAME-00000001.log`. */
  readonly name: string
  /** Of one file, and of how many. */
  readonly fileBytes: number
  readonly fileBlocks: number
  readonly files: number
  readonly disk?: BlockDisk
}

export interface Block {
  /** A time, or whatever blocks are looked for by. */
  readonly mark: number
  readonly payload: Uint8Array
}

const magic = Buffer.from('CwB1')
const headBytes = 20
const nothing = new Uint8Array()
/** Of one payload, inflated. */
export const mostPayloadBytes = 1024 * 1024
/** Who asks while so many wait, is told to come again. */
const mostWaiting = 64

interface Extent {
  length: number
  blocks: number
  least: number
  greatest: number
}

export class BlockLog {
  readonly #options: BlockLogOptions
  readonly #disk: BlockDisk
  /** Numbers of files, oldest first; null: not looked at yet. */
  #numbers: number[] | null = null
  readonly #extents = new Map<number, Extent>()
  /** Behind its sound blocks the last file may have half of one. */
  #isInDoubt = false
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(options: BlockLogOptions) {
    this.#options = options
    this.#disk = options.disk ?? systemBlockDisk
  }

  /** @throws STORE_WRITE_FAILED: nothing was written then, or what was is dropped later; STORE_BUSY */
  append(block: Block): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#append(encodeBlock(block), block.mark)
      } catch (error) {
        this.#isInDoubt = true
        throw failed('STORE_WRITE_FAILED', 'write', this.#options, error)
      }
    })
  }

  /**
   * Those with a mark from `from` to `to`, in the order in which they were written.
   * @throws STORE_READ_FAILED, STORE_BUSY
   */
  read(from: number, to: number, each: (block: Block) => void): Promise<void> {
    return this.#inTurn(async () => {
      try {
        const turns = newTurns()
        for (const number of await this.#files()) {
          const extent = this.#extents.get(number)
          if (extent !== undefined && (extent.greatest < from || extent.least > to)) continue
          // A file that cannot be read has nothing to say; others have.
          const bytes = await this.#readFile(number).catch(() => nothing)
          for (const block of blocksIn(bytes)) {
            if (block.mark < from || block.mark > to) continue
            const payload = inflated(block.payload)
            if (payload !== null) each({ mark: block.mark, payload })
            await turns()
          }
        }
      } catch (error) {
        throw failed('STORE_READ_FAILED', 'read', this.#options, error)
      }
    })
  }

  /** Once what was asked for is done. */
  async idle(): Promise<void> {
    await this.#turn
  }

  async #append(bytes: Uint8Array, mark: number): Promise<void> {
    const numbers = await this.#files()
    const { fileBytes, fileBlocks, files } = this.#options
    let last = numbers.at(-1)
    if (last !== undefined && !this.#extents.has(last)) {
      // What cannot be read is not gone on with.
      await this.#readFile(last).catch(() =>
        this.#extents.set(last!, { ...emptyExtent(), blocks: fileBlocks }),
      )
    }
    const extent = last === undefined ? undefined : this.#extents.get(last)!
    const isFull =
      extent === undefined ||
      extent.blocks >= fileBlocks ||
      extent.length + bytes.length > fileBytes
    if (isFull) {
      last = (last ?? 0) + 1
      numbers.push(last)
      this.#extents.set(last, emptyExtent())
    } else if (this.#isInDoubt) {
      await this.#disk.truncate(this.#path(last!), extent.length)
    }
    this.#isInDoubt = false
    await this.#disk.append(this.#path(last!), bytes)
    widen(this.#extents.get(last!)!, mark, bytes.length)
    await this.#thin(numbers, files)
  }

  /** The block is written by now: one that cannot be removed is tried again behind the next. */
  async #thin(numbers: number[], most: number): Promise<void> {
    for (const oldest of numbers.slice(0, -most)) {
      const isGone = await this.#disk.remove(this.#path(oldest)).then(
        () => true,
        () => false,
      )
      if (!isGone) continue
      numbers.splice(numbers.indexOf(oldest), 1)
      this.#extents.delete(oldest)
    }
  }

  async #files(): Promise<number[]> {
    if (this.#numbers !== null) return this.#numbers
    const { folder, name } = this.#options
    const form = new RegExp(`^${name}-(\\d{8})\\.log$`)
    const names = await this.#disk.list(folder)
    const found = names.flatMap((one) => form.exec(one)?.[1] ?? []).map(Number)
    this.#numbers = found.sort((one, other) => one - other)
    // Whoever was here before may have ended in the middle of a block.
    this.#isInDoubt = found.length > 0
    return this.#numbers
  }

  /** Also notes what it holds. */
  async #readFile(number: number): Promise<Uint8Array> {
    const bytes = await this.#disk.read(this.#path(number))
    if (!this.#extents.has(number)) {
      const extent = emptyExtent()
      for (const { mark, end } of blocksIn(bytes)) {
        widen(extent, mark, 0)
        extent.length = end
      }
      this.#extents.set(number, extent)
    }
    return bytes
  }

  #path(number: number): string {
    const { folder, name } = this.#options
    return join(folder, `${name}-${String(number).padStart(8, '0')}.log`)
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#waiting >= mostWaiting) {
      throw new CausewayError('STORE_BUSY', `${mostWaiting} wait for the history already`)
    }
    this.#waiting++
    const done = this.#turn.then(work).finally(() => this.#waiting--)
    this.#turn = done.catch(() => {})
    return done
  }
}

function emptyExtent(): Extent {
  return {
    length: 0,
    blocks: 0,
    least: Number.POSITIVE_INFINITY,
    greatest: Number.NEGATIVE_INFINITY,
  }
}

function widen(extent: Extent, mark: number, bytes: number): void {
  extent.length += bytes
  extent.blocks++
  extent.least = Math.min(extent.least, mark)
  extent.greatest = Math.max(extent.greatest, mark)
}

function encodeBlock({ mark, payload }: Block): Uint8Array {
  if (payload.length > mostPayloadBytes) throw new RangeError('a block is too long')
  const packed = deflateRawSync(payload, { level: 6 })
  const bytes = Buffer.alloc(headBytes + packed.length)
  bytes.set(magic)
  bytes.writeUInt32LE(packed.length, 4)
  bytes.writeDoubleLE(mark, 12)
  bytes.set(packed, headBytes)
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8)
  return bytes
}

/** Sound ones. Behind one that is not, the next is looked for. */
export function* blocksIn(file: Uint8Array): Generator<Block & { readonly end: number }> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  let at = 0
  while (at + headBytes <= bytes.length) {
    const length = bytes.readUInt32LE(at + 4)
    const end = at + headBytes + length
    const isSound =
      bytes.subarray(at, at + magic.length).equals(magic) &&
      end <= bytes.length &&
      crc32(bytes.subarray(at + 12, end)) === bytes.readUInt32LE(at + 8)
    if (isSound) {
      yield { mark: bytes.readDoubleLE(at + 12), payload: bytes.subarray(at + headBytes, end), end }
      at = end
    } else {
      at = bytes.indexOf(magic, at + 1)
      if (at < 0) return
    }
  }
}

/** Null: it inflates to more than was ever deflated, or to nothing. */
function inflated(packed: Uint8Array): Uint8Array | null {
  try {
    return inflateRawSync(packed, { maxOutputLength: mostPayloadBytes })
  } catch {
    return null
  }
}

function failed(
  code: 'STORE_WRITE_FAILED' | 'STORE_READ_FAILED',
  what: string,
  { folder, name }: BlockLogOptions,
  error: unknown,
): CausewayError {
  const detail = error instanceof Error ? error.message : String(error)
  return new CausewayError(code, `cannot ${what} ${join(folder, name)}`, { detail, cause: error })
}

export const systemBlockDisk: BlockDisk = {
  async list(folder) {
    try {
      return await readdir(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  },
  read: (path) => readFile(path),
  async append(path, bytes) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await appendFile(path, bytes, { mode: 0o600 })
  },
  truncate: (path, length) =>
    truncate(path, length).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    }),
  remove: (path) => rm(path, { force: true }),
}
