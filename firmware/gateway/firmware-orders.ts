/**
 * What the owner's controller orders of the box's firmware: fetched, installed, tried by a new start within the hours, and told how
 * far it is. It starts anew for no order that it was not told by the link that it has now, so what was called off meanwhile is.
 * Whether the new firmware is good is not decided here (slots, their proof); what came of it is read after the start.
 */
import type { Clock } from '../host/clock/clock.ts'
import type { Log } from '../host/system/log.ts'
import type { Power } from '../host/system/power.ts'
import { CausewayError, errorTable, isErrorCode } from '../model/errors.ts'
import {
  type FirmwareOrder,
  type FirmwareState,
  isOrderRecord,
  type OrderPhase,
  type OrderRecord,
} from '../model/firmware-order.ts'
import type { SlotAnswer, SlotsAnswer } from '../model/local-api-slots.ts'
import { msUntilHours } from '../plan/hours.ts'
import type { Firmware } from './firmware.ts'
import { downloadOrdered, type Fetch, pause } from './firmware-download.ts'
import { fieldsOf, wordsOf } from './log-fields.ts'
import type { RecordFile } from './program-loader.ts'

export interface FirmwareOrdersParts {
  readonly clock: Clock
  readonly log: Log
  readonly firmware: Pick<Firmware, 'show' | 'install'>
  readonly power: Pick<Power, 'rebootMachine'>
  readonly record: Pick<RecordFile, 'read' | 'write'>
  /** Of the program, where there are no slots. */
  readonly version: string
  readonly architecture: string
  /** Bits per second that a download may take. */
  readonly rateBps: () => number
  /** A configuration is tried: a new start would end that. */
  readonly isTrying: () => boolean
}

/** A link as it is now. */
export interface OrderLink {
  readonly say: (state: FirmwareState) => void
  readonly fetch: Fetch
  readonly isUp: () => boolean
  /** Milliseconds since 1970, by the controller's clock where the box's own is behind it. */
  readonly wallMs: () => number
}

interface Standing extends Pick<FirmwareState, 'phase' | 'bytes' | 'code' | 'message'> {
  readonly order: FirmwareOrder | null
}

const tellMs = 10_000
const lookMs = 10_000
/** Until slots that cannot be read are taken for what nobody knows. */
const mostLooks = 30
/** The clock may be set meanwhile. */
const mostWaitMs = 600_000
/** What may pass by itself is tried so often. */
const mostTries = 5
const againMs = 300_000
const nothing: Standing = { order: null, phase: 'none', bytes: 0, code: null, message: '' }

export class FirmwareOrders implements Disposable {
  readonly #parts: FirmwareOrdersParts
  #standing: Standing = nothing
  #slots: SlotsAnswer = { isSupported: false, slots: [], install: null }
  #link: OrderLink | null = null
  /** By the link that there is now it was told the order that it has. */
  #isConfirmed = false
  #kept: OrderRecord | null = null
  #hasBegun: Promise<void> | null = null
  #calling = new AbortController()
  /** One order after the other. */
  #working: Promise<void> = Promise.resolve()
  #cancelTell: (() => void) | null = null

  constructor(parts: FirmwareOrdersParts) {
    this.#parts = parts
  }

