/** `causeway console`, as somebody types at a serial line: it draws by itself, and does nothing irrevocable by one word. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import type { Call } from '../../../firmware/cli/call.ts'
import { consoleLoop } from '../../../firmware/cli/console.ts'
import { openApi } from '../../../firmware/gateway/api/api.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import type { Status } from '../../../firmware/model/local-api.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { noAccess, partsWith } from '../gateway/sample-access.ts'
import { noChanges } from '../gateway/sample-answers.ts'
import { alone, noEnrolment } from '../gateway/sample-enrolment.ts'
import { noSystem } from '../gateway/sample-system.ts'
import { statusFacts } from '../plan/sample-status.ts'
import { root } from './shell.ts'

const places = placesOf('main', root)
const parts = noAccess()
const done: string[] = []
let status: Status = composeStatus(statusFacts())
const api = await openApi(
  Object.assign(partsWith(parts), {
    socketPath: places.apiSocket,
    onFault: (error: Error) => assert.fail(error),
    status: () => status,
    config: noChanges,
    enrolment: { ...noEnrolment, reset: async () => void done.push('reset') },
    system: {
      ...noSystem,
      restart: async (what: string) => {
        done.push(what)
        return { inSeconds: 1 }
      },
    },
  }),
)
after(async () => {
  await api[Symbol.asyncDispose]()
  await parts.access[Symbol.asyncDispose]()
})

/** Nothing that is waited for takes this long. */
const mostMs = 10_000

class Terminal implements AsyncDisposable {
  readonly #input = new PassThrough()
  readonly #ended: Promise<unknown>
  #text = ''
  #wake = (): void => {}

  constructor() {
    const output = {
      out: (text: string): void => {
        this.#text += text
        this.#wake()
      },
      err: (text: string): void => assert.fail(text),
    }
    const marks = {}
    const call: Call = {
      ...{ words: ['console'], places, isJson: false, isWide: false, isSure: false, marks },
      ...{ confirmSeconds: null, terminals: [], output, input: this.#input },
    }
    this.#ended = consoleLoop(call, 20)
  }

  type(line: string): void {
    this.#input.write(`${line}\r`)
  }

  /** What was written since the last call, once it has this in it. */
  async seen(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text)) {
      await new Promise<void>((wake, fail) => {
        const late = setTimeout(() => fail(new Error(`no ${pattern} in: ${this.#text}`)), mostMs)
        this.#wake = () => {
          clearTimeout(late)
          wake()
        }
      })
    }
    const text = this.#text
    this.#text = ''
    return text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#input.end()
    await this.#ended
  }
}

test('it draws at once, and again when something changes', async () => {
  await using terminal = new Terminal()
  await terminal.seen(/Causeway .*site berlin/)
  status = { ...status, health: 'uplink wan0 is down' }
  await terminal.seen(/State +uplink wan0 is down/)
})

test('a reset wants its word twice, then the serial', async () => {
  await using terminal = new Terminal()
  // A terminal that was asked for its size answers before what is typed.
  terminal.type('\u001b[24;80Rreset')
  await terminal.seen(/Type reset once more/)
  terminal.type('yes')
  await terminal.seen(/Nothing was done/)
  terminal.type('reset')
  await terminal.seen(/Type reset once more/)
  terminal.type('RESET')
  await terminal.seen(/Type the serial, abababab/)
  terminal.type('00000000')
  await terminal.seen(/Nothing was done/)
  assert.deepEqual(done, [])
  for (const line of ['reset', 'reset', alone.serial]) {
    terminal.type(line)
    await terminal.seen(/Type |Done/)
  }
  assert.deepEqual(done.splice(0), ['reset'])
})

test('a restart is the machine’s, and wants its word twice', async () => {
  await using terminal = new Terminal()
  terminal.type('restart')
  await terminal.seen(/Type restart once more/)
  terminal.type('restart')
  await terminal.seen(/Done: it starts anew/)
  assert.deepEqual(done.splice(0), ['machine'])
})

test('a code for the first password is made when it is asked for; noise is no command', async () => {
  await using terminal = new Terminal()
  await terminal.seen(/type code to see it/)
  terminal.type('code')
  await terminal.seen(/Set-up +[A-Z2-9]{5}-[A-Z2-9]{5} /)
  terminal.type('\u0000\u0007login: root')
  await terminal.seen(/There is no '.*' here/)
})
