/** Runs a program that a build is made of, and says what it said when it fails. */
import { spawn } from 'node:child_process'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
}

/** Of what a program says: its end tells why it failed. */
const keptChars = 20_000
/** Of what is read of it. */
const mostChars = 64 * 1024 * 1024
/** An emulated processor sets up a root in ten minutes. */
const mostMs = 2 * 3600 * 1000

/** @returns stdout. @throws an error with the end of what it said */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [program, ...args] = argv as [string, ...string[]]
  const { cwd, input } = options
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ...options.env }
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(cwd === undefined ? {} : { cwd }),
      ...{ env, timeout: mostMs, killSignal: 'SIGKILL' },
    })
    let out = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (out.length > mostChars) child.kill('SIGKILL')
      said = (said + text).slice(-keptChars)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-keptChars)
    })
    child.once('error', (error) => reject(new Error(`${program}: ${error.message}`)))
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out)
      else reject(new Error(`'${argv.slice(0, 4).join(' ')}' failed (${code ?? signal}):\n${said}`))
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
  })
}

export function say(text: string): void {
  process.stderr.write(`image: ${text}\n`)
}
