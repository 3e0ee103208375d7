/**
 * Whether a connection from a LAN is worth a TLS handshake, which costs what a peer's handshake does and on the same
 * loop: so often for each source, and so many open at once. IPv4 addresses and IPv6 /64s are sources.
 */
import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '../../host/clock/clock.ts'
import { openSourceBuckets } from '../../plan/rate-limit.ts'
import { sourceKey } from '../../wire/ip.ts'

/** A browser opens six at once, and keeps one for each page that follows events. */
const rate = { perSecond: 5, burst: 40 }
const mostSources = 256
/** Of the 160 that an address has; the rest is for others. */
const mostOpen = 32

export interface ConnectionLimit {
  /** What comes above the limits is closed before TLS sees it. */
  guard(server: Server): void
}

/** One for all servers that share a loop. */
export function openConnectionLimit(clock: Pick<Clock, 'nowMs'>): ConnectionLimit {
  const buckets = openSourceBuckets(rate, mostSources)
  const open = new Map<string, number>()
  const admits = (socket: Socket): boolean => {
    // It is gone already.
    if (socket.remoteAddress === undefined) return false
    const source = sourceKey(socket.remoteAddress)
    const count = open.get(source) ?? 0
    if (count >= mostOpen || !buckets.take(source, clock.nowMs())) return false
    open.set(source, count + 1)
    socket.once('close', () => {
      const left = open.get(source)! - 1
      if (left > 0) open.set(source, left)
      else open.delete(source)
    })
    return true
  }
  return {
    guard: (server) => {
      // TLS begins in these; a listener in front of them could not keep a connection from them.
      const begin = server.listeners('connection')
      server.removeAllListeners('connection')
      server.on('connection', (socket: Socket) => {
        if (!admits(socket)) socket.destroy()
        else for (const listener of begin) listener.call(server, socket)
      })
    },
  }
}
