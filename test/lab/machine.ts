/**
 * What labs share on one machine: the record of who owns what, the lock around changes to it, and the
 * hugepages. A lab whose owner has died is removed by the next one that opens.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { CausewayError } from '../../firmware/model/errors.ts'
import { attempt } from './command.ts'

/** What begins with a lab's id in here goes with the lab. */
export const recordFolder = '/run/causeway-lab'
const hugepageFile = '/proc/sys/vm/nr_hugepages'
const lockWaitMs = 30_000

/** Everything that a lab has made or may yet make, written down before it makes it. */
export interface LabRecord {
  readonly id: string
  readonly pid: number
  /** Start time of the process in clock ticks since boot: tells a reused pid. */
  readonly startTicks: number
  readonly namespaces: readonly string[]
  readonly instances: readonly string[]
  /** Pages that this lab holds, and what the machine had before any lab came. */
  readonly hugepages: number
  readonly formerHugepages: number
}

/** Runs `change` while no other lab on this machine does. The kernel frees the lock if we die. */
export async function withMachineLock<Result>(change: () => Promise<Result>): Promise<Result> {
  const argv = ['-w', String(lockWaitMs / 1000), '/run', 'sh', '-c', 'echo; exec cat >/dev/null']
  const holder = spawn('flock', argv, { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  const closed = once(holder, 'close')
  const [first] = await Promise.race([once(holder.stdout!, 'data'), closed])
  if (!Buffer.isBuffer(first)) {
    throw new CausewayError('LAB_TIMEOUT', `another lab held the lock for ${lockWaitMs} ms`)
  }
  try {
    return await change()
  } finally {
    holder.stdin!.end()
    await closed
  }
}

/** Start time of a process in clock ticks since boot; null when there is none (proc(5), field 22). */
export function startTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return null
  }
}

export function writeRecord(record: LabRecord): void {
  mkdirSync(recordFolder, { recursive: true, mode: 0o700 })
  writeFileSync(`${recordFolder}/${record.id}.json`, JSON.stringify(record))
}

export function readRecords(): LabRecord[] {
  try {
    return readdirSync(recordFolder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(`${recordFolder}/${name}`, 'utf8')) as LabRecord)
  } catch {
    return []
  }
}

/** Call with the lock held. Removes what labs of dead owners left. @returns their ids */
export async function sweep(): Promise<string[]> {
  const dead = readRecords().filter((record) => startTicksOf(record.pid) !== record.startTicks)
  for (const record of dead) await removeEverythingOf(record)
  return dead.map(({ id }) => id)
}

/** Call with the lock held. Kills what runs in the lab's namespaces and removes all that it made. */
export async function removeEverythingOf(record: LabRecord): Promise<void> {
  const existing = new Set(readNamespaces())
  const namespaces = record.namespaces.filter((name) => existing.has(name))
  for (const name of namespaces) await killAllIn(name)
  releaseHugepages(record)
  for (const name of namespaces) await attempt(['ip', 'netns', 'del', name])
  for (const root of ['/run/causeway', '/etc/causeway', '/var/lib/causeway']) {
    for (const name of record.instances) rmSync(`${root}/${name}`, { recursive: true, force: true })
    removeIfEmpty(root)
  }
  // Recordings first, the record itself last: until then a later lab would finish the job.
  const files = readdirSync(recordFolder).filter((name) => name.startsWith(`${record.id}-`))
  for (const name of [...files, `${record.id}.json`])
    rmSync(`${recordFolder}/${name}`, { force: true })
  removeIfEmpty(recordFolder)
}

export function readNamespaces(): string[] {
  try {
    return readdirSync('/run/netns')
  } catch {
    return []
  }
}

export function readHugepages(): number {
  return Number(readFileSync(hugepageFile, 'utf8'))
}

/** Call with the lock held. @returns the record with the pages noted. @throws LAB_HUGEPAGES */
export function reserveHugepages(record: LabRecord, pages: number): LabRecord {
  const holders = readRecords().filter(({ id, hugepages }) => id !== record.id && hugepages > 0)
  const formerHugepages = holders[0]?.formerHugepages ?? readHugepages()
  const noted = { ...record, hugepages: pages, formerHugepages }
  writeRecord(noted)
  const wanted = formerHugepages + pages + sum(holders)
  let got = -1
  for (let before = -2; got < wanted && got > before; ) {
    // The kernel stops half-way when a signal comes, such as a child's end; asked again, it goes on.
    before = got
    writeFileSync(hugepageFile, String(wanted))
    got = readHugepages()
  }
  if (got < wanted) {
    releaseHugepages(noted)
    writeRecord(record)
    const message = `the kernel gave ${got} of ${wanted} hugepages of 2 MiB; free memory and retry`
    throw new CausewayError('LAB_HUGEPAGES', message)
  }
  return noted
}

function releaseHugepages(record: LabRecord): void {
  if (record.hugepages === 0) return
  const others = readRecords().filter(({ id }) => id !== record.id)
  writeFileSync(hugepageFile, String(record.formerHugepages + sum(others)))
}

function sum(records: readonly LabRecord[]): number {
  return records.reduce((total, { hugepages }) => total + hugepages, 0)
}

async function killAllIn(namespace: string): Promise<void> {
  const { stdout } = await attempt(['ip', 'netns', 'pids', namespace])
  for (const pid of stdout.split('\n').filter(Boolean).map(Number)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      // It ended by itself in the meantime.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error
  }
}
