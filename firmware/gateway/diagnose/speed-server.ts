/**
 * Answers peers that ask for a speed test: one at a time, one of a peer each half minute. A program listens then, at the box's own
 * address in the segment, and the firewall lets in from the overlay whom the peer has named, for as long as that takes. Nothing
 * runs, listens or is open otherwise, and nothing but an item of a sealed session begins it.
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { Tools } from '../../host/diagnose/tools.ts'
import { byLine } from '../../host/system/follow.ts'
import type { Log } from '../../host/system/log.ts'
import type { Family } from '../../model/address.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import { CausewayError } from '../../model/errors.ts'
import { speedMostSeconds } from '../../model/local-api-diagnose.ts'
import { addressOf, isInside, isIpv6 } from '../../plan/prefix.ts'
import { openSourceBuckets } from '../../plan/rate-limit.ts'
import { type SpeedClose, type SpeedOpen, speedStatus } from '../../wire/speed.ts'
import { fieldsOf } from '../log-fields.ts'
import { isAbsent, readIperf, serverArguments, speedPort, transferMs } from './iperf.ts'
import type { SendSpeed } from './speed-talk.ts'

const onceInMs = 30_000
/** Until the program says that it listens. */
const startMs = 2_000
/** Beyond that nothing is said either. */
const questions = { perSecond: 1, burst: 6 }
const mostPeers = 1_024

export interface SpeedServerParts {
  readonly clock: Clock
  readonly tools: Pick<Tools, 'follow' | 'openDoor' | 'closeDoor'>
  readonly config: () => DeviceConfig | null
  readonly send: SendSpeed
  /** This box measures itself. */
  readonly isBusy: () => boolean
  readonly log: Pick<Log, 'info' | 'warn'>
}

interface Agreed {
  readonly id: number
  readonly atMs: number
  /** What is said when it is asked for again: an answer can be lost. Null: not known yet. */
  status: number | null
}

interface Place {
  readonly segment: string
  readonly family: Family
  /** The box's. */
  readonly own: string
}

export class SpeedServer implements Disposable {
  readonly #parts: SpeedServerParts
  readonly #questions = openSourceBuckets(questions, mostPeers)
  /** By peer, of the last half minute. */
  readonly #agreed = new Map<string, Agreed>()
  #current: { readonly peer: string; readonly id: number; readonly abort: AbortController } | null =
    null
  #isDisposed = false

  constructor(parts: SpeedServerParts) {
    this.#parts = parts
  }

  get isBusy(): boolean {
    return this.#current !== null
  }

