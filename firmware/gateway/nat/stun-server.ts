/**
 * Answers STUN Binding requests where this box relays for others: on its overlay ports, and on the other port of RFC 5780, of
 * every uplink. Keeps nothing of who asks but how often; what is not a well-formed request gets no answer.
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { UdpAddress, UdpSocket } from '../../host/udp/udp.ts'
import { isIpv6 } from '../../plan/prefix.ts'
import {
  type Bucket,
  openBucket,
  openSourceBuckets,
  type SourceBuckets,
} from '../../plan/rate-limit.ts'
import { sourceKey } from '../../wire/ip.ts'
import {
  type Change,
  decodeRequest,
  encodeResponse,
  encodeUnknownAttributes,
} from '../../wire/stun.ts'
import { stunHeaderBytes } from '../../wire/stun-frame.ts'
import type { OpenPorts } from '../uplink-sockets.ts'

/** As much as C lets through on overlay ports; a box asks 20 times in a round, and many may be behind one address. */
const rate = { perSecond: 1_000, burst: 200 }
const sourceRate = { perSecond: 40, burst: 120 }
const mostSources = 4_096
const changeRequest = 0x0003

/** One address of an uplink, by its sockets. */
interface Place {
  readonly isPrivate: boolean
  readonly address: string
  /** The first is that of the overlay's own port. */
  readonly overlay: readonly UdpSocket[]
  readonly other: UdpSocket
}

export type StunCounters = Readonly<Record<'answered' | 'limited' | 'malformed', number>>

export class StunServer implements Disposable {
  readonly #clock: Clock
  readonly #all: Bucket
  readonly #sources: SourceBuckets = openSourceBuckets(sourceRate, mostSources)
  readonly #count = { answered: 0, limited: 0, malformed: 0 }
  #places: readonly Place[] = []
  #stops: readonly (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#all = openBucket(rate, clock.nowMs())
  }

  /**
   * Null: nobody is answered.
   * @param privates uplinks that lead to a private network: who asks elsewhere cannot be answered by them, nor is told of them
   */
  configure(ports: OpenPorts | null, privates: ReadonlySet<string> = new Set()): void {
    for (const stop of this.#stops) stop()
    this.#places = ports === null ? [] : placesOf(ports, privates)
    this.#stops = this.#places.flatMap((place) =>
      [...place.overlay, place.other].map((socket) =>
        socket.onDatagram((datagram, from) => this.#take(place, socket, datagram, from)),
      ),
    )
  }

  counters(): StunCounters {
    return { ...this.#count }
  }

  [Symbol.dispose](): void {
    this.configure(null)
  }

  #take(place: Place, socket: UdpSocket, datagram: Uint8Array, from: UdpAddress): void {
    // Cheap, and before anything is counted: handshakes come by the same socket, and answers to our own questions.
    if (datagram.length < stunHeaderBytes || datagram[0] !== 0 || datagram[1] !== 1) return
    const nowMs = this.#clock.nowMs()
    if (!this.#sources.take(sourceKey(from.address), nowMs) || !this.#all.take(nowMs)) {
      this.#count.limited++
      return
    }
    const request = decodeRequest(datagram)
    if (request === null) {
      this.#count.malformed++
      return
    }
    const { transactionId, change, unknown } = request
    const elsewhere = this.#places.find((one) => isElsewhere(one, place))
    const by = unknown.length > 0 ? null : socketFor(change, socket, place, elsewhere ?? null)
    if (by === null) {
      const told = unknown.length > 0 ? unknown : [changeRequest]
      socket.send(encodeUnknownAttributes(transactionId, told), from)
    } else {
      const other = { ...(elsewhere ?? place), port: otherPort(place, socket).local.port }
      const { address, port } = other
      const origin = by.local
      by.send(
        encodeResponse({ transactionId, mapped: from, origin, other: { address, port } }),
        from,
      )
    }
    this.#count.answered++
  }
}

function placesOf(
  { overlay, otherOverlay, stun }: OpenPorts,
  privates: ReadonlySet<string>,
): Place[] {
  return stun.map(({ name, socket: other }) => {
    const { address } = other.local
    const here = [...overlay, ...otherOverlay].filter((one) => {
      return one.name === name && one.socket.local.address === address
    })
    const isPrivate = privates.has(name)
    return { isPrivate, address, overlay: here.map(({ socket }) => socket), other }
  })
}

/** Of the same family and kind of network; two uplinks may have one address, and then it is no other. */
function isElsewhere(one: Place, here: Place): boolean {
  const isAlike = one.isPrivate === here.isPrivate && isIpv6(one.address) === isIpv6(here.address)
  return isAlike && one.address !== here.address
}

function otherPort({ overlay, other }: Place, socket: UdpSocket): UdpSocket {
  return socket === other ? overlay[0]! : other
}

/** Null where there is no such address. */
function socketFor(
  change: Change,
  asked: UdpSocket,
  here: Place,
  elsewhere: Place | null,
): UdpSocket | null {
  if (!change.address) return change.port ? otherPort(here, asked) : asked
  if (elsewhere === null) return null
  const isOther = (asked === here.other) !== change.port
  if (isOther) return elsewhere.other
  return (
    elsewhere.overlay.find(({ local }) => local.port === asked.local.port) ?? elsewhere.overlay[0]!
  )
}
