/**
 * Keeps what is known of the NATs before each uplink: asks when an uplink, its address or the servers change, and when somebody
 * wants to know. At rest it asks nobody; where nobody answered it tries again, ever more seldom, and where some did a few times.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { type Endpoint, formatEndpoint } from '../../model/address.ts'
import type { UplinkNat } from '../../model/nat.ts'
import type { NatVerdict } from '../../plan/nat.ts'
import { isIpv6 } from '../../plan/prefix.ts'
import type { Uplink } from '../sessions/session.ts'
import type { BindUdp } from '../uplink-sockets.ts'
import { startRound } from './round.ts'

/** From the beginning of a round to that of the next one by the same socket. */
const leastPauseMs = 2_000
const firstRetryMs = 2_000
const longestRetryMs = 3_600_000
/**
 * Rounds after one that not all servers answered: of a hub that begins to answer while a round ends, one port alone is heard, which
 * does not tell what the NAT does. Who is silent for good costs no more than these until all have answered once.
 */
const mostRepeats = 3

interface DiscoveryParts {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly bindUdp: BindUdp
}

/** An overlay socket, and what is known of it. */
interface Tested {
  readonly uplink: Uplink
  readonly servers: readonly Endpoint[]
  reading: UplinkNat | null
  startedAtMs: number
  retryMs: number
  /** That may still follow a round which some did not answer. */
  repeats: number
  /** Of the round that is due. */
  cancelDue: CancelTimer | null
  cancelRound: (() => void) | null
}

export class Discovery implements Disposable {
  readonly #parts: DiscoveryParts
  readonly #handlers = new Set<() => void>()
  #tested: readonly Tested[] = []

  constructor(parts: DiscoveryParts) {
    this.#parts = parts
  }

  readings(): readonly UplinkNat[] {
    return this.#tested.flatMap(({ reading }) => reading ?? [])
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  refresh(): void {
    for (const one of this.#tested) {
      one.retryMs = firstRetryMs
      this.#startSoon(one)
    }
  }

  retry(): void {
    for (const one of this.#tested) if (one.reading?.isBlocked) this.#startSoon(one)
  }

  /** @param uplinks their overlay sockets: by one whose socket and servers stay, nothing is asked anew */
  configure(uplinks: readonly Uplink[], servers: readonly Endpoint[]): void {
    const before = this.#tested
    this.#tested = uplinks.map((uplink) => {
      const asked = servers.filter(
        ({ address }) => isIpv6(address) === isIpv6(uplink.socket.local.address),
      )
      const known = before.find(({ uplink: { name, socket } }) => {
        return name === uplink.name && socket === uplink.socket
      })
      const isSame = known !== undefined && textOf(known.servers) === textOf(asked)
      return isSame ? known : this.#begin(uplink, asked, known)
    })
    for (const one of before) if (!this.#tested.includes(one)) end(one)
    const hadReading = before.some((one) => one.reading !== null && !this.#tested.includes(one))
    if (hadReading) this.#tell()
  }

  [Symbol.dispose](): void {
    for (const one of this.#tested) end(one)
    this.#tested = []
    this.#handlers.clear()
  }

  #begin(uplink: Uplink, servers: readonly Endpoint[], before: Tested | undefined): Tested {
    const one: Tested = {
      uplink,
      servers,
      // Of other servers, but of the same mapping: it holds until they have spoken.
      reading: before?.reading ?? null,
      startedAtMs: before?.startedAtMs ?? Number.NEGATIVE_INFINITY,
      retryMs: firstRetryMs,
      repeats: mostRepeats,
      cancelDue: null,
      cancelRound: null,
    }
    this.#startSoon(one)
    return one
  }

  #startSoon(one: Tested): void {
    const { clock } = this.#parts
    if (one.servers.length === 0) {
      one.reading = null
      return
    }
    one.cancelDue?.()
    const dueMs = Math.max(0, one.startedAtMs + leastPauseMs - clock.nowMs())
    one.cancelDue = clock.after(dueMs, () => this.#start(one))
  }

  #start(one: Tested): void {
    const { clock } = this.#parts
    one.cancelDue = null
    one.cancelRound?.()
    one.startedAtMs = clock.nowMs()
    const wasBlocked = one.reading?.isBlocked === true
    one.cancelRound = startRound({
      ...this.#parts,
      uplink: one.uplink,
      servers: one.servers,
      onFirst: (verdict) => {
        // What was known of filtering is better than nothing.
        const isNews = one.reading === null || isElsewhere(one.reading, verdict)
        if (isNews) this.#read(one, { ...verdict, filtering: one.reading?.filtering ?? 'unknown' })
      },
      onEnd: (verdict) => {
        one.cancelRound = null
        this.#read(one, verdict)
        this.#goOn(one, verdict, wasBlocked)
      },
    })
  }

  #goOn(one: Tested, { asked, answered, isBlocked }: NatVerdict, wasBlocked: boolean): void {
    const isWhole = answered.length === asked.length
    if (isWhole) one.repeats = mostRepeats
    if (isWhole || isBlocked !== wasBlocked) one.retryMs = firstRetryMs
    if (isBlocked) this.#retryLater(one)
    else if (!isWhole && one.repeats > 0) {
      one.repeats--
      this.#retryLater(one)
    }
  }

  #retryLater(one: Tested): void {
    if (one.cancelDue !== null) return
    one.cancelDue = this.#parts.clock.after(one.retryMs, () => this.#start(one))
    one.retryMs = Math.min(2 * one.retryMs, longestRetryMs)
  }

  #read(one: Tested, verdict: NatVerdict): void {
    const { uplink, reading: before } = one
    const { local } = uplink.socket
    const family = isIpv6(local.address) ? 6 : 4
    const testedAtMs = this.#parts.clock.nowMs()
    one.reading = { uplink: uplink.name, family, local, ...verdict, testedAtMs }
    if (before === null || !isAlike(before, one.reading)) this.#tell()
  }

  #tell(): void {
    for (const handler of this.#handlers) handler()
  }
}

function end(one: Tested): void {
  one.cancelDue?.()
  one.cancelRound?.()
  one.cancelDue = one.cancelRound = null
}

function isElsewhere({ mapped: before }: UplinkNat, { mapped }: NatVerdict): boolean {
  return before === null || mapped === null || formatEndpoint(before) !== formatEndpoint(mapped)
}

function isAlike(one: UplinkNat, other: UplinkNat): boolean {
  const textOfReading = (reading: UplinkNat): string =>
    JSON.stringify({ ...reading, testedAtMs: 0 })
  return textOfReading(one) === textOfReading(other)
}

function textOf(servers: readonly Endpoint[]): string {
  return servers.map(formatEndpoint).join(' ')
}
