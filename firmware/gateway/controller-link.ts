/**
 * A box's link to its owner's controller: kept up while the box runs, never needed for anything that runs. What comes by it is
 * taken only as far as the owner signed it, newer than what the box has had, and is taken back unless the controller has heard by
 * the link, under the new configuration, that it is in place.
 */
import type { KeyObject } from 'node:crypto'
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import { closeCodes, type Link } from '../host/link/link.ts'
import type { Log } from '../host/system/log.ts'
import {
  type ControllerMessage,
  type EdgeMessage,
  linkProtocol,
  readControllerMessage,
} from '../model/control-link.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError, type ErrorCode } from '../model/errors.ts'
import { isSignedConfig, type SignedConfig } from '../model/signed-config.ts'
import { applyDelta, canonicalJson } from '../plan/json-delta.ts'
import { verifyJws, verifyPayload } from '../wire/jws.ts'
import { fieldsOf, wordsOf } from './log-fields.ts'
import { RefusedConfig, refusedWords } from './refused-config.ts'

export interface ControllerLinkParts {
  readonly clock: Clock
  readonly log: Log
  /** From 0 up to 1. */
  readonly random: () => number
  readonly firmware: string
  readonly deviceId: string
  /** The owner's: one of them signed what is to be taken. */
  readonly ownerKeys: readonly KeyObject[]
  /** @throws LINK_ errors */
  readonly open: () => Promise<Link>
  /** What was taken last, and confirmed; null: nothing yet. */
  readonly had: SignedConfig | null
  /** The highest revision of a controller that ran here, as far as something else than `had` tells; 0: none. Above `had` it comes again. */
  readonly floor?: number
  /**
   * Tries it; taken back by itself in so many seconds, unless confirmed, where there is something to go back to.
   * @throws what keeps it from running: nothing has changed then
   */
  readonly apply: (config: DeviceConfig, confirmSeconds: number) => Promise<void>
  /** @throws CONFIG_ errors: too late */
  readonly confirm: (signed: SignedConfig) => Promise<void>
  /** Somebody says, as JWS, that the owner has let the box go. */
  readonly onReleased: (release: string) => void
  readonly onCertificate: (certificate: string) => Promise<void>
  readonly onTold?: (message: ControllerMessage) => void
  /** The controller's clock. */
  readonly onTime: (nowMs: number) => void
}

type ConfigMessage = Extract<ControllerMessage, { kind: 'config' | 'config-delta' }>

export const confirmSeconds = 120
/**
 * Full jitter below the double of the time before (AWS, "Exponential backoff and jitter"). Whoever loses a link loses it with all
 * others: a thousand boxes that call within 8 s are as many as a controller has hands for, and within 25 s of its start all call.
 */
const leastPauseMs = 1_000
const lostMisses = 3
const mostPauseMs = 25_000
/** Somebody is there, and has a say of kilobytes each time. */
const mostRefusedMs = 10 * 60_000
const refusals: ReadonlySet<ErrorCode> = new Set(['LINK_UNTRUSTED', 'LINK_REFUSED'])

export class ControllerLink implements Disposable {
  readonly #parts: ControllerLinkParts
  #link: Link | null = null
  #had: SignedConfig | null
  /** In place, and not confirmed. */
  #tried: SignedConfig | null = null
  /** Came meanwhile: the newest alone. */
  #next: ConfigMessage | null = null
  /** Of all that this box has tried, whatever came of it: nothing is tried twice, nor anything older. */
  #highest: number
  #misses = 0
  #timer: CancelTimer | null = null
  #isClosed = false
  /** One configuration at a time. */
  #taking: Promise<void> = Promise.resolve()
  /** The newest one, where it was refused. */
  readonly #refused: RefusedConfig