  /** There is a link, and it is another than before. */
  async onLink(link: OrderLink): Promise<void> {
    this.#link = link
    this.#isConfirmed = false
    this.#hasBegun ??= this.#begin()
    await this.#hasBegun
    if (this.#link !== link) return
    await this.#look()
    this.#say()
  }

  /** Null: what was ordered is called off, unless it has begun. */
  async onOrder(order: FirmwareOrder | null): Promise<void> {
    await this.#hasBegun
    if (order !== null && order.id === this.#standing.order?.id) {
      this.#isConfirmed = true
      this.#say()
      return
    }
    // It has begun, and what comes of it is told.
    const { phase } = this.#standing
    if (phase === 'restarting' || phase === 'proving') return
    this.#calling.abort()
    this.#calling = new AbortController()
    const { signal } = this.#calling
    this.#isConfirmed = order !== null
    this.#set(order === null ? nothing : { ...nothing, order, phase: 'downloading' })
    if (order !== null) this.#working = this.#working.then(() => this.#work(order, signal))
  }

  [Symbol.dispose](): void {
    this.#link = null
    this.#calling.abort()
    this.#cancelTell?.()
  }

  /** What came of an order that this start, or an earlier one, was for. */
  async #begin(): Promise<void> {
    this.#kept = await this.#read()
    await this.#look()
    const kept = this.#kept
    // One that was only installed is told again by whoever wants it still.
    if (kept === null || kept.phase === 'installed') return
    const { order, phase, code, message } = kept
    if (phase !== 'restarting') {
      this.#standing = { order, phase, bytes: order.bytes, code, message }
      return
    }
    for (let tries = 0; this.#running === undefined && tries < mostLooks; tries++) {
      await pause(this.#parts.clock, lookMs, this.#calling.signal)
      await this.#look()
    }
    const running = this.#running
    if (running?.version === order.version) {
      this.#standing = { ...nothing, order, phase: 'proving', bytes: order.bytes }
      this.#working = this.#working.then(() => this.#prove(order, this.#calling.signal))
    } else if (running !== undefined && !this.#isNext(order)) {
      const words = `the box runs ${running.version ?? 'what it ran before'} again`
      await this.#end(order, 'went-back', 'UPDATE_WENT_BACK', words)
    }
  }

  async #work(order: FirmwareOrder, signal: AbortSignal): Promise<void> {
    try {
      await this.#look()
      if (signal.aborted) return
      if (this.#running?.version === order.version) return await this.#prove(order, signal)
      if (!this.#hasInstalled(order)) await this.#install(order, signal)
      if (signal.aborted) return
      await this.#keep(order, 'installed', null, '')
      this.#set({ ...this.#standing, phase: 'installed', bytes: order.bytes })
      await this.#untilMay(order, signal)
      if (signal.aborted) return
      // Before the machine is down: who comes back without it knows nothing of an order.
      await this.#keep(order, 'restarting', null, '')
      this.#set({ ...this.#standing, phase: 'restarting' })
      this.#parts.log.warn({ detail: order.version }, 'starts anew for another firmware')
      await this.#parts.power.rebootMachine()
    } catch (error) {
      if (signal.aborted && this.#standing.phase !== 'restarting') return
      this.#parts.log.error(fieldsOf(error), 'firmware not taken')
      const { code, words } = tellOf(error)
      await this.#end(order, 'refused', code, words)
    }
  }

  /** @throws what keeps it from being installed */
  async #install(order: FirmwareOrder, signal: AbortSignal): Promise<void> {
    const { clock, firmware, rateBps } = this.#parts
    const onBytes = (bytes: number): void => {
      const phase = bytes === order.bytes ? 'installing' : 'downloading'
      this.#set({ ...this.#standing, phase, bytes }, phase === 'downloading')
    }
    const fetch: Fetch = (path, from) => (this.#link?.fetch ?? noLink)(path, from)
    for (let tries = 1; ; tries++) {
      const chunks = downloadOrdered(order, { clock, fetch, rateBps, onBytes, signal })
      try {
        await firmware.install({ chunks, totalBytes: order.bytes })
        return
      } catch (error) {
        const { code } = tellOf(error)
        const passes = isErrorCode(code) && errorTable[code].retry
        if (signal.aborted || tries >= mostTries || !passes) throw error
        this.#parts.log.warn(fieldsOf(error), 'firmware not installed; tried again')
        await pause(clock, againMs, signal)
        if (signal.aborted) return
      }
    }
  }

  /** It is time, whoever ordered it can hear of it and has not called it off, and nothing else is tried. */
  async #untilMay(order: FirmwareOrder, signal: AbortSignal): Promise<void> {
    const { clock, isTrying } = this.#parts
    while (!signal.aborted) {
      const link = this.#link
      const waitMs = link === null ? 0 : msUntilHours(order.hours, link.wallMs())
      const isReady = this.#isConfirmed && link?.isUp() === true && !isTrying()
      if (waitMs === 0 && isReady) return
      await pause(clock, Math.min(waitMs === 0 ? lookMs : waitMs, mostWaitMs), signal)
    }
  }

  async #prove(order: FirmwareOrder, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#running?.state === 'good') {
        this.#parts.log.info({ detail: order.version }, 'firmware has proven itself')
        await this.#end(order, 'done', null, '')
        return
      }
      this.#set({ ...this.#standing, phase: 'proving' })
      await pause(this.#parts.clock, lookMs, signal)
      await this.#look()
    }
  }

