/**
 * Runs commands to their end, in this network namespace or in a named one. Every run has a time limit and an
 * output limit, and a failure says what the command said. Long-running programs are program.ts.
 */
import { spawn } from 'node:child_process'
import { CausewayError } from '../../firmware/model/errors.ts'

const defaultTimeoutMs = 15_000
const maxOutputBytes = 32 * 1024 * 1024

export interface CommandOptions {
  /** Named network namespace to run in; without it, the caller's own. */
  readonly netns?: string | undefined
  readonly input?: string | undefined
  readonly timeoutMs?: number | undefined
  /** Added to the caller's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** @returns stdout. @throws LAB_COMMAND on any other exit code than 0, LAB_TIMEOUT */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(argv, options)
  if (result.code === 0) return result.stdout
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-2000)
  throw new CausewayError('LAB_COMMAND', `${argv.join(' ')} ended with ${result.code}: ${said}`)
}

/** Like `run`, but leaves it to the caller what an exit code means. */
export async function attempt(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [command, ...args] = inNetns(options.netns, argv)
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  return new Promise((resolve, reject) => {
    // A process group of its own: Ctrl-C is for the lab, which then ends its commands in order.
    const child = spawn(command!, args, {
      stdio: 'pipe',
      detached: true,
      env: { ...process.env, ...options.env },
    })
    const streams = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = []
      let bytes = 0
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= maxOutputBytes) chunks.push(chunk)
        else child.kill('SIGKILL')
      })
      return chunks
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new CausewayError('LAB_TIMEOUT', `${argv.join(' ')} took more than ${timeoutMs} ms`))
    }, timeoutMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(new CausewayError('LAB_COMMAND', `${argv[0]} does not start: ${error.message}`))
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      const [stdout, stderr] = streams.map((chunks) => Buffer.concat(chunks).toString())
      resolve({ code: code ?? 1, stdout: stdout!, stderr: stderr! })
    })
    // A command that ends before it has read its input is judged by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** nsenter rather than `ip netns exec`: namespaces made inside stay visible to the whole machine. */
export function inNetns(netns: string | undefined, argv: readonly string[]): readonly string[] {
  return netns === undefined ? argv : ['nsenter', `--net=/run/netns/${netns}`, '--', ...argv]
}
