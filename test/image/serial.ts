/** What a machine said on its serial console: kept line by line, bare of a terminal's controls, and waited for. */
import { CausewayError } from '../../firmware/model/errors.ts'

const mostLines = 50_000
const toldLines = 60

interface Waiter {
  readonly pattern: RegExp
  readonly resolve: (line: string) => void
}

export class Serial {
  readonly #title: string
  readonly #onLine: ((line: string) => void) | undefined
  #lines: string[] = []
  /** Of lines that are not kept any more. */
  #before = 0
  #waiters: Waiter[] = []

  /** @param onLine sees each line as it is kept */
  constructor(title: string, onLine?: (line: string) => void) {
    this.#title = title
    this.#onLine = onLine
  }

  /** Number of the next line: what is waited for from here on was not said before. */
  get mark(): number {
    return this.#before + this.#lines.length
  }

  /** What it said since, at most fifty thousand lines. */
  since(mark = 0): readonly string[] {
    return this.#lines.slice(Math.max(0, mark - this.#before))
  }

  take(raw: string): void {
    const line = bareOf(raw)
    if (line === '') return
    this.#lines.push(line)
    if (this.#lines.length > mostLines) {
      this.#lines.shift()
      this.#before++
    }
    this.#onLine?.(line)
    const heard = this.#waiters.filter(({ pattern }) => pattern.test(line))
    for (const { resolve } of heard) resolve(line)
  }

  /** @param since lines from this mark on count. @returns the line. @throws LAB_TIMEOUT with what was said last */
  async waitFor(pattern: RegExp, timeoutMs: number, since = 0): Promise<string> {
    const earlier = this.since(since).find((line) => pattern.test(line))
    if (earlier !== undefined) return earlier
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const waiter = { pattern, resolve }
    this.#waiters.push(waiter)
    const timer = setTimeout(() => {
      const message = `${this.#title} did not say ${pattern} in ${timeoutMs / 1000} s`
      reject(new CausewayError('LAB_TIMEOUT', message, { detail: this.tail }))
    }, timeoutMs)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiters = this.#waiters.filter((other) => other !== waiter)
    }
  }

  /** The last lines, for whoever has to find out why. */
  get tail(): string {
    return this.#lines.slice(-toldLines).join('\n')
  }
}

/** Without the controls of ECMA-48 (colours, cursor) and others. */
export function bareOf(raw: string): string {
  return (
    raw
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      .replaceAll(/\x1b(\[[0-9;?!=]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|.)/g, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
      .replaceAll(/[\x00-\x08\x0b-\x1f]/g, '')
      .trimEnd()
  )
}
