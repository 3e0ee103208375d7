/**
 * Runs a program of the machine whose output is read while it runs: arguments as a list, never a shell; bounded in time and
 * output, and gone when nobody wants it any more.
 */
import { spawn } from 'node:child_process'
import { CausewayError } from '../../model/errors.ts'
import { plainEnv } from './command.ts'

/** Between the polite word and the other one. */
const stopMs = 1_000
const detailChars = 400
const lineMaxChars = 4_096

export interface Following {
  /** Named network namespace to run in; '' : the own one. */
  readonly netns?: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** What it throws ends the program. */
  readonly onData: (bytes: Buffer) => void
}

export interface Ended {
  /** Null: a signal ended it, as asked for or since its time was up. */
  readonly code: number | null
  /** The last of what it wrote to stderr. */
  readonly said: string
}

/** Returns once it has ended. @throws HOST_COMMAND_FAILED when it does not start; what `onData` threw */
export function follow(argv: readonly string[], following: Following): Promise<Ended> {
  const { netns = '', timeoutMs, signal, onData } = following
  const enter = netns === '' ? [] : ['nsenter', `--net=/run/netns/${netns}`, '--']
  const [program, ...args] = [...enter, ...argv] as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: plainEnv })
    let said = ''
    let killer: NodeJS.Timeout | undefined
    const stop = (): void => {
      child.kill('SIGINT')
      killer ??= setTimeout(() => child.kill('SIGKILL'), stopMs)
    }
    const timer = setTimeout(stop, timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const clear = (): void => {
      clearTimeout(timer)
      clearTimeout(killer)
      signal.removeEventListener('abort', stop)
    }
    let broken: { readonly error: unknown } | null = null
    child.stdout.on('data', (bytes: Buffer) => {
      if (broken !== null) return
      try {
        onData(bytes)
      } catch (error) {
        // Thrown out of here it would end the process.
        broken = { error }
        stop()
      }
    })
    child.stderr.on('data', (bytes: Buffer) => {
      said = `${said}${bytes.toString('utf8')}`.slice(-detailChars)
    })
    child.once('error', (error) => {
      clear()
      const message = `cannot run '${argv[0]}': is it installed?`
      reject(new CausewayError('HOST_COMMAND_FAILED', message, { detail: error.message }))
    })
    child.once('close', (code) => {
      clear()
      if (broken === null) resolve({ code, said: said.trim() })
      else reject(broken.error)
    })
  })
}

/** Hands over whole lines; one without end is cut. */
export function byLine(onLine: (line: string) => void): (bytes: Buffer) => void {
  let waiting = ''
  return (bytes) => {
    const lines = (waiting + bytes.toString('utf8')).split('\n')
    waiting = lines.pop()!.slice(0, lineMaxChars)
    for (const line of lines) onLine(line.slice(0, lineMaxChars))
  }
}
