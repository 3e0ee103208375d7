/**
 * One TCP connection with slow and steady content both ways, which each end compares byte for byte: 20 kB a second each. It is
 * never made again: what survives on it, survives on one 5-tuple. A server takes one connection.
 *   node steady.ts serve PORT [corrupt]
 *   node steady.ts connect ADDRESS PORT
 * Says {"event":"listening"}, {"event":"connected","port"} with the client's port; on `end` at stdin of both, and once both have
 * closed the connection in order, {"event":"done","sent","received","isEqual","longestMs"}, the longest time without an arrival;
 * {"event":"failed","message"} when it breaks before.
 */
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { contentOf } from './content.ts'

const pieceBytes = 1_000
const tickMs = 50
const seeds = { serve: 1, connect: 2 } as const

const [role, ...args] = process.argv.slice(2)

/** Reads on in an endless content. */
function reader(seed: number): (bytes: number) => Buffer {
  const chunks = contentOf({ seed, bytes: Number.MAX_SAFE_INTEGER })
  let rest: Buffer = Buffer.alloc(0)
  return (bytes) => {
    while (rest.length < bytes) rest = Buffer.concat([rest, chunks.next().value!])
    const taken = rest.subarray(0, bytes)
    rest = rest.subarray(bytes)
    return taken
  }
}

function say(event: Record<string, unknown>): void {
  console.log(JSON.stringify(event))
}

function exchange(socket: Socket, own: number, theirs: number, isCorrupt: boolean): void {
  const give = reader(own)
  const expect = reader(theirs)
  let sent = 0
  let received = 0
  let isEqual = true
  let heardMs = performance.now()
  let longestMs = 0
  say({ event: 'connected', port: role === 'connect' ? socket.localPort : socket.remotePort })
  const tick = setInterval(() => {
    const piece = Buffer.from(give(pieceBytes))
    if (isCorrupt && sent === 0) piece[0]! ^= 0x01
    socket.write(piece)
    sent += piece.length
  }, tickMs)
  socket.on('data', (bytes: Buffer) => {
    isEqual = isEqual && bytes.equals(expect(bytes.length))
    received += bytes.length
    longestMs = Math.max(longestMs, performance.now() - heardMs)
    heardMs = performance.now()
  })
  // When both ends have ended it: the far one may have been told to before this one, which goes on until it is told too.
  socket.on('close', () => {
    say({ event: 'done', sent, received, isEqual, longestMs })
    process.exit(0)
  })
  socket.on('error', ({ message }) => {
    say({ event: 'failed', message })
    process.exit(1)
  })
  createInterface({ input: process.stdin }).on('line', () => {
    clearInterval(tick)
    socket.end()
  })
}

if (role === 'serve') {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    server.close()
    exchange(socket, seeds.serve, seeds.connect, args[1] === 'corrupt')
  })
  server.listen(Number(args[0]), '::', () => say({ event: 'listening' }))
} else {
  const [host, port] = args
  const socket = connect({ host: host!, port: Number(port), allowHalfOpen: true, noDelay: true })
  socket.once('connect', () => exchange(socket, seeds.connect, seeds.serve, false))
}
