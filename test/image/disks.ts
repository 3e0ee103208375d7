/**
 * Disks of virtual machines: what is written to one goes to a file of its own (copy on write), below which the image lies untouched.
 * All lie in .cache/image-test, named after their lab, and go with it; those of labs that died are removed by the next.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../firmware/model/errors.ts'
import { run } from '../lab/command.ts'
import { readRecords, startTicksOf } from '../lab/machine.ts'
import { type Arch, blankVariables, diskNode } from './hardware.ts'
import { readPartitions } from './partitions.ts'

export const imageTestFolder = join(import.meta.dirname, '../../.cache/image-test')
/** Of the whole folder. A full run of one line needs a quarter of it. */
const mostBytes = 32 * 1024 ** 3
const convertMs = 300_000
/** Larger than the image, so that the data partition grows. */
export const diskGiB = 3

export interface Disk {
  readonly path: string
  readonly format: 'raw' | 'qcow2'
}

export class Disks implements Disposable {
  readonly #id: string
  #made = 0

  /** @param id of the lab that they are for */
  constructor(id: string) {
    this.#id = id
    mkdirSync(imageTestFolder, { recursive: true, mode: 0o700 })
    sweep(id)
  }

  /** A disk that reads as the other one does until it is written to. @param gibibytes more than the other one has, if told */
  async overlay(backing: Disk, gibibytes?: number): Promise<Disk> {
    const path = this.file('qcow2')
    const size = gibibytes === undefined ? [] : [`${gibibytes}G`]
    const argv = ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', backing.format]
    await run([...argv, '-b', backing.path, path, ...size])
    return { path, format: 'qcow2' }
  }

  /** The same bytes as a file of its own: what is empty takes no room. */
  async raw({ path, format }: Disk): Promise<Disk> {
    const copy = this.file('raw')
    const argv = ['qemu-img', 'convert', '-q', '-f', format, '-O', 'raw', path, copy]
    await run(argv, { timeoutMs: convertMs })
    return { path: copy, format: 'raw' }
  }

  /** The firmware's variables of a new machine. */
  variables(arch: Arch): string {
    const path = this.file('vars')
    copyFileSync(blankVariables(arch), path)
    return path
  }

  /** A name that nobody has. @throws LAB_COMMAND where there is too much already */
  file(ending: string): string {
    if (heldBytes() > mostBytes) {
      throw new CausewayError('LAB_COMMAND', `${imageTestFolder} holds more than 32 GiB`)
    }
    return join(imageTestFolder, `${this.#id}-${++this.#made}.${ending}`)
  }

  remove(...disks: readonly Disk[]): void {
    for (const { path } of disks) rmSync(path, { force: true })
  }

  [Symbol.dispose](): void {
    removeOf(this.#id)
  }
}

/** The nodes that make a disk, of which the guest has `disk`. @param log a file for all that it writes (write-log.ts) */
export function blockdevsOf({ path, format }: Disk, log?: string): readonly object[] {
  const name = (part: string): object => ({ 'node-name': log === undefined ? diskNode : part })
  const image = { driver: format, ...name('image'), discard: 'unmap', file: fileNode(path) }
  if (log === undefined) return [image]
  const logger = {
    ...{ driver: 'blklogwrites', 'node-name': diskNode, file: 'image', log: fileNode(log) },
    // The head tells of every entry, also of one that the machine did not live to follow up.
    ...{ 'log-sector-size': 512, 'log-super-update-interval': 1 },
  }
  return [image, logger]
}

function fileNode(path: string): object {
  // What the guest flushes need not survive the machine that this runs on.
  return { driver: 'file', filename: path, discard: 'unmap', cache: { 'no-flush': true } }
}

/** Overwrites a part of a raw disk. */
export async function overwrite(disk: Disk, offset: number, bytes: Uint8Array): Promise<void> {
  await using file = await open(disk.path, 'r+')
  await file.write(bytes, 0, bytes.length, offset)
}

/** Where a partition of a raw disk begins and how long it is, in bytes, by its label. @throws LAB_INVALID */
export async function partitionOf(
  disk: Disk,
  label: string,
): Promise<{ readonly offset: number; readonly bytes: number }> {
  await using file = await open(disk.path, 'r')
  const head = Buffer.alloc(34 * 512)
  await file.read(head, 0, head.length, 0)
  const found = readPartitions(head).find(({ name }) => name === label)
  if (found === undefined) throw new CausewayError('LAB_INVALID', `no partition '${label}'`)
  return found
}

export async function bytesOf(path: string): Promise<number> {
  return (await stat(path)).size
}

function sweep(own: string): void {
  const living = readRecords().filter((record) => startTicksOf(record.pid) === record.startTicks)
  const ids = new Set([own, ...living.map(({ id }) => id)])
  for (const name of readdirSync(imageTestFolder)) {
    const [, id] = /^([0-9a-z]{4})-\d+\./.exec(name) ?? []
    if (id !== undefined && !ids.has(id)) removeOf(id)
  }
}

function removeOf(id: string): void {
  for (const name of readdirSync(imageTestFolder)) {
    if (name.startsWith(`${id}-`)) rmSync(join(imageTestFolder, name), { force: true })
  }
}

/** Of what is made again when it is needed: all but the newest go. */
export function keepNewest(folder: string, count: number): void {
  const files = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile())
  const paths = files.map(({ name }) => join(folder, name))
  const newest = paths.toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs)
  for (const path of newest.slice(count)) rmSync(path, { force: true })
}

/** What the files really take up. */
function heldBytes(): number {
  const files = readdirSync(imageTestFolder, { withFileTypes: true }).filter((one) => one.isFile())
  return files.reduce(
    (total, { name }) => total + statSync(join(imageTestFolder, name)).blocks * 512,
    0,
  )
}
