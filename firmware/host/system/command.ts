/**
 * Runs a program of the machine: arguments as a list, never a shell; bounded in time and output. The datapath
 * process must not import this (it never spawns a child).
 */
import { execFile } from 'node:child_process'
import { CausewayError } from '../../model/errors.ts'

const usualTimeoutMs = 10_000
const outputMaxBytes = 16 * 1024 * 1024
const detailChars = 1000
/** Of programs of the machine, whoever started us. */
export const plainEnv = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

export interface CommandOptions {
  /** Text for stdin. */
  readonly input?: string
  /** Named network namespace to run in; '' or absent: the own one. */
  readonly netns?: string
  readonly signal?: AbortSignal | undefined
  /** Ten seconds unless told. */
  readonly timeoutMs?: number
  /** Says of what a program that failed wrote to stderr whether that is a success. */
  readonly tolerates?: (stderr: string) => boolean
}

/** @returns stdout. @throws HOST_COMMAND_FAILED, HOST_COMMAND_TIMEOUT */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { input, netns, signal, tolerates, timeoutMs = usualTimeoutMs } = options
  const enter = netns ? ['nsenter', `--net=/run/netns/${netns}`, '--'] : []
  const [program, ...args] = [...enter, ...argv] as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: outputMaxBytes } as const
    const settings = {
      ...limits,
      env: plainEnv,
      encoding: 'utf8',
      ...(signal ? { signal } : {}),
    } as const
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      // A number is the exit code of a program that ended by itself.
      const isTolerated = typeof error?.code === 'number' && tolerates?.(stderr) === true
      if (error === null || isTolerated) resolve(stdout)
      else reject(failure(argv, error, stderr, timeoutMs))
    })
    // A program that ends before it has read all breaks the pipe; its exit says why.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}

function failure(
  argv: readonly string[],
  error: Error & { killed?: boolean },
  stderr: string,
  timeoutMs: number,
): CausewayError {
  const name = argv.slice(0, 3).join(' ')
  const detail = (stderr.trim() || error.message).slice(0, detailChars)
  if (error.name === 'AbortError') {
    return new CausewayError('HOST_COMMAND_FAILED', `'${name}' was given up`, { cause: error })
  }
  return error.killed === true
    ? new CausewayError('HOST_COMMAND_TIMEOUT', `'${name}' took more than ${timeoutMs} ms`)
    : new CausewayError('HOST_COMMAND_FAILED', `'${name}' failed`, { detail, cause: error })
}
