/**
 * One program of the box: started apart from this process, so that it outlives it, and known again by a note that says
 * which process it is (pid and start time, proc(5)) and what it was started with.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { CausewayError } from '../../model/errors.ts'
import { readIfThere, removeFile, replaceFile } from '../system/file.ts'

const stopMs = 2_000
const lookMs = 50

export interface Launch {
  readonly argv: readonly string[]
  /** Besides PATH. */
  readonly env: Readonly<Record<string, string>>
  /** Whatever else must be the same for a running one to be left alone. */
  readonly text: string
}

interface Note {
  readonly pid: number
  readonly startTicks: number
  readonly fingerprint: string
}

/** Starts it and notes it. @throws HOST_SYSTEM when it does not start, STORE_WRITE_FAILED */
export async function launch(notePath: string, { argv, env, text }: Launch): Promise<void> {
  const [program, ...args] = argv as [string, ...string[]]
  const child = spawn(program, args, {
    stdio: 'ignore',
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...env },
  })
  try {
    await once(child, 'spawn')
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    throw new CausewayError('HOST_SYSTEM', `cannot start ${program}`, { detail, cause: error })
  }
  // Its end is seen by whoever looks at the note, and must not keep this process alive.
  child.on('error', () => {})
  child.unref()
  const startTicks = startTicksOf(child.pid!)
  if (startTicks === null) return
  const note: Note = {
    pid: child.pid!,
    startTicks,
    fingerprint: fingerprintOf({ argv, env, text }),
  }
  await replaceFile(notePath, `${JSON.stringify(note)}\n`)
}

/** Whether the noted process lives, and was started as `launch` says. */
export async function look(
  notePath: string,
  launch: Launch,
): Promise<'as wanted' | 'otherwise' | 'gone'> {
  const note = await readNote(notePath)
  if (note === null || !lives(note)) return 'gone'
  return note.fingerprint === fingerprintOf(launch) ? 'as wanted' : 'otherwise'
}

/** Ends the noted process, if it lives, and waits for its end. */
export async function end(notePath: string): Promise<void> {
  const note = await readNote(notePath)
  if (note !== null && lives(note)) {
    signal(note, 'SIGTERM')
    for (let waited = 0; waited < stopMs && lives(note); waited += lookMs) await pause(lookMs)
    if (lives(note)) signal(note, 'SIGKILL')
    for (let waited = 0; waited < stopMs && lives(note); waited += lookMs) await pause(lookMs)
  }
  await removeFile(notePath)
}

async function readNote(path: string): Promise<Note | null> {
  const text = await readIfThere(path)
  try {
    const { pid, startTicks, fingerprint } = JSON.parse(text ?? 'null') as Note
    return Number.isInteger(pid) && pid > 1 ? { pid, startTicks, fingerprint } : null
  } catch {
    // Half a note is none.
    return null
  }
}

function lives({ pid, startTicks }: Note): boolean {
  return startTicksOf(pid) === startTicks
}

function signal({ pid }: Note, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Field 22 of /proc/PID/stat; null for what is gone or a zombie. */
function startTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : Number(fields[19])
  } catch {
    return null
  }
}

function fingerprintOf({ argv, env, text }: Launch): string {
  return createHash('sha256')
    .update(JSON.stringify([argv, env, text]))
    .digest('hex')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