  /** Returns once it has been answered and, if so agreed, is over. */
  async onOpen(peer: string, open: SpeedOpen): Promise<void> {
    const { clock, config } = this.#parts
    if (this.#isDisposed || !this.#questions.take(peer, clock.nowMs())) return
    const place = placeFor(open, peer, config())
    const known = this.#agreed.get(peer)
    if (known?.id === open.id) {
      if (known.status !== null) this.#answer(peer, open.id, known.status, place)
      return
    }
    const status = this.#statusFor(peer, place)
    if (status !== speedStatus.agreed || place === null) this.#answer(peer, open.id, status, place)
    else await this.#serve(peer, open, place)
  }

  onClose(peer: string, { id }: SpeedClose): void {
    if (this.#current?.peer === peer && this.#current.id === id) this.#current.abort.abort()
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#current?.abort.abort()
  }

  #statusFor(peer: string, place: Place | null): number {
    const { clock, isBusy } = this.#parts
    for (const [name, { atMs }] of this.#agreed)
      if (clock.nowMs() - atMs >= onceInMs) this.#agreed.delete(name)
    if (place === null) return speedStatus.nowhere
    if (this.isBusy || isBusy()) return speedStatus.busy
    const before = this.#agreed.get(peer)?.status
    if (before === undefined) return speedStatus.agreed
    // What went wrong a moment ago does so still.
    return before === null || before === speedStatus.agreed ? speedStatus.often : before
  }

  async #serve(peer: string, open: SpeedOpen, place: Place): Promise<void> {
    const { clock, tools, log } = this.#parts
    const { id } = open
    const abort = new AbortController()
    this.#current = { peer, id, abort }
    const agreed: Agreed = { id, atMs: clock.nowMs(), status: null }
    this.#agreed.set(peer, agreed)
    const windowMs = startMs + 2 * transferMs({ seconds: Math.min(open.seconds, speedMostSeconds) })
    const over = clock.after(windowMs, () => abort.abort())
    const { family, own } = place
    const door = { family, from: open.address, to: own, port: speedPort }
    const program = this.#start(place, windowMs, abort.signal)
    try {
      agreed.status = await program.begun
      if (agreed.status === speedStatus.agreed && !abort.signal.aborted)
        await tools.openDoor(door, Math.ceil(windowMs / 1000))
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      log.warn({ ...fieldsOf(error), peer }, 'speed test not let in')
      agreed.status = speedStatus.failed
    }
    if (abort.signal.aborted) agreed.status = speedStatus.often
    else this.#answer(peer, id, agreed.status, place)
    if (agreed.status === speedStatus.agreed)
      log.info({ peer, segment: place.segment }, 'speed test begun by a peer')
    else abort.abort()
    await program.ended
    over()
    await tools.closeDoor(door).catch((error: unknown) => {
      if (!(error instanceof CausewayError)) throw error
      // It has a time of its own.
      log.warn({ ...fieldsOf(error), peer }, 'speed test not shut out')
    })
    this.#current = null
  }

  /** Neither promise fails. `begun`: the status. */
  #start(
    { family, own }: Place,
    timeoutMs: number,
    signal: AbortSignal,
  ): { readonly begun: Promise<number>; readonly ended: Promise<unknown> } {
    const { clock, tools, log } = this.#parts
    const { promise: begun, resolve } = Promise.withResolvers<number>()
    const late = clock.after(startMs, () => resolve(speedStatus.failed))
    const onData = byLine((line) => {
      if (readIperf(line)?.kind === 'listening') resolve(speedStatus.agreed)
    })
    const argv = serverArguments({ family, own, port: speedPort })
    const end = (status: number, detail: string): void => {
      late()
      resolve(status)
      if (!signal.aborted) log.warn({ detail }, 'speed test ended by itself')
    }
    const ended = tools.follow(argv, { timeoutMs, signal, onData }).then(
      ({ code, said }) => end(isAbsent(code) ? speedStatus.absent : speedStatus.failed, said),
      (error: unknown) => {
        if (!(error instanceof CausewayError)) throw error
        end(speedStatus.absent, error.message)
      },
    )
    return { begun: begun.finally(late), ended }
  }

  #answer(peer: string, id: number, status: number, place: Place | null): void {
    const isAgreed = status === speedStatus.agreed && place !== null
    const where = isAgreed ? { port: speedPort, address: place.own } : { port: 0, address: '::' }
    void this.#parts.send(peer, { type: 'speed-answer', id, status, ...where })
  }
}

/** Null: this box is not in that segment, or the asker's address is not one of this peer's there. */
function placeFor(open: SpeedOpen, peer: string, config: DeviceConfig | null): Place | null {
  const { vni, address } = open
  const segment = config?.segments.find((one) => one.vni === vni)?.name
  const theirs = config?.peers.find(({ name }) => name === peer)?.segments[segment ?? ''] ?? []
  if (config === null || segment === undefined || !isInside(address, theirs)) return null
  const family = isIpv6(address) ? 6 : 4
  const own = config.lans
    .filter((lan) => lan.segment === segment)
    .flatMap((lan) => lan.address)
    .find((one) => isIpv6(one) === (family === 6))
  return own === undefined ? null : { segment, family, own: addressOf(own) }
}
