/** Connections wait for their handshakes: boxes do not keep people, and who waits too long or has gone costs none. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { admitInTurns } from '../../../../firmware/host/link/admission.ts'

/** As in a ClientHello that offers it. */
const http = '\x08http/1.1'

/** A listener whose TLS notes what those who are let in have said, and ends them. */
async function openDoor() {
  const server = createServer()
  const events = new EventEmitter()
  const admitted: string[] = []
  server.on('connection', (socket: Socket) => {
    admitted.push(String(socket.read()).slice(0, 5))
    socket.destroy()
  })
  let nowMs = 0
  let turn = (): void => {}
  const turns = {
    nowMs: () => nowMs,
    later: (next: () => void) => {
      turn = next
    },
  }
  const admission = admitInTurns(server as unknown as Server, turns)
  server.on('connection', (socket: Socket) => {
    socket.on('readable', () => events.emit('heard'))
    socket.on('close', () => events.emit('closed'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  return {
    admission,
    admitted,
    events,
    turn: () => turn(),
    pass: (ms: number) => {
      nowMs += ms
    },
    come: async (...words: readonly string[]): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      for (const some of words) {
        const heard = once(events, 'heard')
        socket.write(some)
        await heard
      }
      return socket
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}

test('what a connection has said is there for its TLS, all of it', async () => {
  await using door = await openDoor()
  await door.come('bo', 'x-1')
  assert.deepEqual(door.admitted, [])
  door.turn()
  assert.deepEqual(door.admitted, ['box-1'])
})

test('a turn takes few, people beside boxes that came before them', async () => {
  await using door = await openDoor()
  for (const name of ['box-1', 'box-2', 'box-3']) await door.come(name)
  await door.come(`ann-1${http}`)
  door.turn()
  assert.deepEqual(door.admitted, ['ann-1', 'box-1', 'box-2'])
  assert.equal(door.admission.waiting, 1)
  door.turn()
  assert.deepEqual(door.admitted.at(-1), 'box-3')
})

test('who has waited until it is about to give up is closed without a handshake, and counted', async () => {
  await using door = await openDoor()
  const box = await door.come('box-1')
  door.pass(7_000)
  const ended = once(box.resume(), 'close')
  door.turn()
  await ended
  assert.deepEqual(door.admitted, [])
  assert.equal(door.admission.counters.late, 1)
  assert.equal(door.admission.waiting, 0)
})

test('who has gone meanwhile is not let in', async () => {
  await using door = await openDoor()
  const box = await door.come('box-1')
  const closed = once(door.events, 'closed')
  box.destroy()
  await closed
  door.turn()
  assert.deepEqual(door.admitted, [])
  assert.equal(door.admission.waiting, 0)
})

test('who says more than a hello is ended, and counted', async () => {
  await using door = await openDoor()
  const closed = once(door.events, 'closed')
  await door.come('x'.repeat(20_000))
  await closed
  assert.equal(door.admission.counters.tooLong, 1)
  door.turn()
  assert.deepEqual(door.admitted, [])
})
