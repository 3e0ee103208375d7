/**
 * Answers STUN Binding requests (RFC 8489) beside the controller's listener: boxes of a network that has no hub learn by it how
 * others see them, where `overlay.stun` names it. By one socket: it has no other address or port to answer from (RFC 5780). Keeps
 * nothing of who asks but how often; what is no well-formed request gets no answer, and no answer is longer than 100 bytes.
 */
import type { Clock } from '../host/clock/clock.ts'
import type { UdpAddress, UdpSocket } from '../host/udp/udp.ts'
import {
  type Bucket,
  openBucket,
  openSourceBuckets,
  type SourceBuckets,
} from '../plan/rate-limit.ts'
import { sourceKey } from '../wire/ip.ts'
import { decodeRequest, encodeResponse, encodeUnknownAttributes } from '../wire/stun.ts'
import { stunHeaderBytes } from '../wire/stun-frame.ts'

/** As a hub's: a box asks up to 20 times in a round, and many may be behind one address. */
const rate = { perSecond: 1_000, burst: 200 }
const sourceRate = { perSecond: 40, burst: 120 }
const mostSources = 4_096
const changeRequest = 0x0003

export type StunDeskCounters = Readonly<Record<'answered' | 'limited' | 'malformed', number>>

export class StunDesk implements AsyncDisposable {
  readonly #socket: UdpSocket
  readonly #clock: Clock
  readonly #all: Bucket
  readonly #sources: SourceBuckets = openSourceBuckets(sourceRate, mostSources)
  readonly #counts = { answered: 0, limited: 0, malformed: 0 }

  /** @param socket bound; it is closed with the desk */
  constructor(socket: UdpSocket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
    this.#all = openBucket(rate, clock.nowMs())
    socket.onDatagram((datagram, from) => this.#take(datagram, from))
  }

  get counters(): StunDeskCounters {
    return { ...this.#counts }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]()
  }

  #take(datagram: Uint8Array, from: UdpAddress): void {
    const isRequest = datagram.length >= stunHeaderBytes && datagram[0] === 0 && datagram[1] === 1
    const nowMs = this.#clock.nowMs()
    if (!this.#sources.take(sourceKey(from.address), nowMs) || !this.#all.take(nowMs)) {
      this.#counts.limited++
      return
    }
    const request = isRequest ? decodeRequest(datagram) : null
    if (request === null) {
      this.#counts.malformed++
      return
    }
    const { transactionId, change, unknown } = request
    const cannot = change.address || change.port ? [...unknown, changeRequest] : unknown
    const answer =
      cannot.length > 0
        ? encodeUnknownAttributes(transactionId, cannot)
        : encodeResponse({ transactionId, mapped: from, origin: null, other: null })
    this.#socket.send(answer, from)
    this.#counts.answered++
  }
}
