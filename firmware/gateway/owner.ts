/**
 * Whom the box belongs to, from blank to linked: without an owner it looks for one (enrol/enrolment.ts), with one it keeps a link to
 * the owner's controllers (enrol/owned.ts). The owner's record and the last signed configuration are on the disk.
 */
import type { KeyObject } from 'node:crypto'
import type { ControllerPlaces } from '../host/config/controller-settings.ts'
import { fingerprintOf } from '../host/pki/certificate.ts'
import { type EnrolmentAnswer, isOwnerRecord, type OwnerRecord } from '../model/enrolment.ts'
import { CausewayError } from '../model/errors.ts'
import { formatHostPort } from '../model/host-port.ts'
import type { ConfigChangeEvent } from '../model/local-api-event.ts'
import { isSignedConfig, type SignedConfig } from '../model/signed-config.ts'
import { version } from '../model/version.ts'
import type { Discovery } from './enrol/discovery.ts'
import { Enrolment, type EnrolmentParts } from './enrol/enrolment.ts'
import { Owned, type OwnedParts } from './enrol/owned.ts'
import { fieldsOf } from './log-fields.ts'
import type { RecordFile } from './program-loader.ts'

export interface BoxOwnerParts
  extends Omit<OwnedParts, 'find' | 'keepOwner' | 'keepSigned' | 'onReleased'>,
    Pick<EnrolmentParts, 'connect'> {
  readonly imageRoots: readonly KeyObject[]
  readonly discovery: Discovery
  readonly isBlank: () => boolean
  readonly ownerRecord: RecordFile
  readonly signedRecord: RecordFile
  /** Makes the box blank: ends the gateway, and the next one begins with nothing but its device key. */
  readonly reset: () => Promise<void>
}

const serialDigits = 8

export class BoxOwner implements Disposable {
  readonly #parts: BoxOwnerParts
  #enrolment: Enrolment | null = null
  #owned: Owned | null = null
  #record: OwnerRecord | null = null
  #signed: SignedConfig | null = null
  /** There is a record, and it cannot be read: whose the box is nobody but its owner may change. */
  #unread: CausewayError | null = null
  #hasBegun = false
  #isClosed = false

  constructor(parts: BoxOwnerParts) {
    this.#parts = parts
  }

  get hasOwner(): boolean {
    return this.#record !== null || this.#owned !== null
  }

  /** Null: nobody owns it. */
  get record(): OwnerRecord | null {
    return this.#owned?.record ?? this.#record
  }

  /** It is nobody's yet: no owner, and it runs what its image brought. */
  get isUnclaimed(): boolean {
    return !this.hasOwner && this.#unread === null && this.#parts.isBlank()
  }

