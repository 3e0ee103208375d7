/**
 * UDP sockets of the machine. What arrives is worked off in small batches, so that a flood can cost this
 * process no more than it has to spare: the rest is dropped and counted.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { bindToDevice } from './device.ts'
import type { DatagramHandler, UdpAddress, UdpCounters, UdpSocket } from './udp.ts'

/** Datagrams handled before timers and other I/O get their turn. */
const batch = 16
/** Datagrams that wait for theirs. */
const queueLimit = 64

/**
 * Binds to an address and port; port 0 lets the kernel choose. IPv6 sockets take IPv6 only.
 * @param device the interface that it belongs to, so that its place is another one's as well; without: all of them
 * @throws the system error (EADDRINUSE, EADDRNOTAVAIL, EACCES, ENODEV) when the place is taken or not ours
 */
export async function bindUdp(local: UdpAddress, device?: string): Promise<UdpSocket> {
  const isV6 = isIPv6(local.address)
  const made = device === undefined ? null : bindToDevice(local, device)
  const socket = createSocket(isV6 ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' })
  try {
    // Rejects with the error, should that come first. What is bound already listens at once.
    const listens = once(socket, 'listening')
    if (made !== null) socket.bind({ fd: made.fd, exclusive: true })
    else socket.bind({ address: local.address, port: local.port, exclusive: true })
    await listens
  } catch (error) {
    socket.close()
    throw error
  }
  return wrap(socket, made?.isStale ?? (() => false))
}

function wrap(socket: Socket, isStale: () => boolean): UdpSocket {
  const { address, port } = socket.address()
  const handlers = new Set<DatagramHandler>()
  const queue: { datagram: Uint8Array; from: UdpAddress }[] = []
  const count = { received: 0, dropped: 0, sent: 0, sendErrors: 0 }
  let isClosed = false

  const drain = (): void => {
    for (const { datagram, from } of queue.splice(0, batch)) {
      for (const handler of handlers) handler(datagram, from)
    }
    if (queue.length > 0 && !isClosed) setImmediate(drain)
  }
  socket.on('message', (datagram, { address, port }) => {
    count.received++
    if (queue.length >= queueLimit) {
      count.dropped++
      return
    }
    // A link-local sender's zone is the interface that the socket is of.
    queue.push({ datagram, from: { address: address.split('%')[0]!, port } })
    if (queue.length === 1) setImmediate(drain)
  })
  // Errors of a datagram (an ICMP that came back, say) end nothing.
  socket.on('error', () => count.sendErrors++)

  return {
    local: { address, port },
    send: (datagram, to) => {
      try {
        socket.send(datagram, to.port, to.address, (error) => {
          if (error === null) count.sent++
          else count.sendErrors++
        })
      } catch {
        count.sendErrors++
      }
    },
    onDatagram: (handler) => {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    counters: (): UdpCounters => ({ ...count }),
    isStale,
    [Symbol.asyncDispose]: async () => {
      if (isClosed) return
      isClosed = true
      handlers.clear()
      queue.length = 0
      await new Promise<void>((resolve) => socket.close(resolve))
    },
  }
}
