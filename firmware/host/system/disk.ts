/**
 * The port to files whose fate in a power cut matters: few operations, each as small as what a power cut can part.
 * The real one; its fake, on which the power can be cut, is test/accept/whole/power-cut/disk.ts.
 */
import { link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'

/** Every operation throws the system's error unless told otherwise. */
export interface Disk {
  /** Fails where there is one already. */
  create(path: string, mode: number): Promise<NewFile>
  /** Replaces what is there. */
  rename(from: string, to: string): Promise<void>
  /** Unlike `rename` it never replaces. */
  link(from: string, to: string): Promise<void>
  /** Nothing happens where there is none. */
  remove(path: string): Promise<void>
  /** The one above must be there. @returns whether it was made, and not there already */
  makeFolder(path: string, mode: number): Promise<boolean>
  /** Makes names in it durable: of what was made, renamed and removed. */
  syncFolder(path: string): Promise<void>
  /** Null where there is none. Of a longer file `maxBytes` + 1 come. */
  read(path: string, maxBytes: number): Promise<Uint8Array | null>
  /** Names in a folder; none where there is no folder. */
  list(path: string): Promise<readonly string[]>
}

export interface NewFile {
  write(content: string): Promise<void>
  /** Makes the content durable, not the name. */
  sync(): Promise<void>
  close(): Promise<void>
}

export const systemDisk: Disk = {
  async create(path, mode) {
    const file = await open(path, 'wx', mode)
    return {
      write: (content) => file.writeFile(content),
      sync: () => file.sync(),
      close: () => file.close(),
    }
  },
  rename,
  link,
  remove: (path) => rm(path, { force: true }),

  async makeFolder(path, mode) {
    return mkdir(path, { mode }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
  },

  async syncFolder(path) {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },

  async read(path, maxBytes) {
    const file = await unlessAbsent(open(path, 'r'))
    if (file === null) return null
    try {
      // What a size claims is not asked: an admin may name any file of the machine.
      const buffer = Buffer.alloc(Math.min(maxBytes + 1, growBytes))
      const chunks: Buffer[] = []
      let length = 0
      while (length <= maxBytes) {
        const most = Math.min(buffer.length, maxBytes + 1 - length)
        const { bytesRead } = await file.read(buffer, 0, most, null)
        if (bytesRead === 0) break
        chunks.push(Buffer.from(buffer.subarray(0, bytesRead)))
        length += bytesRead
      }
      return Buffer.concat(chunks)
    } finally {
      await file.close()
    }
  },

  async list(path) {
    return (await unlessAbsent(readdir(path))) ?? []
  },
}

const growBytes = 64 * 1024

async function unlessAbsent<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
