/** The datapath process, by its unix socket. Its death is a normal event: every verb fails, `onClose` is told. */
import { connect, type Socket } from 'node:net'
import { CausewayError } from '../../model/errors.ts'
import { encodeFrameHead, eventKind, type Frame, FrameReader } from '../../wire/datapath-frame.ts'
import { type Answer, datapathOver, type Transport } from './client.ts'
import type { Datapath } from './datapath.ts'

const pendingMax = 4096
const answerMs = 5_000

interface Pending {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: CausewayError) => void
  readonly timer: NodeJS.Timeout
}

/** @throws DATAPATH_UNREACHABLE, DATAPATH_ABI */
export async function connectDatapath(socketPath: string): Promise<Datapath> {
  const socket = await openSocket(socketPath)
  const transport = new SocketTransport(socket)
  try {
    return await datapathOver(transport)
  } catch (error) {
    await transport[Symbol.asyncDispose]()
    throw error
  }
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const refuse = (cause: Error): void =>
      reject(
        new CausewayError('DATAPATH_UNREACHABLE', 'no datapath answers', {
          detail: cause.message,
          cause,
        }),
      )
    socket.once('error', refuse)
    socket.once('connect', () => {
      socket.off('error', refuse)
      resolve(socket)
    })
  })
}

class SocketTransport implements Transport {
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  readonly #pending = new Map<number, Pending>()
  readonly #onEvents: ((bytes: Uint8Array) => void)[] = []
  readonly #onCloses: ((reason: string) => void)[] = []
  #nextId = 1
  #closed: string | null = null

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#end(error.message))
    socket.on('close', () => this.#end('the datapath closed the connection'))
  }

  call(verb: number, payload: Uint8Array): Promise<Answer> {
    if (this.#closed !== null) return Promise.reject(unreachable(this.#closed))
    if (this.#pending.size >= pendingMax) {
      return Promise.reject(new CausewayError('DATAPATH_BUSY', 'too many unanswered calls'))
    }
    const id = this.#nextId
    this.#nextId = (id % 0xffff_ffff) + 1
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end('no answer in time'), answerMs)
      this.#pending.set(id, { resolve, reject, timer })
      this.#socket.write(encodeFrameHead({ kind: verb, id, status: 0, payload }))
      this.#socket.write(payload)
    })
  }

  onEvent(handler: (bytes: Uint8Array) => void): void {
    this.#onEvents.push(handler)
  }

  onClose(handler: (reason: string) => void): void {
    if (this.#closed !== null) queueMicrotask(() => handler(this.#closed ?? 'closed'))
    else this.#onCloses.push(handler)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end('closed')
  }

  #read(chunk: Buffer): void {
    const frames = this.#framesOf(chunk)
    // A fault of whoever handles a frame is no fault of the datapath's: it crashes this process.
    for (const frame of frames) this.#take(frame)
  }

  #framesOf(chunk: Buffer): readonly Frame[] {
    try {
      return this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#end(error.message)
      return []
    }
  }

  #take({ kind, id, status, payload }: Frame): void {
    if (kind === eventKind) {
      for (const handler of this.#onEvents) handler(payload)
      return
    }
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    pending.resolve({ status, bytes: payload })
  }

  #end(reason: string): void {
    if (this.#closed !== null) return
    this.#closed = reason
    this.#socket.destroy()
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(unreachable(reason))
    }
    this.#pending.clear()
    for (const handler of this.#onCloses) handler(reason)
  }
}

function unreachable(detail: string): CausewayError {
  return new CausewayError('DATAPATH_UNREACHABLE', 'the datapath is gone', { detail })
}