  constructor(parts: ControllerLinkParts) {
    this.#parts = parts
    this.#had = parts.had
    this.#highest = Math.max((parts.floor ?? 0) - 1, parts.had?.revision ?? 0)
    this.#refused = new RefusedConfig(parts.clock, (signed) => {
      this.#taking = this.#taking.then(async () => {
        if (this.#refused.is(signed)) await this.#try(signed)
      })
    })
    void this.#open()
  }

  get isUp(): boolean {
    return this.#link !== null
  }

  /** Nothing happens while there is no link. */
  say(message: EdgeMessage): void {
    try {
      this.#link?.send(JSON.stringify(message))
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#link?.close(1_000, error.code)
    }
  }

  /** What was tried has been taken back: by itself, or by somebody at the box. */
  onTakenBack(revision: number, code: string, message: string): void {
    const tried = this.#tried
    if (tried?.revision !== revision) return
    this.#tried = null
    this.#refuse(tried, code, message)
    this.#taking = this.#taking.then(() => this.#takeNext())
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#timer?.()
    this.#refused[Symbol.dispose]()
    this.#link?.close(1_001, 'the box ends')
  }

  async #open(): Promise<void> {
    const { open, log } = this.#parts
    try {
      const link = await open()
      if (this.#isClosed) {
        link.close(1_001, 'the box ends')
        return
      }
      this.#attach(link)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      log.warn(fieldsOf(error), 'no link to the controller')
      this.#openLater(refusals.has(error.code) ? mostRefusedMs : mostPauseMs)
    }
  }

  #attach(link: Link): void {
    const { firmware, log } = this.#parts
    this.#link = link
    link.onClose(({ code, reason }) => {
      if (this.#link === link) this.#link = null
      log.info({ detail: `${code} ${reason}`.trim() }, 'link to the controller ended')
      this.#openLater(code === closeCodes.notTrusted ? mostRefusedMs : mostPauseMs)
    })
    // What is still on its way when the box ends comes too late.
    link.onMessage((text) => this.#isClosed || this.#onMessage(text))
    const revision = this.#had?.revision ?? 0
    this.say({ kind: 'hello', protocol: linkProtocol, firmware, revision, tried: this.#highest })
  }

  #openLater(mostMs: number): void {
    if (this.#isClosed) return
    const most = Math.min(mostMs, leastPauseMs * 2 ** Math.min(this.#misses++, 10))
    this.#timer = this.#parts.clock.after(this.#parts.random() * most, () => void this.#open())
  }

  /** What came of the newest configuration, while no link was up or as it broke. That it is in place is proven by this link. */
  #sayAgain(): void {
    if (this.#tried !== null) this.say({ kind: 'applied', revision: this.#tried.revision })
    else if (this.#highest > (this.#had?.revision ?? 0) && this.#refused.words !== null) {
      this.say(this.#refused.words)
    }
  }

  #onMessage(text: string): void {
    const message = readControllerMessage(text)
    if (message === null) {
      this.#link?.close(4_004, 'malformed')
      return
    }
    switch (message.kind) {
      case 'welcome':
        this.#misses = lostMisses
        this.#parts.onTime(message.nowMs)
        this.#sayAgain()
        return
      case 'config':
      case 'config-delta':
        this.#next = message
        this.#taking = this.#taking.then(() => this.#takeNext())
        return
      case 'confirmed':
        this.#taking = this.#taking.then(() => this.#keep(message.revision))
        return
      case 'certificate':
        void this.#parts.onCertificate(message.certificate)
        return
      case 'released':
        this.#parts.onReleased(message.release)
        return
      case 'peer-places':
      case 'firmware':
        this.#parts.onTold?.(message)
        return
      case 'denied': {
        const { code, message: detail } = message
        this.#parts.log.warn({ code, detail }, 'denied by the controller')
      }
    }
  }

  /** One that is tried is kept or taken back before another one is. */
  async #takeNext(): Promise<void> {
    const message = this.#next
    if (message === null || this.#tried !== null) return
    this.#next = null
    await this.#take(message)
  }

  async #take(message: ConfigMessage): Promise<void> {
    const { revision } = message
    try {
      const said = await (message.kind === 'config'
        ? verifyJws('causeway-config', message.jws, this.#parts.ownerKeys)
        : this.#join(message))
      if (said === null) {
        this.say({ kind: 'resend' })
        return
      }
      const signed = this.#check(said, revision)
      this.#highest = revision
      this.#refused.clear()
      await this.#try(signed)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#parts.log.warn({ ...fieldsOf(error), revision }, 'configuration refused')
      // What differs may have been reckoned from another one than this box has.
      const isMisjoined = message.kind === 'config-delta' && error.code === 'WIRE_UNAUTHENTIC'
      if (isMisjoined) this.say({ kind: 'resend' })
      else this.say(refusedWords(revision, error.code, wordsOf(error.toJSON())))
    }
  }

  async #try(signed: SignedConfig): Promise<void> {
    const { revision, config } = signed
    try {
      await this.#parts.apply(config, confirmSeconds)
      this.#tried = signed
      this.say({ kind: 'applied', revision })
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#parts.log.warn({ ...fieldsOf(error), revision }, 'configuration refused')
      this.#refuse(signed, error.code, wordsOf(error.toJSON()))
    }
  }

  #refuse(signed: SignedConfig, code: string, message: string): void {
    const { revision } = signed
    const words = refusedWords(revision, code, message)
    this.say(words)
    if (revision === this.#highest && !this.#isClosed) this.#refused.note(signed, words, code)
  }

  /** @throws ZTP_ and WIRE_ errors: it is none, or not for this box, or was had already */
  #check(signed: unknown, revision: number): SignedConfig {
    if (!isSignedConfig(signed)) throw new CausewayError('WIRE_INVALID', 'no signed configuration')
    const isMine = signed.deviceId === this.#parts.deviceId
    if (!isMine) throw new CausewayError('ZTP_VOUCHER_FOREIGN', 'it is for another device')
    if (signed.revision <= this.#highest || signed.revision !== revision) {
      const words = `revision ${signed.revision} is not above ${this.#highest}, which this box has had`
      throw new CausewayError('ZTP_CONFIG_OLD', words)
    }
    return signed
  }

  /**
   * What the owner signed is the canonical text of what comes out: it is taken as it is.
   * @returns null: it was made for another one than the box has @throws WIRE_ errors: the owner did not sign it
   */
  async #join(delta: Extract<ControllerMessage, { kind: 'config-delta' }>): Promise<unknown> {
    const base = [this.#tried, this.#had].find((one) => one?.revision === delta.base)
    const made = base ? applyDelta(base.config, delta.steps) : null
    if (!base || made === null) return null
    const { deviceId } = base
    const said = { version: 1, deviceId, revision: delta.revision, config: made.value }
    await verifyPayload('causeway-config', delta, canonicalJson(said), this.#parts.ownerKeys)
    return said
  }

  async #keep(revision: number): Promise<void> {
    const tried = this.#tried
    if (tried?.revision !== revision) return
    try {
      await this.#parts.confirm(tried)
      this.#had = tried
      this.#tried = null
      await this.#takeNext()
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.onTakenBack(revision, error.code, wordsOf(error.toJSON()))
    }
  }
}
