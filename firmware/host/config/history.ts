/**
 * The configurations that ran here: the last 20 as numbered files, and the candidate that waits for a confirm. Each
 * holds the text as it came under a line that says what it is and a line with the SHA-256 of all below. The newest is
 * the one to run on the day on which device.yaml cannot be used. A broken file is no obstacle, only less to go back to.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import { type Disk, systemDisk } from '../system/disk.ts'
import { besideEnding, replaceFile } from '../system/file.ts'
import { maxConfigBytes } from './parse.ts'

export const keptRevisions = 20

/** `edit`: device.yaml as somebody wrote it. `apply`: by the local API, and confirmed. `controller`: as the owner signed it. */
export type Origin = 'edit' | 'apply' | 'controller'

export interface Entry {
  /**
   * Grows with every entry; not the revision, which is the author's. A candidate's is 0 while it is only tried, and once
   * it is being written the one that it has as an entry.
   */
  readonly number: number
  readonly revision: number
  readonly origin: Origin
  /** Wall-clock time, RFC 3339: for people, since a box's clock may be wrong. */
  readonly savedAt: string
  readonly text: string
}

export type NewEntry = Omit<Entry, 'number'>

export interface History {
  /** Sound entries, newest first. */
  readonly entries: readonly Entry[]
  /** Null without one. */
  readonly candidate: Entry | null
  /** Durable once it returns. @throws STORE_WRITE_FAILED */
  add(entry: NewEntry): Promise<Entry>
  /** Takes back the entry that the candidate became, if it did. Failing leaves it there, which does no harm. */
  takeBack(): Promise<void>
  /** A candidate that is only tried. Durable once it returns. @throws STORE_WRITE_FAILED */
  propose(entry: NewEntry): Promise<void>
  /** The candidate is being written: as the entry that is added next, then as device.yaml. Durable and throws as above. */
  begin(): Promise<void>
  dropCandidate(): Promise<void>
}

export interface HistoryOptions {
  readonly folder: string
  readonly disk?: Disk
  /** A file that is there and cannot be used: STORE_CORRUPT, or what the system said. */
  readonly onBroken: (error: unknown) => void
}

const candidateName = 'candidate.yaml'
const entryName = /^\d{8}\.yaml$/
const maxEntryBytes = maxConfigBytes + 1024

/** Reads what is there; whatever is broken is reported and passed over. Never fails. */
export async function openHistory(options: HistoryOptions): Promise<History> {
  const { folder, disk = systemDisk } = options
  let { files, entries, candidate } = await readFolder(options)
  const remove = async (name: string): Promise<void> => {
    await disk.remove(join(folder, name))
    await disk.syncFolder(folder)
  }
  const nextNumber = (): number => (files.at(-1) ?? 0) + 1
  const setCandidate = async (entry: Entry): Promise<void> => {
    await replaceFile(join(folder, candidateName), encode(entry, entry.number), 0o600, disk)
    candidate = entry
  }

  return {
    get entries() {
      return entries
    },
    get candidate() {
      return candidate
    },

    async add(fresh) {
      const entry = { ...fresh, number: nextNumber() }
      const path = join(folder, nameOf(entry.number))
      try {
        await replaceFile(path, encode(entry), 0o600, disk)
      } catch (error) {
        // Its name may be there all the same, and would tell the next start that it ran.
        await quietly(disk.remove(path))
        throw error
      }
      files = [...files, entry.number]
      entries = [entry, ...entries].slice(0, keptRevisions)
      const kept = new Set(entries.map(({ number }) => number))
      // Broken ones stay among the last twenty for whoever wants to see what became of them.
      for (const old of files.slice(0, -keptRevisions)) {
        if (!kept.has(old)) await quietly(disk.remove(join(folder, nameOf(old))))
      }
      files = files.filter(
        (number, index) => index >= files.length - keptRevisions || kept.has(number),
      )
      return entry
    },

    async takeBack() {
      const number = candidate?.number ?? 0
      if (!files.includes(number)) return
      entries = entries.filter((entry) => entry.number !== number)
      files = files.filter((file) => file !== number)
      await quietly(remove(nameOf(number)))
    },

    propose: (fresh) => setCandidate({ ...fresh, number: 0 }),

    async begin() {
      if (candidate !== null) await setCandidate({ ...candidate, number: nextNumber() })
    },

    async dropCandidate() {
      if (candidate === null) return
      candidate = null
      await quietly(remove(candidateName))
    },
  }
}

interface Found {
  /** Numbers of all files, the broken ones included, smallest first. */
  readonly files: readonly number[]
  readonly entries: readonly Entry[]
  readonly candidate: Entry | null
}

async function readFolder(options: HistoryOptions): Promise<Found> {
  const { folder, disk = systemDisk, onBroken } = options
  const names: readonly string[] = await disk.list(folder).catch((error: unknown) => {
    onBroken(error)
    return []
  })
  const numbers = names.filter((name) => entryName.test(name)).map(numberOf)
  const files = numbers.sort((one, other) => one - other)
  let entries: readonly Entry[] = []
  for (const number of files.slice(-keptRevisions)) {
    const entry = await load(options, nameOf(number))
    if (entry !== null) entries = [{ ...entry, number }, ...entries]
  }
  const candidate = names.includes(candidateName) ? await load(options, candidateName) : null
  for (const name of names.filter((name) => name.endsWith(besideEnding))) {
    await quietly(disk.remove(join(folder, name)))
  }
  return { files, entries, candidate }
}

async function load(
  { folder, disk = systemDisk, onBroken }: HistoryOptions,
  name: string,
): Promise<Entry | null> {
  const path = join(folder, name)
  try {
    const bytes = await disk.read(path, maxEntryBytes)
    const entry = bytes === null ? null : decode(bytes)
    if (entry === null)
      throw new CausewayError('STORE_CORRUPT', `${path} does not match its checksum`)
    return entry
  } catch (error) {
    onBroken(error)
    return null
  }
}

/** @param number a candidate's; an entry's is its file's name */
function encode({ revision, origin, savedAt, text }: Entry, number?: number): string {
  const sealed = `# causeway ${JSON.stringify({ revision, origin, savedAt, number })}\n${text}`
  return `# sha256 ${digestOf(sealed)}\n${sealed}`
}

/** Null for what `encode` did not make. */
function decode(bytes: Uint8Array): Entry | null {
  if (bytes.length > maxEntryBytes) return null
  const content = Buffer.from(bytes).toString('utf8')
  const [, digest, sealed] = /^# sha256 ([0-9a-f]{64})\n(.*)$/s.exec(content) ?? []
  if (sealed === undefined || digest !== digestOf(sealed)) return null
  const [, head, text] = /^# causeway (\{[^\n]*\})\n(.*)$/s.exec(sealed) ?? []
  if (head === undefined || text === undefined) return null
  // The checksum says that the head is one of ours.
  const { number = 0, ...rest } = JSON.parse(head) as Omit<NewEntry, 'text'> & { number?: number }
  return { ...rest, number, text }
}

/** Of a configuration's text, in hex: tells two texts of one revision apart. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function nameOf(number: number): string {
  return `${String(number).padStart(8, '0')}.yaml`
}

function numberOf(name: string): number {
  return Number(name.slice(0, -'.yaml'.length))
}

/** A file that stays although it is not needed is found again by the next start. */
async function quietly(work: Promise<void>): Promise<void> {
  await work.catch(() => {})
}
