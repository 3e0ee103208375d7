/**
 * What a power cut leaves on a disk, from a log of all that was written to it (QEMU's blklogwrites, in the form of Linux's
 * dm-log-writes: a head, then entries of a sector each with their data behind). What came before a flush that was logged is there. Of what
 * came after, a disk with a cache may have kept any part: each write is there or not, by chance, and the one that was under way in part,
 * by sectors. That is harsher than killing the machine, whose host keeps all that it wrote.
 */
import { open, writeFile } from 'node:fs/promises'
import { CausewayError } from '../../firmware/model/errors.ts'
import type { Disk, Disks } from './disks.ts'

const magic = 0x6a_736677_736872n
const flags = { flush: 1, fua: 2, discard: 4, mark: 8 } as const

export interface LogEntry {
  /** On the disk, in bytes. */
  readonly offset: number
  readonly bytes: number
  /** Of its data, in the log. */
  readonly dataAt: number
  readonly isFlush: boolean
  /** It was on the disk when it was done. */
  readonly isForced: boolean
}

/** A file that grows while a machine runs. */
export class WriteLog {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** An empty one, for a machine that is to be started. */
  static async make(path: string): Promise<WriteLog> {
    await writeFile(path, '')
    return new WriteLog(path)
  }

  /** How many entries there are by now. */
  async count(): Promise<number> {
    return (await this.#head()).entries
  }

  /** All of them, in order. @throws LAB_INVALID */
  async entries(): Promise<readonly LogEntry[]> {
    const { entries, sectorBytes } = await this.#head()
    await using file = await open(this.path, 'r')
    const found: LogEntry[] = []
    let at = sectorBytes
    for (let number = 0; number < entries; number++) {
      const head = Buffer.alloc(32)
      await file.read(head, 0, head.length, at)
      const entry = entryOf(head, sectorBytes, at + sectorBytes)
      found.push(entry)
      at = entry.dataAt + entry.bytes
    }
    return found
  }

  async #head(): Promise<{ readonly entries: number; readonly sectorBytes: number }> {
    await using file = await open(this.path, 'r')
    const head = Buffer.alloc(28)
    await file.read(head, 0, head.length, 0)
    if (head.readBigUInt64LE(0) !== magic) {
      throw new CausewayError('LAB_INVALID', `${this.path} is no log of writes`)
    }
    return { entries: Number(head.readBigUInt64LE(16)), sectorBytes: head.readUInt32LE(24) }
  }
}

function entryOf(head: Buffer, sectorBytes: number, dataAt: number): LogEntry {
  const [sector, sectors, bits] = [0, 8, 16].map((at) => Number(head.readBigUInt64LE(at)))
  if ((bits! & (flags.discard | flags.mark)) !== 0) {
    throw new CausewayError('LAB_INVALID', 'the log has what a disk without trim is not told')
  }
  return {
    ...{ offset: sector! * sectorBytes, bytes: sectors! * sectorBytes, dataAt },
    ...{ isFlush: (bits! & flags.flush) !== 0, isForced: (bits! & flags.fua) !== 0 },
  }
}

/** What is left of one entry: this much of its beginning; 0 of what is lost. */
export interface Kept {
  readonly entry: LogEntry
  readonly bytes: number
}

/**
 * What is there of the log when the power goes after `cut` entries. Pure.
 * @param random from [0, 1)
 */
export function survivors(entries: readonly LogEntry[], cut: number, random: () => number): Kept[] {
  const written = entries.slice(0, cut)
  const flushed = written.findLastIndex(({ isFlush }) => isFlush) + 1
  const keeps = written.map((entry, number): Kept => {
    const isSafe = number < flushed || entry.isForced
    const isThere = isSafe || random() < 0.5
    // The last one was under way: any number of its sectors.
    const isTorn = !isSafe && number === cut - 1
    const sectors = entry.bytes / 512
    const bytes = isTorn ? Math.floor(random() * (sectors + 1)) * 512 : entry.bytes
    return { entry, bytes: isThere || isTorn ? bytes : 0 }
  })
  return keeps.filter(({ bytes }) => bytes > 0)
}

/** A disk as a power cut leaves it. @param before as it was when the log began */
export async function diskAfterCut(
  disks: Disks,
  before: Disk,
  log: WriteLog,
  kept: readonly Kept[],
): Promise<Disk> {
  const disk = await disks.raw(before)
  await using to = await open(disk.path, 'r+')
  await using from = await open(log.path, 'r')
  for (const { entry, bytes } of kept) {
    const data = Buffer.alloc(bytes)
    const { bytesRead } = await from.read(data, 0, bytes, entry.dataAt)
    if (bytesRead < bytes) throw new CausewayError('LAB_INVALID', 'the log is cut short')
    await to.write(data, 0, bytes, entry.offset)
  }
  return disk
}
