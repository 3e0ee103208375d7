/** Runs a program of the build, or one over it, that tells what came of it by a line of JSON. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../../..')

/** The line of JSON in what a program said; null without one. */
export function reportOf<Value>(text: string): Value | null {
  const line = text.split('\n').find((one) => one.startsWith('{"event"'))
  return line === undefined ? null : (JSON.parse(line) as Value)
}

export function run(
  [command, ...args]: readonly (string | number)[],
  limitMs: number,
): Promise<{ code: number | NodeJS.Signals | null; text: string }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const child = spawn(String(command), args.map(String), {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: limitMs,
    })
    child.stdout.on('data', (chunk: Buffer) => {
      text = (text + chunk).slice(-1_000_000)
    })
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code: code ?? signal, text }))
  })
}
