/**
 * A program that runs until it is stopped: started in a namespace, watched line by line, ended in order. It
 * dies with the lab's process, whatever becomes of that.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { CausewayError } from '../../firmware/model/errors.ts'
import { inNetns } from './command.ts'

const keptLines = 200

/** A box sees its own /sys/class/net, while /run/netns stays shared with the machine. */
const ownSysfs = [
  ...['unshare', '--mount', '--propagation', 'unchanged', '--', 'sh', '-c'],
  'mount --make-rprivate /sys && mount -t sysfs sysfs /sys && exec "$@"',
  'sh',
]

export interface ProgramOptions {
  /** Left out: where this process is. */
  readonly netns?: string | undefined
  readonly argv: readonly string[]
  /** For messages: `berlin gateway`. */
  readonly title: string
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly hasOwnSysfs?: boolean | undefined
  /** Sees every line of stdout and stderr. */
  readonly onLine?: ((line: string) => void) | undefined
}

interface Waiter {
  readonly matches: (line: string) => boolean
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

export class Program implements AsyncDisposable {
  readonly title: string
  /** When it was started, as `performance.now` has it. */
  readonly startedMs = performance.now()
  /** Exit code, or null when a signal ended it. Never rejects. */
  readonly exited: Promise<number | null>
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #listeners: ((line: string) => void)[]
  #waiters: Waiter[] = []
  #hasEnded = false

  constructor(options: ProgramOptions) {
    this.title = options.title
    this.#listeners = options.onLine === undefined ? [] : [options.onLine]
    const wrapped = [
      ...(options.hasOwnSysfs === true ? ownSysfs : []),
      ...['setpriv', '--pdeathsig', 'KILL', '--', ...options.argv],
    ]
    const [command, ...args] = inNetns(options.netns, wrapped)
    this.#child = spawn(command!, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...options.env },
    })
    this.#child.stdin!.on('error', () => {})
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => this.#take(line))
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) =>
        this.#end(`does not start: ${error.message}`, resolve, 1),
      )
      // `close` follows `exit` once all output has been read.
      this.#child.once('close', (code, signal) =>
        this.#end(`ended with ${code ?? signal}`, resolve, code),
      )
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get isRunning(): boolean {
    return !this.#hasEnded
  }

  /** The last lines it said, oldest first, at most 200. */
  get tail(): string {
    return this.#lines.join('\n')
  }

  /** Waits for a line, earlier ones included. @param what it is, for messages
   *  @throws LAB_TIMEOUT, LAB_PROGRAM when it ends first */
  async line(
    matches: (line: string) => boolean,
    timeoutMs: number,
    what = 'what was waited for',
  ): Promise<string> {
    const earlier = this.#lines.find(matches)
    if (earlier !== undefined) return earlier
    if (this.#hasEnded) throw this.#failure('LAB_PROGRAM', 'has ended')
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const waiter: Waiter = { matches, resolve, reject }
    this.#waiters.push(waiter)
    const timer = setTimeout(() => {
      const late = `did not say ${what} in ${timeoutMs / 1000} s: it is stuck, or the machine is busy`
      reject(this.#failure('LAB_TIMEOUT', late))
    }, timeoutMs)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiters = this.#waiters.filter((other) => other !== waiter)
    }
  }

  /** Waits for its end. @throws LAB_TIMEOUT */
  async ended(timeoutMs: number): Promise<number | null> {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      reject(this.#failure('LAB_TIMEOUT', `was still running after ${timeoutMs} ms`))
    }, timeoutMs)
    try {
      return await Promise.race([this.exited, promise])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Hands every further line to a listener. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.push(listener)
  }

  write(text: string): void {
    this.#child.stdin!.write(text)
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#child.kill(signal)
  }

  /** Asks it to end, and kills it if it has not within `graceMs`. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 5_000): Promise<number | null> {
    this.signal(signal)
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs)
    const code = await this.exited
    clearTimeout(timer)
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #take(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
    for (const listener of this.#listeners) listener(line)
    for (const waiter of this.#waiters) if (waiter.matches(line)) waiter.resolve(line)
  }

  #end(how: string, resolve: (code: number | null) => void, code: number | null): void {
    this.#hasEnded = true
    for (const waiter of this.#waiters) waiter.reject(this.#failure('LAB_PROGRAM', how))
    resolve(code)
  }

  #failure(code: 'LAB_PROGRAM' | 'LAB_TIMEOUT', how: string): CausewayError {
    return new CausewayError(code, `${this.title} ${how}`, { detail: this.tail.slice(-4000) })
  }
}
