/**
 * A disk in memory on which the power can be cut. Content is safe once its file was synced, a name once its folder was;
 * of all else chance decides what is there afterwards: the old, the new, a part of it, zeros; each name for itself.
 * It may also refuse what it is asked: EIO once, ENOSPC until somebody makes room.
 */
import { dirname } from 'node:path'
import type { Disk, NewFile } from '../../../../firmware/host/system/disk.ts'

interface Inode {
  readonly isFolder: boolean
  content: Buffer
  /** What is certainly on the disk; null for a file that was never synced. */
  synced: Buffer | null
}

/** A change of names that may be lost. */
interface NameChange {
  /** It is safe once this folder is synced. */
  readonly folder: string
  readonly apply: (names: Map<string, Inode>) => void
}

export const diskFaults = ['skip-fsync', 'skip-folder-fsync'] as const
export type DiskFault = (typeof diskFaults)[number]

export const diskErrors = ['EIO', 'ENOSPC'] as const

/** From operation `at` on: EIO for that one, ENOSPC for all that need room. */
export interface Failing {
  readonly at: number
  readonly code: (typeof diskErrors)[number]
  /** A fault to plant: EIO for whatever comes after it, too. */
  readonly isLasting?: boolean
}

export interface CutDiskOptions {
  /** From [0, 1). */
  readonly random: () => number
  /** Called at each operation, once it is done or while it is not, by chance: `afterCut` shows what a cut would leave. */
  readonly onOperation?: (number: number) => void
  readonly fault?: DiskFault | undefined
  readonly failing?: Failing
}

interface Work {
  /** New files and new content do. */
  readonly needsRoom?: boolean
  /** What may come of it when it fails; unless told, all of it: done, and said not to be. */
  readonly inPart?: () => void
}

export class CutDisk implements Disk {
  readonly #options: CutDiskOptions
  /** As a program sees it. */
  #names: Map<string, Inode>
  #safe: Map<string, Inode>
  #changes: NameChange[] = []
  #operations = 0
  #hasFailed = false
  #hasRoom = false

  constructor(options: CutDiskOptions, names: ReadonlyMap<string, Inode> = new Map()) {
    this.#options = options
    this.#names = new Map([['/', folder()], ...names])
    this.#safe = new Map(this.#names)
  }

  get operations(): number {
    return this.#operations
  }

  /** Whether it has refused something. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** From now on it refuses nothing. */
  makeRoom(): void {
    this.#hasRoom = true
  }

  /** As somebody else's program would, safely. */
  put(path: string, text: string): void {
    for (let above = dirname(path); !this.#names.has(above); above = dirname(above)) {
      this.#names.set(above, folder())
      this.#safe.set(above, this.#names.get(above)!)
    }
    const content = Buffer.from(text)
    const inode = { isFolder: false, content, synced: content }
    this.#names.set(path, inode)
    this.#safe.set(path, inode)
    this.#changes = this.#changes.filter(({ folder: of }) => of !== dirname(path))
  }

  /** What is there when the power is back, should it go now. */
  afterCut(options: CutDiskOptions): CutDisk {
    const { random } = options
    const names = new Map(this.#safe)
    const mode = random()
    for (const { apply } of this.#changes) {
      if (mode < 0.25 || (mode >= 0.5 && random() < 0.5)) apply(names)
    }
    const files = [...names].filter(([path]) => isReachable(path, names))
    const inodes = new Map<Inode, Inode>()
    for (const [, inode] of files) {
      if (!inodes.has(inode)) inodes.set(inode, survivorOf(inode, random))
    }
    return new CutDisk(options, new Map(files.map(([path, inode]) => [path, inodes.get(inode)!])))
  }

  /** As it is, for another one to work on. */
  copy(options: CutDiskOptions): CutDisk {
    const copies = [...this.#names].map(([path, inode]) => [path, { ...inode }] as const)
    return new CutDisk(options, new Map(copies))
  }

  async create(path: string, _mode: number): Promise<NewFile> {
    const inode: Inode = { isFolder: false, content: Buffer.alloc(0), synced: null }
    await this.#do(() => {
      if (this.#names.has(path)) throw systemError('EEXIST', path)
      if (this.#names.get(dirname(path))?.isFolder !== true) throw systemError('ENOENT', path)
      this.#change(dirname(path), (names) => names.set(path, inode))
    }, orNothing)
    return {
      write: (text) => {
        const write = (part: string): void => {
          inode.content = Buffer.from(part)
        }
        const inPart = (): void => write(text.slice(0, this.#options.random() * text.length))
        return this.#do(() => write(text), { needsRoom: true, inPart })
      },
      sync: () =>
        this.#do(() => {
          if (this.#options.fault !== 'skip-fsync') inode.synced = inode.content
        }, orNothing),
      close: async () => {},
    }
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do(() => {
      const inode = this.#names.get(from)
      if (inode === undefined) throw systemError('ENOENT', from)
      this.#change(dirname(to), (names) => {
        names.delete(from)
        names.set(to, inode)
      })
    })
  }

  link(from: string, to: string): Promise<void> {
    return this.#do(() => {
      const inode = this.#names.get(from)
      if (inode === undefined) throw systemError('ENOENT', from)
      if (this.#names.has(to)) throw systemError('EEXIST', to)
      this.#change(dirname(to), (names) => names.set(to, inode))
    })
  }