  /** What the disk knows; before `begin`. */
  async read(): Promise<void> {
    const { ownerRecord, signedRecord, log } = this.#parts
    try {
      this.#record = await readRecord(ownerRecord, isOwnerRecord)
    } catch (error) {
      this.#unread = new CausewayError('STORE_CORRUPT', 'the record of the owner cannot be read')
      log.error(fieldsOf(error), 'record of the owner not read')
      return
    }
    if (this.#record === null) return
    // It comes again from whom it came, but nothing older (Owned's floor).
    this.#signed = await readRecord(signedRecord, isSignedConfig).catch((error: unknown) => {
      log.error(fieldsOf(error), 'record of the signed configuration not read')
      return null
    })
  }

  /** Once it is known what runs. Later calls do nothing. */
  begin(): void {
    if (this.#hasBegun || this.#isClosed) return
    this.#hasBegun = true
    if (this.#unread !== null) return
    if (this.#record === null) this.#look()
    else this.#own(this.#record, this.#signed)
  }

  get answer(): EnrolmentAnswer {
    const { key, isBlank } = this.#parts
    const { deviceId } = key
    const [owned, enrolment] = [this.#owned, this.#enrolment]
    const record = owned?.record ?? this.#record
    const asked = enrolment?.controllers ?? []
    const offers = enrolment?.offers ?? []
    const isLooking = asked.length > 0 || isBlank()
    const blank = offers.length > 0 ? 'waiting' : isLooking ? 'looking' : 'alone'
    const error = this.#unread ?? enrolment?.lastError ?? null
    return {
      state: record === null && this.#unread === null ? blank : 'owned',
      deviceId,
      serial: deviceId.slice(0, serialDigits),
      offers: [...offers],
      ownerFingerprint: record === null ? null : fingerprintOf(record.authority),
      controllers: record === null ? [...asked] : record.controllers.map(formatHostPort),
      isLinked: owned?.isLinked ?? false,
      revision: (owned ?? this.#signed)?.revision ?? 0,
      certificateSeconds: owned === null ? null : owned.certificateMs / 1000,
      lastError: error === null ? null : { code: error.code, message: error.message },
    }
  }

  /** Somebody at the box says that the code is the one that the controller shows. @throws ZTP_CODE_WRONG, ZTP_OWNED */
  confirm(code: string): void {
    this.#refuseOwned()
    if (this.#enrolment === null) {
      throw new CausewayError('ZTP_CODE_WRONG', 'this box shows no code yet', { path: '/code' })
    }
    this.#enrolment.confirm(code)
  }

  /** Where controllers are, by hand. @throws ZTP_OWNED */
  ask(places: ControllerPlaces): void {
    this.#refuseOwned()
    this.#parts.discovery.type(places)
    this.reload()
  }

  /** Never fails: where it cannot be written down, it is said, and the box goes on as it is. */
  async reset(): Promise<void> {
    const { reset, log } = this.#parts
    await reset().catch((error: unknown) => log.error(fieldsOf(error), 'not reset'))
  }

  /** Files were changed: whoever looks for an owner begins anew. */
  reload(): void {
    if (this.#enrolment === null) return
    this.#enrolment[Symbol.dispose]()
    this.#look()
  }

  onChange(event: ConfigChangeEvent): void {
    this.#owned?.onChange(event)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#enrolment?.[Symbol.dispose]()
    this.#owned?.[Symbol.dispose]()
  }

  #look(): void {
    const { discovery } = this.#parts
    this.#enrolment = new Enrolment({
      ...this.#parts,
      firmware: version,
      find: () => discovery.find(),
      onOwner: async (owner, controller, proxy) => {
        const more = proxy === null ? {} : { proxy }
        const record: OwnerRecord = { version: 1, ...owner, controllers: [controller], ...more }
        // Another owner's configurations count for nothing.
        await this.#parts.signedRecord.remove()
        await this.#keep(record)
        if (this.#isClosed) return
        this.#enrolment = null
        this.#parts.log.info({ detail: formatHostPort(controller) }, 'has an owner')
        this.#own(record, null)
      },
    })
  }

  #own(record: OwnerRecord, signed: SignedConfig | null): void {
    const { discovery, signedRecord } = this.#parts
    const parts: OwnedParts = {
      ...this.#parts,
      find: () => discovery.find(),
      onReleased: () => {
        this.#parts.log.warn({}, 'released by its owner')
        void this.reset()
      },
      keepOwner: (one) => this.#keep(one),
      keepSigned: (one) => signedRecord.write(JSON.stringify(one)),
    }
    this.#owned = new Owned(parts, record, signed)
  }

  #keep(record: OwnerRecord): Promise<void> {
    return this.#parts.ownerRecord.write(`${JSON.stringify(record)}\n`)
  }

  #refuseOwned(): void {
    if (!this.hasOwner && this.#unread === null) return
    throw new CausewayError('ZTP_OWNED', 'this box has an owner: reset it first')
  }
}

/** Null: there is none. @throws the system's error; STORE_CORRUPT it is none */
async function readRecord<Value>(
  file: RecordFile,
  isSound: (value: unknown) => value is Value,
): Promise<Value | null> {
  const text = await file.read()
  if (text === null) return null
  const value = parsed(text)
  if (isSound(value)) return value
  throw new CausewayError('STORE_CORRUPT', 'a record of the owner is broken')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
