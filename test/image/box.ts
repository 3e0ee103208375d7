/**
 * A box as an admin in its LAN has it: everything by HTTPS from the LAN's host, as its page does it. No shell, no socket, no file of it.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { CausewayError, type ErrorBody } from '../../firmware/model/errors.ts'
import type { SessionState } from '../../firmware/model/local-api-access.ts'
import { type Answer, type Asker, openAsker, type Question } from '../lab/asker.ts'
import type { CommandResult } from '../lab/command.ts'
import type { Lab } from '../lab/lab.ts'

const user = 'admin'
const againMs = 200
/** Who is not there yet does not say so. */
const silenceMs = 4_000
const slowMs = 120_000
const uploadMs = 20 * 60_000

export interface BoxOptions {
  readonly lab: Lab
  /** Of the LAN's host: `berlin-host`. */
  readonly host: string
  /** Of the box in that LAN. */
  readonly address: string
  readonly password?: string
}

export class Box implements AsyncDisposable {
  readonly address: string
  readonly #options: BoxOptions
  readonly #asker: Asker
  readonly #password: string
  #session: { readonly cookie: string; readonly csrf: string } | null = null

  private constructor(options: BoxOptions, asker: Asker) {
    this.address = options.address
    this.#options = options
    this.#asker = asker
    this.#password = options.password ?? 'correct horse battery'
  }

  static async open(options: BoxOptions): Promise<Box> {
    return new Box(options, await openAsker(options.lab, options.host, options.address))
  }

  /** Until its API answers. @returns what it says of whoever asks. @throws LAB_TIMEOUT */
  async answers(timeoutMs: number): Promise<SessionState> {
    const deadlineMs = performance.now() + timeoutMs
    for (;;) {
      const question = { path: '/api/v1/session', isAlone: true, silenceMs }
      const { status, body } = await this.#asker.ask(question)
      if (status === 200) return JSON.parse(body) as SessionState
      if (performance.now() > deadlineMs) {
        const message = `${this.address} does not answer in ${timeoutMs / 1000} s`
        throw new CausewayError('LAB_TIMEOUT', `${message}: ${status ?? ''} ${body}`)
      }
      await passed(againMs)
    }
  }

  /** The first who comes to a blank box. */
  async setPassword(): Promise<void> {
    const body = { name: user, password: this.#password }
    this.#keep(await this.#post('/api/v1/first-password', body))
  }

  /** For five minutes also for what wants a password typed of late. */
  async signIn(): Promise<void> {
    this.#session = null
    const body = { name: user, password: this.#password }
    this.#keep(await this.#post('/api/v1/sign-in', body))
  }

  /** @throws what the box answers instead, by its code */
  async get<Said>(path: string): Promise<Said> {
    const question = { path, headers: this.#headers, silenceMs: slowMs }
    return read<Said>(await this.#ask(question))
  }

  /** The same of what is no JSON. */
  async text(path: string): Promise<string> {
    const answer = await this.#ask({ path, headers: this.#headers, silenceMs: slowMs })
    if (answer.status !== 200) read(answer)
    return answer.body
  }

  /** What wants the password typed of late has it typed once more. */
  async post<Said>(path: string, body: object = {}): Promise<Said> {
    const answer = await this.#post(path, body)
    const isStale = answer.status !== 200 && errorOf(answer).code === 'API_NOT_FRESH'
    if (isStale) await this.signIn()
    return read<Said>(isStale ? await this.#post(path, body) : answer)
  }

  /** Sends a file as it is. @returns what comes of it; null: the box broke off */
  async send<Said>(path: string, file: string): Promise<Said> {
    const { code, stdout, stderr } = await this.#curl(path, [...upload, '-T', file])
    const [body = '', status = ''] = splitLast(stdout)
    if (code !== 0 && status === '') {
      throw new CausewayError('LAB_COMMAND', `curl ended with ${code}: ${stderr.slice(-400)}`)
    }
    return read<Said>({ ...nothing, status: Number(status), body })
  }

  /** What is no text, posted for, as a file. */
  async fetch(path: string, body: object, file: string): Promise<void> {
    const argv = ['-X', 'POST', '-H', 'content-type: application/json', '-o', file, '--data', '@-']
    const { code, stdout, stderr } = await this.#curl(path, argv, JSON.stringify(body))
    if (code === 0 && stdout.trim() === '200') return
    throw new CausewayError('LAB_COMMAND', `${path}: ${stdout} ${stderr}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asker[Symbol.asyncDispose]()
  }

  #keep(answer: Answer): void {
    const { csrf } = read<SessionState>(answer)
    const [cookie = ''] = (answer.headers['set-cookie'] ?? '').split(';')
    this.#session = { cookie, csrf: csrf! }
  }

  #post(path: string, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...this.#headers }
    return this.#ask({
      ...{ method: 'POST', path, headers, body: JSON.stringify(body), silenceMs: slowMs },
      // One that is kept may end just as it is used again, and a POST is not asked twice.
      isAlone: true,
    })
  }

  /** @throws API_UNREACHABLE nobody answered, or broke off */
  async #ask(question: Question): Promise<Answer> {
    const answer = await this.#asker.ask(question)
    if (answer.status !== null) return answer
    throw new CausewayError('API_UNREACHABLE', `${question.path}: ${answer.body}`)
  }

  get #headers(): Record<string, string> {
    if (this.#session === null) return {}
    return { cookie: this.#session.cookie, 'x-causeway-csrf': this.#session.csrf }
  }

  async #curl(path: string, argv: readonly string[], input = ''): Promise<CommandResult> {
    const { lab, host } = this.#options
    const headers = Object.entries(this.#headers).flatMap(([name, value]) => [
      '-H',
      `${name}: ${value}`,
    ])
    const all = ['-sk', '-w', '\\n%{http_code}', ...headers, ...argv]
    const command = ['curl', ...all, `https://${this.address}${path}`]
    return lab.attempt(host, command, { input, timeoutMs: uploadMs })
  }
}

const upload = ['-X', 'POST', '-H', 'content-type: application/octet-stream'] as const
const nothing = { headers: {}, bytes: 0, ms: 0 } as const

function read<Said>(answer: Answer): Said {
  if (answer.status === 200) return JSON.parse(answer.body) as Said
  throw errorOf(answer)
}

/** With the code that the box gave it. */
function errorOf({ status, body }: Answer): CausewayError {
  try {
    const { code, message, ...more } = JSON.parse(body) as ErrorBody
    return new CausewayError(code, message, more)
  } catch {
    return new CausewayError('API_INTERNAL', `${status}: ${body.slice(0, 200)}`)
  }
}

/** A text and its last line. */
function splitLast(text: string): readonly [string, string] {
  const at = text.lastIndexOf('\n')
  return [text.slice(0, Math.max(0, at)), text.slice(at + 1)]
}
