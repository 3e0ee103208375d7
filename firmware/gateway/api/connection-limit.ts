/**
 * Whether a connection from a LAN is worth a TLS handshake, which costs what a peer's handshake does and on the same
 * loop: so often for each source, and so many open at once. One that comes too soon waits a while, unread: a page that is opened
 * beside many others comes late, and not in parts. IPv4 addresses and IPv6 /64s are sources.
 */
import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { openSourceBuckets } from '../../plan/rate-limit.ts'
import { sourceKey } from '../../wire/ip.ts'

/** A browser opens six at once, and keeps one for each page that follows events. */
const rate = { perSecond: 5, burst: 40 }
const mostSources = 256
/** Of the 160 that an address has; the rest is for others. Those that wait count. */
const mostOpen = 32
/** Each of a source waits for those before it: the last some three seconds. */
const mostWaiting = { ofSource: 16, inAll: 64 }
const lookMs = 200

export interface ConnectionLimit extends Disposable {
  /** What comes above the limits is closed before TLS sees it. */
  guard(server: Server): void
}

interface Waiting {
  readonly socket: Socket
  readonly begin: () => void
}

/** One for all servers that share a loop. */
export function openConnectionLimit(clock: Clock): ConnectionLimit {
  const buckets = openSourceBuckets(rate, mostSources)
  const open = new Map<string, number>()
  /** By source, each oldest first. A source without any is not in it. */
  const queues = new Map<string, Waiting[]>()
  let waiting = 0
  let cancelLook: CancelTimer | null = null

  /** False: it is to be closed. */
  const counted = (socket: Socket, source: string): boolean => {
    const count = open.get(source) ?? 0
    if (count >= mostOpen) return false
    open.set(source, count + 1)
    socket.once('close', () => {
      const left = open.get(source)! - 1
      if (left > 0) open.set(source, left)
      else open.delete(source)
    })
    return true
  }
  const look = (): void => {
    cancelLook = null
    for (const [source, queue] of queues) {
      for (let first = queue[0]; first !== undefined; first = queue[0]) {
        const isGone = first.socket.destroyed
        if (!isGone && !buckets.take(source, clock.nowMs())) break
        queue.shift()
        waiting--
        if (!isGone) first.begin()
      }
      if (queue.length === 0) queues.delete(source)
    }
    lookLater()
  }
  const lookLater = (): void => {
    if (waiting > 0) cancelLook ??= clock.after(lookMs, look)
  }
  const wait = (source: string, one: Waiting): boolean => {
    const queue = queues.get(source) ?? []
    if (queue.length >= mostWaiting.ofSource || waiting >= mostWaiting.inAll) return false
    queue.push(one)
    queues.set(source, queue)
    waiting++
    lookLater()
    return true
  }
  const take = (socket: Socket, begin: () => void): void => {
    // It is gone already.
    if (socket.remoteAddress === undefined) return
    const source = sourceKey(socket.remoteAddress)
    if (!counted(socket, source)) socket.destroy()
    // Nobody overtakes those who wait.
    else if (!queues.has(source) && buckets.take(source, clock.nowMs())) begin()
    else if (!wait(source, { socket, begin })) socket.destroy()
  }
  return {
    guard: (server) => {
      // TLS begins in these; a listener in front of them could not keep a connection from them.
      const begin = server.listeners('connection')
      server.removeAllListeners('connection')
      server.on('connection', (socket: Socket) => {
        // One that waits has nobody yet who listens to what breaks it.
        socket.on('error', () => socket.destroy())
        take(socket, () => {
          for (const listener of begin) listener.call(server, socket)
        })
      })
    },
    [Symbol.dispose]: () => {
      cancelLook?.()
      for (const { socket } of [...queues.values()].flat()) socket.destroy()
      queues.clear()
      waiting = 0
    },
  }
}
