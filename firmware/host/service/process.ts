/**
 * One program of the box: started apart from this process, so that it outlives it, and known again by a note that says
 * which process it is (pid and start time, proc(5)) and what it was started with.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { CausewayError } from '../../model/errors.ts'
import { plainEnv } from '../system/command.ts'
import { readIfThere, removeFile, replaceFile } from '../system/file.ts'

const stopMs = 2_000
const lookMs = 50
/** Until a shell has come up, on a busy machine too. */
const readyMs = 10_000

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

/**
 * Waits for a word before it becomes the program: who starts it has noted it by then, or it ends with its starter's end of
 * the pipe. So none runs of which no note tells. The process, and with it pid and start time, stays the same over `exec`.
 */
const gate =
  'command -v "$1" >/dev/null && echo ready && read -r go && exec "$@" </dev/null >/dev/null'

/** Notes it and starts it. @throws HOST_SYSTEM when it does not start, STORE_WRITE_FAILED; then nothing was started */
export async function launch(notePath: string, { argv, env, text }: Launch): Promise<void> {
  const child = spawn('/bin/sh', ['-c', gate, 'sh', ...argv], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    cwd: '/',
    env: { ...plainEnv, ...env },
  })
  child.stdin.on('error', () => {})
  // Its end is seen by whoever looks at the note, and must not keep this process alive.
  child.unref()
  try {
    await isReady(child, argv[0]!)
    const startTicks = startTicksOf(child.pid!)
    if (startTicks === null) throw new CausewayError('HOST_SYSTEM', `${argv[0]} ended at once`)
    const fingerprint = fingerprintOf({ argv, env, text })
    const note: Note = { pid: child.pid!, startTicks, fingerprint }
    await replaceFile(notePath, `${JSON.stringify(note)}\n`)
    await new Promise<void>((done) => child.stdin.end('go\n', () => done()))
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    child.stdin.destroy()
    child.stdout.destroy()
  }
}

/** @throws HOST_SYSTEM: there is no such program, or no shell */
async function isReady(child: ChildProcess, program: string): Promise<void> {
  let detail = 'no word in time'
  const isHeard = await new Promise<boolean>((done) => {
    const timer = setTimeout(done, readyMs, false)
    const end = (isHeard: boolean): void => {
      clearTimeout(timer)
      done(isHeard)
    }
    child.stdout!.once('data', () => end(true))
    child.once('exit', () => {
      detail = 'there is no such program'
      end(false)
    })
    child.on('error', (error) => {
      detail = error.message
      end(false)
    })
  })
  if (!isHeard) throw new CausewayError('HOST_SYSTEM', `cannot start ${program}`, { detail })
}

/**
 * Whether the noted process lives, and was started as `launch` says; `gone` was started so, `otherwise` was not,
 * whether it lives or not, and so was what has no note.
 */
export async function look(
  notePath: string,
  launch: Launch,
): Promise<'as wanted' | 'otherwise' | 'gone'> {
  const note = await readNote(notePath)
  if (note === null || note.fingerprint !== fingerprintOf(launch)) return 'otherwise'
  return lives(note) ? 'as wanted' : 'gone'
}

/** Sends it to the noted process, if that lives, and listens: one that only starts would die of it. */
export async function tell(notePath: string, name: NodeJS.Signals): Promise<void> {
  const note = await readNote(notePath)
  if (note !== null && lives(note) && listens(note, name)) signal(note, name)
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

/** `SigCgt` of /proc/PID/status: a bit for each signal that it has a handler for. */
function listens({ pid }: Note, name: NodeJS.Signals): boolean {
  try {
    const [, caught = '0'] =
      /^SigCgt:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return ((BigInt(`0x${caught}`) >> BigInt(constants.signals[name] - 1)) & 1n) === 1n
  } catch {
    // It has ended meanwhile.
    return false
  }
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
