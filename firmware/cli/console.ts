/**
 * `causeway console`: what an appliance shows at its serial line and screen, again whenever it changes. Whoever stands there has the
 * box in the hand, so there is no login; but no shell either, and three words alone. Ends with its input.
 */
import { readImageFacts } from '../host/appliance/facts.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import { readRecovery } from '../host/prepare/recovery.ts'
import { askApi } from '../host/system/api-client.ts'
import type { Places } from '../host/system/places.ts'
import { openTerminal } from '../host/system/terminal.ts'
import type { EnrolmentAnswer } from '../model/enrolment.ts'
import { CausewayError } from '../model/errors.ts'
import type { Status } from '../model/local-api.ts'
import type { SessionState, SetupCodeAnswer } from '../model/local-api-access.ts'
import type { ConfigAnswer } from '../model/local-api-config.ts'
import { type Call, type ExitCode, exitCode } from './call.ts'
import { type ConsoleFacts, consoleText } from './console-text.ts'

const lookMs = 4_000
const askMs = 10_000
/** A line of noise is no command. */
const mostLetters = 64
/** VT100: home, and clear from there: a serial terminal keeps no more of what was. */
const clear = '\u001b[H\u001b[2J'

/** What a terminal says by itself where somebody asks it (ECMA-48 §5.4), and the keys that move a cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what such an answer begins with
const answers = /\u001b\[[0-9;?]{0,16}[A-Za-z~]/g

interface Code {
  readonly code: string
  readonly endsMs: number
}

/** At standard input and output, or at each of the terminals that is there: one process for all, since each would take 80 MB. */
export async function consoles(call: Call): Promise<ExitCode> {
  if (call.terminals.length === 0) return consoleLoop(call)
  const open = await Promise.all(call.terminals.map(openTerminal))
  const there = open.filter((terminal) => terminal !== null)
  if (there.length === 0) throw new CausewayError('HOST_SYSTEM', 'none of the terminals is there')
  await Promise.race(
    there.map(({ input, out }) => consoleLoop({ ...call, input, output: { ...call.output, out } })),
  )
  // Its supervisor opens them again.
  return exitCode.failed
}

/** @param everyMs how often it looks, but in tests */
export async function consoleLoop(call: Call, everyMs = lookMs): Promise<ExitCode> {
  const { places, output } = call
  const prompt = new Prompt(call)
  let shown = ''
  let isEnded = false
  const draw = async (isForced: boolean): Promise<void> => {
    const text = consoleText(await readFacts(places, prompt.setupCode)).join('\r\n')
    if (!isForced && (text === shown || prompt.isAsking)) return
    shown = text
    output.out(`${clear}${text}\r\n> `)
  }
  const watch = async (): Promise<void> => {
    while (!isEnded) {
      await draw(false)
      await new Promise((next) => setTimeout(next, everyMs))
    }
  }
  const watching = watch()
  for await (const line of linesOf(call.input)) {
    const said = await prompt.take(line)
    if (said === null) await draw(true)
    else output.out(`${said}\r\n> `)
  }
  isEnded = true
  await watching
  return exitCode.done
}

/** What was typed, and what the next line answers. */
class Prompt {
  readonly #call: Call
  #asked: 'restart' | 'reset' | 'serial' | null = null
  #code: Code | null = null

  constructor(call: Call) {
    this.#call = call
  }

  /** Somebody is about to answer: what stands there stays. */
  get isAsking(): boolean {
    return this.#asked !== null
  }

  get setupCode(): string | null {
    return this.#code !== null && performance.now() < this.#code.endsMs ? this.#code.code : null
  }

  /** @returns what is said to it; null: look again */
  async take(line: string): Promise<string | null> {
    const word = line.trim().toLowerCase()
    const asked = this.#asked
    this.#asked = null
    if (word === '') return null
    try {
      if (asked === null) return await this.#begin(word)
      if (asked === 'restart' && word === 'restart')
        return await this.#post('/api/v1/system/restart', { what: 'machine' }, 'it starts anew')
      if (asked === 'reset' && word === 'reset') return await this.#askSerial()
      if (asked === 'serial' && word === (await this.#serial()).toLowerCase())
        return await this.#post('/api/v1/reset', {}, 'it becomes blank')
      return 'Nothing was done.'
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      return `That failed: ${error.message} (${error.code})`
    }
  }

  async #begin(word: string): Promise<string | null> {
    if (word === 'restart' || word === 'reset') {
      this.#asked = word
      const what =
        word === 'restart'
          ? 'Nothing passes while it starts.'
          : 'Configuration, owner, users and history go, for good.'
      return `${what} Type ${word} once more to go on, anything else to leave it.`
    }
    if (word !== 'code') return `There is no '${word.replaceAll(/[^ -~]/g, '?')}' here.`
    const answer = await askApi(this.#call.places.apiSocket, '/api/v1/setup-code', { post: {} })
    const { code, seconds } = JSON.parse(answer) as SetupCodeAnswer
    this.#code = { code, endsMs: performance.now() + seconds * 1_000 }
    return null
  }

  async #askSerial(): Promise<string> {
    this.#asked = 'serial'
    return `Type the serial, ${await this.#serial()}, to make this box blank.`
  }

  async #serial(): Promise<string> {
    const answer = await askApi(this.#call.places.apiSocket, '/api/v1/enrolment')
    return (JSON.parse(answer) as EnrolmentAnswer).serial
  }

  async #post(path: string, post: object, done: string): Promise<string> {
    await askApi(this.#call.places.apiSocket, path, { post })
    return `Done: ${done}.`
  }
}

async function readFacts(places: Places, setupCode: string | null): Promise<ConsoleFacts> {
  const ask = async <Answer>(path: string): Promise<Answer | null> => {
    try {
      return JSON.parse(await askApi(places.apiSocket, path, { timeoutMs: askMs })) as Answer
    } catch {
      // Whatever keeps it from answering is over by the next look, or is shown as this.
      return null
    }
  }
  const image = await readImageFacts()
  const recovery = await readRecovery(places).catch(() => null)
  const status = await ask<Status>('/api/v1/status')
  const none = { config: null, enrolment: null, session: null }
  if (status === null) return { ...none, image, recovery, status, setupCode }
  const shown = await ask<ConfigAnswer>('/api/v1/config')
  return {
    ...{ image, recovery, status, setupCode },
    // Secrets that are hidden in it make it no other network.
    config: shown === null ? null : parseDeviceConfig(shown.text).config,
    enrolment: await ask<EnrolmentAnswer>('/api/v1/enrolment'),
    session: await ask<SessionState>('/api/v1/session'),
  }
}

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let waiting = ''
  for await (const bytes of input) {
    waiting += decoder.decode(bytes, { stream: true })
    const lines = waiting.split(/\r\n|\r|\n/)
    waiting = lines.pop()!.slice(-mostLetters)
    for (const line of lines) yield line.replaceAll(answers, '').slice(0, mostLetters)
  }
}
