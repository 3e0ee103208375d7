/** JSON lines with bytes in them, between a test and its helpers in namespaces; and the helpers themselves. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export function toLine(value: unknown): string {
  const replaced = JSON.stringify(value, function (this: Record<string, unknown>, key, plain) {
    const original = this[key]
    return original instanceof Uint8Array ? { hex: Buffer.from(original).toString('hex') } : plain
  })
  return `${replaced}\n`
}

export function fromLine(line: string): unknown {
  return JSON.parse(line, (_key, value) =>
    typeof value?.hex === 'string' && Object.keys(value).length === 1
      ? Buffer.from(value.hex, 'hex')
      : value,
  )
}

/** Helpers begin slowly where many do. */
export const patienceMs = 20_000

/** A script of this folder running in a namespace, spoken to by lines. */
export class Inside implements AsyncDisposable {
  readonly #child
  readonly #waiting: ((value: never) => void)[] = []
  readonly #lines: unknown[] = []

  constructor(space: string, script: string, args: readonly string[] = []) {
    const path = new URL(script, import.meta.url).pathname
    this.#child = spawn('nsenter', [`--net=/run/netns/${space}`, process.execPath, path, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const value = fromLine(line)
      const waiting = this.#waiting.shift()
      if (waiting) waiting(value as never)
      else this.#lines.push(value)
    })
  }

  say(value: unknown): void {
    this.#child.stdin.write(toLine(value))
  }

  /** The next line; fails after `patienceMs`. */
  async hear<Line>(): Promise<Line> {
    const waiting = this.#lines.shift()
    if (waiting !== undefined) return waiting as Line
    const { promise, resolve } = Promise.withResolvers<Line>()
    this.#waiting.push(resolve)
    const timer = setTimeout(() => this.#child.kill(), patienceMs)
    const heard = new AbortController()
    const ended = once(this.#child, 'close', heard).then(() => {
      throw new Error('the helper said nothing more')
    })
    ended.catch(() => {})
    try {
      return await Promise.race([promise, ended])
    } finally {
      clearTimeout(timer)
      heard.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Killed for its silence it has a signal instead of a code.
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.stdin.end()
    await closed
  }
}
