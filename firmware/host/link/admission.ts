/**
 * Whose TLS handshake is next. A handshake costs its server 2 ms of signing and checking, and all that come at once would be one turn of
 * the event loop: a thousand boxes would keep everybody waiting for all of theirs. So connections wait until a turn takes them, few
 * in each, people before boxes. What has said no hello yet costs nothing but its socket; what waited until its box is about to give
 * up is closed before anything is computed for it: the box calls again later.
 */
import type { Server } from 'node:https'
import type { Socket } from 'node:net'

export interface Admission {
  /** Connections that have said hello. */
  readonly waiting: number
  /** Closed without a handshake: waited for too long; said nothing, or what is no hello. */
  readonly counters: { late: number; silent: number; tooLong: number }
}

/** Of a turn: 10 ms of handshakes at most. */
const mostInTurn = { people: 4, boxes: 2 } as const
/** A box gives a call 10 s, and a handshake needs some of them. */
const lateMs = 6_000
const helloMs = 10_000
/** A ClientHello with a post-quantum share has 1.5 KB. */
const mostHelloBytes = 16 * 1024
/** Browsers and programs offer it in the clear (ALPN, RFC 7301); a box offers nothing. Whoever does either has no more than a lane. */
const alpnHttp = Buffer.from('\x08http/1.1', 'latin1')

interface Waiting {
  readonly sinceMs: number
  readonly admit: () => void
}

type Lane = Map<Socket, Waiting>

export interface Turns {
  readonly nowMs: () => number
  readonly later: (turn: () => void) => void
}

/** @param server that has no connections yet @param turns when it is, and when the next turn is */
export function admitInTurns(
  server: Server,
  { nowMs, later }: Turns = { nowMs: () => performance.now(), later: setImmediate },
): Admission {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  const lanes: Record<keyof typeof mostInTurn, Lane> = { people: new Map(), boxes: new Map() }
  const counters = { late: 0, silent: 0, tooLong: 0 }
  let isDue = false
  const turn = (): void => {
    isDue = false
    takeFrom(lanes.people, mostInTurn.people)
    takeFrom(lanes.boxes, mostInTurn.boxes)
    wake()
  }
  const wake = (): void => {
    if (isDue || lanes.people.size + lanes.boxes.size === 0) return
    isDue = true
    later(turn)
  }
  const takeFrom = (lane: Lane, most: number): void => {
    let taken = 0
    for (const [socket, { sinceMs, admit }] of lane) {
      if (nowMs() - sinceMs > lateMs) {
        counters.late++
        lane.delete(socket)
        socket.destroy()
        continue
      }
      if (taken++ === most) return
      lane.delete(socket)
      admit()
    }
  }
  server.on('connection', (socket: Socket) => {
    listen(socket, counters, (hello, admit) => {
      const lane = hello.includes(alpnHttp) ? lanes.people : lanes.boxes
      lane.set(socket, { sinceMs: nowMs(), admit: () => admit(listeners, server) })
      socket.once('close', () => lane.delete(socket))
      wake()
    })
  })
  return {
    get waiting() {
      return lanes.people.size + lanes.boxes.size
    },
    counters,
  }
}

type Admit = (listeners: readonly unknown[], server: Server) => void

/** Waits for the first bytes of a connection, and for its end while it waits. */
function listen(
  socket: Socket,
  counters: Admission['counters'],
  onHello: (hello: Buffer, admit: Admit) => void,
): void {
  let hello = Buffer.alloc(0)
  const read = (): void => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) {
      // The other end has gone.
      socket.destroy()
      return
    }
    const isFirst = hello.length === 0
    hello = Buffer.concat([hello, chunk])
    if (hello.length > mostHelloBytes) {
      counters.tooLong++
      socket.destroy()
    } else if (isFirst) onHello(hello, admit)
  }
  const silent = (): void => {
    counters.silent++
    socket.destroy()
  }
  const broken = (): void => {}
  const admit: Admit = (listeners, server) => {
    socket.removeListener('readable', read)
    socket.removeListener('timeout', silent)
    socket.removeListener('error', broken)
    socket.setTimeout(0)
    socket.unshift(hello)
    for (const listener of listeners) (listener as (one: Socket) => void).call(server, socket)
  }
  socket.on('readable', read)
  socket.on('timeout', silent)
  socket.on('error', broken)
  socket.setTimeout(helloMs)
}