  remove(path: string): Promise<void> {
    return this.#do(() => {
      if (this.#names.has(path)) this.#change(dirname(path), (names) => names.delete(path))
    })
  }

  makeFolder(path: string, _mode: number): Promise<boolean> {
    return this.#do(() => {
      if (this.#names.has(path)) return false
      if (!this.#names.has(dirname(path))) throw systemError('ENOENT', path)
      const made = folder()
      this.#change(dirname(path), (names) => names.set(path, made))
      return true
    })
  }

  syncFolder(path: string): Promise<void> {
    return this.#do(() => {
      if (this.#options.fault === 'skip-folder-fsync') return
      for (const { folder: of, apply } of this.#changes) if (of === path) apply(this.#safe)
      this.#changes = this.#changes.filter(({ folder: of }) => of !== path)
    })
  }

  async read(path: string, maxBytes: number): Promise<Uint8Array | null> {
    const inode = this.#names.get(path)
    return inode === undefined ? null : inode.content.subarray(0, maxBytes + 1)
  }

  async list(path: string): Promise<readonly string[]> {
    const names = [...this.#names.keys()].filter((name) => dirname(name) === path && name !== '/')
    return names.map((name) => name.slice(path.length + 1))
  }

  #change(of: string, apply: (names: Map<string, Inode>) => void): void {
    apply(this.#names)
    this.#changes.push({ folder: of, apply })
  }

  async #do<Value>(
    work: () => Value,
    { needsRoom = false, inPart = work }: Work = {},
  ): Promise<Value> {
    const { onOperation, random } = this.#options
    const number = this.#operations++
    const code = this.#refusalOf(number, needsRoom)
    const isHalf = random() < 0.5
    if (code !== null) {
      this.#hasFailed = true
      if (isHalf) inPart()
      throw systemError(code, 'the disk')
    }
    if (isHalf) onOperation?.(number)
    const value = work()
    if (!isHalf) onOperation?.(number)
    return value
  }

  #refusalOf(number: number, needsRoom: boolean): string | null {
    const { failing } = this.#options
    if (failing === undefined || this.#hasRoom || number < failing.at) return null
    if (failing.code === 'ENOSPC') return needsRoom ? failing.code : null
    return number === failing.at || failing.isLasting === true ? failing.code : null
  }
}

/** Needs room, and without it nothing comes of it. */
const orNothing: Work = { needsRoom: true, inPart: () => {} }

function folder(): Inode {
  return { isFolder: true, content: Buffer.alloc(0), synced: Buffer.alloc(0) }
}

function isReachable(path: string, names: ReadonlyMap<string, Inode>): boolean {
  return path === '/' || (names.has(path) && isReachable(dirname(path), names))
}

function survivorOf(inode: Inode, random: () => number): Inode {
  const { isFolder, content, synced } = inode
  if (synced === content || isFolder) return { ...inode }
  const kept = synced ?? Buffer.alloc(0)
  const torn = Buffer.from(content.subarray(0, Math.floor(random() * content.length)))
  const zeros = Buffer.alloc(content.length)
  const choices = [kept, content, torn, Buffer.concat([torn, zeros]).subarray(0, content.length)]
  const chosen = choices[Math.floor(random() * choices.length)]!
  return { isFolder, content: chosen, synced: chosen }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, syscall: 'disk' })
}