  async #end(order: FirmwareOrder, phase: OrderPhase, code: string | null, message: string) {
    await this.#keep(order, phase, code, message).catch((error: unknown) =>
      this.#parts.log.error(fieldsOf(error), 'what came of an order is not written down'),
    )
    this.#set({ order, phase, bytes: this.#standing.bytes, code, message })
  }

  get #running(): SlotAnswer | undefined {
    return this.#slots.slots.find(({ isRunning }) => isRunning)
  }

  /** The next start tries it. */
  #isNext({ version }: FirmwareOrder): boolean {
    const isIt = (one: SlotAnswer): boolean => one.version === version && one.isNext
    return this.#slots.slots.some((one) => !one.isRunning && isIt(one))
  }

  /** It was installed for an order before, and nothing else since. */
  #hasInstalled(order: FirmwareOrder): boolean {
    const kept = this.#kept
    const isThere = kept?.phase === 'installed' || kept?.phase === 'restarting'
    return isThere && kept.order.sha256 === order.sha256 && this.#isNext(order)
  }

  /** What cannot be read now is as it was. */
  async #look(): Promise<void> {
    const { firmware, log } = this.#parts
    this.#slots = await firmware.show().catch((error: unknown) => {
      log.warn(fieldsOf(error), 'slots not read')
      return this.#slots
    })
  }

  async #read(): Promise<OrderRecord | null> {
    try {
      const text = await this.#parts.record.read()
      const value: unknown = text === null ? null : JSON.parse(text)
      return isOrderRecord(value) ? value : null
    } catch (error) {
      this.#parts.log.error(fieldsOf(error), 'record of an order not read')
      return null
    }
  }

  /** @throws STORE_WRITE_FAILED */
  async #keep(order: FirmwareOrder, phase: OrderPhase, code: string | null, message: string) {
    const kept: OrderRecord = { version: 1, order, phase, code, message }
    await this.#parts.record.write(`${JSON.stringify(kept)}\n`)
    this.#kept = kept
  }

  /** @param isMore of the same: it is told when its time has come */
  #set(standing: Standing, isMore = false): void {
    this.#standing = standing
    if (!isMore) this.#say()
    else this.#cancelTell ??= this.#parts.clock.after(tellMs, () => this.#say())
  }

  #say(): void {
    this.#cancelTell?.()
    this.#cancelTell = null
    const { order, ...standing } = this.#standing
    const { architecture, version } = this.#parts
    const running = this.#running
    this.#link?.say({
      ...{ running: running?.version ?? version, architecture, ...standing },
      ...{ isSupported: this.#slots.isSupported, isProven: running?.state === 'good' },
      order: order?.id ?? null,
    })
  }
}

function noLink(): never {
  throw new CausewayError('LINK_UNREACHABLE', 'there is no link')
}

const mostLetters = 300

function tellOf(error: unknown): { readonly code: string; readonly words: string } {
  if (!(error instanceof CausewayError)) throw error
  return { code: error.code, words: wordsOf(error.toJSON()).slice(0, mostLetters) }
}
