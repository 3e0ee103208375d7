/**
 * Serves an addon on a unix socket (0600): every frame is a verb, answered in order; events go to every client. It
 * adds no meaning of its own. A client that does not read its events is cut off; events that nobody is there to hear
 * are no loss, for a client that comes asks for the keypairs first.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import { encodeFrameHead, eventKind, type Frame, FrameReader } from '../../wire/datapath-frame.ts'
import type { Addon } from './addon.ts'

const clientsMax = 4
const unreadBytesMax = 8 << 20

/** Takes the socket's place over from a process that died. @throws DATAPATH_BUSY when one is alive there */
export async function serveAddon(socketPath: string, addon: Addon): Promise<AsyncDisposable> {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 })
  if (await isAlive(socketPath)) {
    throw new CausewayError('DATAPATH_BUSY', `a datapath serves ${socketPath} already`)
  }
  rmSync(socketPath, { force: true })
  const clients = new Set<Socket>()
  addon.onEvent((payload) => {
    const frame = { kind: eventKind, id: 0, status: 0, payload }
    for (const client of clients) send(client, frame)
  })
  const server = createServer((socket) => {
    if (clients.size >= clientsMax) {
      socket.destroy()
      return
    }
    clients.add(socket)
    socket.on('close', () => clients.delete(socket))
    socket.on('error', () => socket.destroy())
    serve(socket, addon)
  })
  await listen(server, socketPath)
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const client of clients) client.destroy()
      }),
  }
}

function serve(socket: Socket, addon: Addon): void {
  const reader = new FrameReader()
  socket.on('data', (chunk: Buffer) => {
    const frames = framesOf(reader, chunk)
    if (frames === null) socket.destroy()
    for (const { kind, id, payload } of frames ?? []) {
      const { status, bytes } = addon.callNow(kind, payload)
      payload.fill(0)
      send(socket, { kind, id, status, payload: bytes })
    }
  })
}

/** Null for a frame of no possible length: the stream cannot be read on. */
function framesOf(reader: FrameReader, chunk: Buffer): readonly Frame[] | null {
  try {
    return reader.push(chunk)
  } catch (error) {
    if (error instanceof CausewayError) return null
    throw error
  }
}

function send(socket: Socket, frame: Frame): void {
  if (socket.writableLength > unreadBytesMax) {
    socket.destroy()
    return
  }
  socket.write(encodeFrameHead(frame))
  socket.write(frame.payload)
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    const answer = (isThere: boolean): void => {
      probe.destroy()
      resolve(isThere)
    }
    probe.once('connect', () => answer(true))
    probe.once('error', () => answer(false))
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // The folder is closed to others, so that the socket is never reachable between these two steps.
    server.listen(path, () => {
      chmodSync(path, 0o600)
      resolve()
    })
  })
}
