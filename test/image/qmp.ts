/** Tells a running QEMU what to do, by its machine protocol (QMP): a command a line, an answer a line, events between. */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as passed } from 'node:timers/promises'
import { CausewayError } from '../../firmware/model/errors.ts'

const answerMs = 30_000
const connectMs = 30_000
const againMs = 50

const noAnswer = { error: { desc: 'the machine has ended' } }

interface Message {
  readonly id?: number
  readonly return?: unknown
  readonly error?: { readonly desc: string }
  readonly event?: string
  readonly data?: { readonly reason?: string }
}

export class Qmp {
  /** Why the machine has ended, as QEMU names it (`guest-shutdown`, `guest-reset`, …); null where it did not come to say so. Never rejects. */
  readonly ended: Promise<string | null>
  readonly #socket: Socket
  readonly #waiting = new Map<number, (message: Message) => void>()
  #last = 0
  #hasEnded = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    const lines = createInterface({ input: socket })
    lines.on('error', () => {})
    let why: string | null = null
    lines.on('line', (line) => {
      const { id, event, data, ...answer } = messageOf(line)
      if (id !== undefined) this.#waiting.get(id)?.(answer)
      else if (event === 'SHUTDOWN') why = data?.reason ?? null
    })
    socket.on('close', () => lines.close())
    this.ended = new Promise((resolve) => {
      // Whether it ends in order or breaks; what it said last has been read by then.
      lines.once('close', () => {
        this.#hasEnded = true
        for (const done of this.#waiting.values()) done(noAnswer)
        resolve(why)
      })
    })
  }

  /** Once the machine listens. @param isWorthIt asked before each try @throws LAB_TIMEOUT */
  static async open(path: string, isWorthIt: () => boolean): Promise<Qmp> {
    const deadlineMs = performance.now() + connectMs
    for (;;) {
      const socket = await connected(path)
      if (socket !== null) {
        const qmp = new Qmp(socket)
        await qmp.execute('qmp_capabilities')
        return qmp
      }
      if (performance.now() > deadlineMs || !isWorthIt()) {
        throw new CausewayError('LAB_TIMEOUT', `nobody answers at ${path}`)
      }
      await passed(againMs)
    }
  }

  /** @returns what QEMU answers. @throws LAB_COMMAND with what it says, LAB_TIMEOUT */
  async execute(command: string, parameters: object = {}): Promise<unknown> {
    const id = ++this.#last
    const { promise, resolve, reject } = Promise.withResolvers<Message>()
    const late = new CausewayError('LAB_TIMEOUT', `QMP ${command}: no answer in ${answerMs} ms`)
    const timer = setTimeout(() => reject(late), answerMs)
    this.#waiting.set(id, resolve)
    if (this.#hasEnded) resolve(noAnswer)
    else this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`)
    try {
      const { error, return: answer } = await promise
      if (error === undefined) return answer
      throw new CausewayError('LAB_COMMAND', `QMP ${command}: ${error.desc}`)
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }
}

/** Nothing, of half a line: it was killed while it spoke. */
function messageOf(line: string): Message {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

/** Null: nobody listens there yet. */
function connected(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(null))
  })
}
