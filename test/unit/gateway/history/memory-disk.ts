/** A disk for blocks in memory, on which the power can be cut in the middle of a write, and which can be full. */
import type { BlockDisk } from '../../../../firmware/host/store/block-log.ts'

export interface MemoryDisk extends BlockDisk {
  readonly files: Map<string, Buffer>
  /** Writes fail once so many more bytes are written; those before are there. */
  leftBytes: number
  appends: number
  readonly bytes: () => number
}

export function memoryDisk(): MemoryDisk {
  const files = new Map<string, Buffer>()
  const disk: MemoryDisk = {
    files,
    leftBytes: Number.POSITIVE_INFINITY,
    appends: 0,
    bytes: () => [...files.values()].reduce((sum, { length }) => sum + length, 0),
    list: async (folder) =>
      [...files.keys()].flatMap((path) =>
        path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : [],
      ),
    read: async (path) => {
      const content = files.get(path)
      if (content === undefined) throw new Error('ENOENT')
      return content
    },
    append: async (path, bytes) => {
      disk.appends++
      const taken = bytes.subarray(0, disk.leftBytes)
      disk.leftBytes -= taken.length
      files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), taken]))
      if (taken.length < bytes.length) throw new Error('ENOSPC: no space left on device')
    },
    truncate: async (path, length) => {
      const content = files.get(path)
      if (content !== undefined) files.set(path, content.subarray(0, length))
    },
    remove: async (path) => void files.delete(path),
  }
  return disk
}
