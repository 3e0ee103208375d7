/**
 * A UDP network in memory, on a virtual clock, that loses, delays, doubles and reorders as told. Besides sockets
 * it serves whoever takes the sealed datagrams of an address (the fake datapath), as the real one does in C.
 */
import type { Clock } from '../clock/clock.ts'
import type { DatagramHandler, UdpAddress, UdpSocket } from './udp.ts'

/** How a network treats each datagram. */
export interface Weather {
  readonly lossRatio: number
  readonly duplicateRatio: number
  readonly delayMs: number
  /** Added to the delay, evenly spread: datagrams overtake each other. */
  readonly jitterMs: number
}

export const fairWeather: Weather = { lossRatio: 0, duplicateRatio: 0, delayMs: 10, jitterMs: 0 }

export interface FakeNetwork {
  bind(local: UdpAddress): UdpSocket
  /** Takes what is sealed (first byte 0xD1, 0xD2 or 0xD8) at an address, before its socket sees it. */
  attach(local: UdpAddress, handler: DatagramHandler): () => void
  send(datagram: Uint8Array, from: UdpAddress, to: UdpAddress): void
  setWeather(weather: Weather): void
  /** Sees every datagram as it is sent, lost ones too, and may have weather for it alone. */
  onSend(observer: SendObserver): void
}

export type SendObserver = (
  datagram: Uint8Array,
  from: UdpAddress,
  to: UdpAddress,
) => Weather | undefined

/** `random` yields evenly spread numbers from [0, 1). */
export function fakeNetwork(clock: Clock, random: () => number): FakeNetwork {
  let weather = fairWeather
  const sockets = new Map<string, Set<DatagramHandler>>()
  const taps = new Map<string, DatagramHandler>()
  const observers: SendObserver[] = []

  const deliver = (datagram: Uint8Array, from: UdpAddress, to: UdpAddress): void => {
    const tap = taps.get(keyOf(to))
    if (tap !== undefined && sealed.has(datagram[0]!)) {
      tap(datagram, from)
      return
    }
    for (const handler of sockets.get(keyOf(to)) ?? []) handler(datagram, from)
  }

  const send = (datagram: Uint8Array, from: UdpAddress, to: UdpAddress): void => {
    let here = weather
    for (const observer of observers) here = observer(datagram, from, to) ?? here
    const copy = Uint8Array.from(datagram)
    const copies = random() < here.duplicateRatio ? 2 : 1
    for (let index = 0; index < copies; index++) {
      if (random() < here.lossRatio) continue
      clock.after(here.delayMs + random() * here.jitterMs, () => deliver(copy, from, to))
    }
  }

  const bind = (local: UdpAddress): UdpSocket => {
    const handlers = new Set<DatagramHandler>()
    if (sockets.has(keyOf(local))) throw new Error(`EADDRINUSE: ${keyOf(local)}`)
    sockets.set(keyOf(local), handlers)
    const count = { received: 0, dropped: 0, sent: 0, sendErrors: 0 }
    handlers.add(() => count.received++)
    return {
      local,
      send: (datagram, to) => {
        if (sockets.get(keyOf(local)) !== handlers) {
          count.sendErrors++
          return
        }
        count.sent++
        send(datagram, local, to)
      },
      onDatagram: (handler) => {
        handlers.add(handler)
        return () => handlers.delete(handler)
      },
      counters: () => ({ ...count }),
      isStale: () => false,
      [Symbol.asyncDispose]: async () => {
        if (sockets.get(keyOf(local)) === handlers) sockets.delete(keyOf(local))
      },
    }
  }

  return {
    bind,
    attach: (local, handler) => {
      taps.set(keyOf(local), handler)
      return () => taps.delete(keyOf(local))
    },
    send,
    setWeather: (next) => {
      weather = next
    },
    onSend: (observer) => {
      observers.push(observer)
    },
  }
}

const sealed: ReadonlySet<number> = new Set([0xd1, 0xd2, 0xd8])

function keyOf({ address, port }: UdpAddress): string {
  return `${address} ${port}`
}
