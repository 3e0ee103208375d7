/**
 * Which handshake messages are worth a Diffie-Hellman, and when. Those of one source and all of them together have a
 * rate; what comes above it is answered with a cookie, and who shows a good one has rates of its own, which nobody can
 * use up from forged addresses. So the work that strangers can cause has a limit, and a flood delays new sessions only.
 * wire.md, "Denial of service": size and mac1 are checked before.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { UdpAddress, UdpSocket } from '../../host/udp/udp.ts'
import { parseRelayed } from '../../model/relayed-address.ts'
import {
  type Bucket,
  openBucket,
  openSourceBuckets,
  type SourceBuckets,
} from '../../plan/rate-limit.ts'
import { cookieFor, hasMac2, holdsMac2, writeCookie } from '../../wire/cookie.ts'
import { messageType } from '../../wire/handshake.ts'
import { sourceKey } from '../../wire/ip.ts'
import type { RotatingSecret } from './rotating-secret.ts'

export interface Admission {
  /** Calls `work` now or later; or never, when the sender was answered with a cookie or left without an answer. */
  admit(request: Request, work: () => void): void
  /** Forgets what waits. */
  end(): void
}

export interface Request {
  /** An initiation or response, mac1 and all. */
  readonly datagram: Uint8Array
  readonly from: UdpAddress
  readonly socket: UdpSocket
}

export interface AdmissionParts {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly secret: RotatingSecret
  readonly ownCookieKey: Uint8Array
  /** Told of each message that is not worked on. */
  readonly onRefused: (how: 'cookie' | 'limited') => void
}

/** Messages worked on per second, and at once, of all sources that have the same standing. */
const laneRate = { perSecond: 200, burst: 64 }
const waitingLimit = 64
/** Cookies cost a twentieth of a handshake, and are smaller than what they answer. */
const cookieRate = { perSecond: 2_000, burst: 200 }
/** Diffie-Hellman costs a millisecond; this is what keeps one source from having all of them. */
export const sourceRate = { perSecond: 20, burst: 5 }
export const mostSources = 4_096
/** So often is worked on what waits. */
const turnMs = 10

/** Messages of one standing: from anybody, with a good cookie, or in answer to our own initiations. */
interface Lane {
  readonly sources: SourceBuckets
  readonly bucket: Bucket
  readonly waiting: (() => void)[]
}

export function openAdmission(parts: AdmissionParts): Admission {
  const { clock } = parts
  const newLane = (): Lane => ({
    sources: openSourceBuckets(sourceRate, mostSources),
    bucket: openBucket(laneRate, clock.nowMs()),
    waiting: [],
  })
  const lanes = { answers: newLane(), proven: newLane(), open: newLane() }
  const cookies = openBucket(cookieRate, clock.nowMs())
  let turn: CancelTimer | null = null

  const work = (): void => {
    let isWaiting = false
    for (const { bucket, waiting } of Object.values(lanes)) {
      while (waiting.length > 0 && bucket.take(clock.nowMs())) waiting.shift()!()
      isWaiting ||= waiting.length > 0
    }
    if (!isWaiting || turn !== null) return
    turn = clock.after(turnMs, () => {
      turn = null
      work()
    })
  }
  const refuse = (request: Request, isProven: boolean): void => {
    if (isProven || !cookies.take(clock.nowMs())) {
      parts.onRefused('limited')
      return
    }
    request.socket.send(answerTo(parts, request), request.from)
    parts.onRefused('cookie')
  }
  return {
    admit: (request, run) => {
      const isProven = showsCookie(parts, request)
      const isAnswer = request.datagram[0] === messageType.response
      const lane = isProven ? lanes.proven : isAnswer ? lanes.answers : lanes.open
      const { address } = request.from
      // Of a relay each channel is a source of its own.
      const source = parseRelayed(address) === null ? sourceKey(address) : address
      if (lane.waiting.length >= waitingLimit || !lane.sources.take(source, clock.nowMs())) {
        refuse(request, isProven)
        return
      }
      lane.waiting.push(run)
      work()
    },
    end: () => {
      turn?.()
      for (const { waiting } of Object.values(lanes)) waiting.length = 0
    },
  }
}

function showsCookie({ secret }: AdmissionParts, { datagram, from }: Request): boolean {
  if (!hasMac2(datagram)) return false
  return secret.valid().some((key) => holdsMac2(datagram, cookieFor(key, from)))
}

function answerTo({ secret, ownCookieKey, random }: AdmissionParts, request: Request): Buffer {
  const { datagram, from } = request
  const cookie = cookieFor(secret.present(), from)
  return writeCookie({ datagram, cookie, ownCookieKey, nonce: random(24) })
}
