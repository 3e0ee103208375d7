/**
 * A box with an owner: its link to the owner's controllers, what it does with what comes by it (configurations, certificates, the
 * time), and what it says of itself. Only records and the configuration change; nothing that runs waits for any of it.
 */
import { X509Certificate } from 'node:crypto'
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { renderConfig } from '../../host/config/render.ts'
import type { Link } from '../../host/link/link.ts'
import { fingerprintOf, makeRequest, readCertificate } from '../../host/pki/certificate.ts'
import type { DeviceKey } from '../../host/pki/device-key.ts'
import { privatePem } from '../../host/pki/p256.ts'
import type { Log } from '../../host/system/log.ts'
import type { EdgeMessage } from '../../model/control-link.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import type { OwnerRecord } from '../../model/enrolment.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  formatHostPort,
  type HostPort,
  mostControllers,
  parseHostPort,
} from '../../model/host-port.ts'
import type { ConfigChangeEvent } from '../../model/local-api-event.ts'
import type { SignedConfig } from '../../model/signed-config.ts'
import { version } from '../../model/version.ts'
import { isRelease } from '../../model/voucher.ts'
import { checkRelease } from '../../plan/voucher.ts'
import { verifyJws } from '../../wire/jws.ts'
import type { ConfigChanges } from '../config-change.ts'
import type { ConfigSource } from '../config-source.ts'
import { ControllerLink, confirmSeconds } from '../controller-link.ts'
import type { FirmwareOrders, OrderLink } from '../firmware-orders.ts'
import { fieldsOf } from '../log-fields.ts'
import type { Found } from './discovery.ts'
import { type Caller, PlaceTeller } from './place-teller.ts'
import { type Report, ReportTeller } from './report-teller.ts'

export interface OwnedParts {
  readonly clock: Clock
  readonly log: Log
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds since 1970, as far as the box knows. */
  readonly wallMs: () => number
  readonly key: DeviceKey
  /** X25519, base64. */
  readonly wireKey: string
  readonly find: () => Promise<Found>
  /** @throws LINK_ errors */
  readonly openLink: (
    controller: HostPort,
    proxy: HostPort | null,
    own: { readonly key: string; readonly certificate: string },
    authority: string,
  ) => Promise<Link>
  readonly changes: Pick<ConfigChanges, 'apply' | 'confirm' | 'pending'>
  readonly source: Pick<ConfigSource, 'confirmed' | 'entries'>
  /** The owner has let the box go. */
  readonly onReleased: () => void
  readonly caller: Caller
  /** How the box is; null: it does not know yet. */
  readonly report: () => Report | null
  readonly orders: Pick<FirmwareOrders, 'onLink' | 'onOrder'>
  /** A file of the controller, from that byte on. @throws LINK_ errors, also on the way; what it refuses with */
  readonly download: (
    ...asked: [...Parameters<OwnedParts['openLink']>, path: string, from: number]
  ) => AsyncIterable<Uint8Array>
  /** @throws STORE_WRITE_FAILED */
  readonly keepOwner: (record: OwnerRecord) => Promise<void>
  readonly keepSigned: (signed: SignedConfig) => Promise<void>
}

/** So often it is looked whether the certificate is to be renewed. */
const renewLookMs = 3_600_000
/** Boxes that come back together, and were claimed together, do not all renew at once. */
const renewSpreadMs = 10 * 60_000
const remark =
  'Signed by the owner, by way of the controller: what is changed here is replaced by its next revision.'

export class Owned implements Disposable {
  readonly #parts: OwnedParts
  readonly #link: ControllerLink
  readonly #places: PlaceTeller
  readonly #reports: ReportTeller
  /** To whom the link is, or was last. */
  #way: Parameters<OwnedParts['openLink']> | null = null
  #record: OwnerRecord
  /** Its changes, one after the other: each begins with what the one before has written. */
  #recording: Promise<void> = Promise.resolve()
  #signed: SignedConfig | null
  #asked = 0
  /** The controller's clock, where it is ahead of the box's. */
  #aheadMs = 0
  #cancelRenewal: CancelTimer = () => {}

  constructor(parts: OwnedParts, record: OwnerRecord, signed: SignedConfig | null) {
    const { clock, log, key } = parts
    this.#parts = parts
    this.#record = record
    this.#signed = signed
    const say = (message: EdgeMessage): void => this.#link.say(message)
    this.#places = new PlaceTeller({ clock, caller: parts.caller, say })
    const report = (): Report | null => (this.isLinked ? parts.report() : null)
    this.#link = new ControllerLink({
      ...{ clock, log, firmware: version, deviceId: key.deviceId, had: signed },
      floor: floorOf(parts.source.entries),
      random: () => this.#part(),
      ownerKeys: [new X509Certificate(record.authority).publicKey],
      open: () => this.#open(),
      apply: (config) => this.#apply(config),
      confirm: (one) => this.#confirm(one),
      onReleased: (release) => void this.#release(release),
      onTold: (message) => {
        if (message.kind === 'peer-places') this.#places.onPeers(message)
        if (message.kind === 'firmware') void parts.orders.onOrder(message.order)
      },
      onCertificate: (certificate) => this.#take(certificate),
      onTime: (nowMs) => {
        this.#aheadMs = Math.max(0, nowMs - parts.wallMs())
        this.#lookAgain(this.#isOver ? 0 : this.#part() * renewSpreadMs)
        this.#reports.onLink()
        this.#places.onLink()
        void parts.orders.onLink(this.#orderLink())
      },
    })
    this.#reports = new ReportTeller({ clock, report, say })
    this.#lookAgain(renewLookMs)
    // The gateway may have ended between the two records.
    void this.#follow(signed?.config.controllers ?? [])
  }

  get record(): OwnerRecord {
    return this.#record
  }

  get isLinked(): boolean {
    return this.#link.isUp
  }

  get revision(): number {
    return this.#signed?.revision ?? 0
  }

  get certificateMs(): number {
    return validity(this.#record).untilMs - this.#nowMs
  }

  onChange({ revision, step, reason }: ConfigChangeEvent): void {
    if (step !== 'taken-back') return
    const { code = 'CONFIG_UNCONFIRMED', message = 'taken back' } = reason ?? {}
    this.#link.onTakenBack(revision, code, message)
  }

  [Symbol.dispose](): void {
    this.#cancelRenewal()
    this.#reports[Symbol.dispose]()
    this.#places[Symbol.dispose]()
    this.#link[Symbol.dispose]()
  }

  get #nowMs(): number {
    return this.#parts.wallMs() + this.#aheadMs
  }

  /** Each time another one of those that are known. */
  async #open(): Promise<Link> {
    const { find, openLink, key } = this.#parts
    const { authority, certificate, controllers, proxy = null } = this.#record
    const found = await find()
    const all = [...controllers, ...found.controllers]
    const privateKey = privatePem(key.privateKey)
    const own = { key: privateKey, certificate }
    const controller = all[this.#asked++ % all.length]!
    this.#way = [controller, found.proxy ?? proxy, own, authority]
    return openLink(...this.#way)
  }

  #orderLink(): OrderLink {
    const way = this.#way!
    return {
      say: (state) => this.#link.say({ kind: 'firmware-state', ...state }),
      fetch: (path, from) => this.#parts.download(...way, path, from),
      ...{ isUp: () => this.isLinked, wallMs: () => this.#nowMs },
    }
  }

  async #apply(config: DeviceConfig): Promise<void> {
    const { changes, source } = this.#parts
    const text = renderConfig(config, remark)
    const { confirmed } = source
    const isInPlace = confirmed?.text === text && confirmed.refusals.length === 0
    // It came once more, since the record of it was lost: there is nothing to try, and nothing to go back to.
    if (changes.pending === null && isInPlace) return
    const hasFallback = confirmed !== null && confirmed.config !== null
    const seconds = hasFallback ? confirmSeconds : 0
    await changes.apply(text, seconds, 'controller')
  }

  async #confirm(signed: SignedConfig): Promise<void> {
    const { changes, keepSigned, log } = this.#parts
    if (changes.pending?.revision === signed.revision) await changes.confirm()
    await keepSigned(signed)
    this.#signed = signed
    await this.#follow(signed.config.controllers ?? [])
    log.info({ revision: signed.revision }, 'signed configuration kept')
  }

  /** Where the owner says that its controllers are; where the box was linked to stays the last. If it fails, the next start does it. */
  async #follow(texts: readonly string[]): Promise<void> {
    const said = texts.map((text) => parseHostPort(text)).filter((one) => one !== null)
    if (said.length === 0) return
    const kept = this.#keep((record) => {
      const all = new Map([...said, ...record.controllers].map((one) => [formatHostPort(one), one]))
      const controllers = [...all.values()].slice(0, mostControllers)
      const isSame = JSON.stringify(controllers) === JSON.stringify(record.controllers)
      return isSame ? record : { ...record, controllers }
    })
    const { log } = this.#parts
    await kept.catch((error: unknown) => log.error(fieldsOf(error), 'controllers not followed'))
  }

  /** @throws STORE_WRITE_FAILED: the record is as it was */
  #keep(change: (record: OwnerRecord) => OwnerRecord): Promise<void> {
    const kept = this.#recording.then(async () => {
      const record = change(this.#record)
      if (record === this.#record) return
      await this.#parts.keepOwner(record)
      this.#record = record
    })
    this.#recording = kept.catch(() => {})
    return kept
  }

  /** At half of its time; the controller gives one to whom it gave one, also once that has ended. */
  async #renew(): Promise<void> {
    const { key, wireKey } = this.#parts
    const { fromMs, untilMs } = validity(this.#record)
    if (!this.isLinked || this.#nowMs < (fromMs + untilMs) / 2) return
    this.#link.say({ kind: 'renew', request: await makeRequest(key, wireKey) })
  }

  async #take(certificate: string): Promise<void> {
    const { key, wireKey, log } = this.#parts
    try {
      const read = readCertificate(new X509Certificate(certificate), [this.#record.authority])
      if (read?.deviceId !== key.deviceId || read.wireKey !== wireKey) {
        throw new CausewayError(
          'ZTP_AUTHORITY_UNKNOWN',
          'the certificate is not what was asked for',
        )
      }
      await this.#keep((record) => ({ ...record, certificate }))
      log.info({}, 'certificate renewed')
    } catch (error) {
      log.error(fieldsOf(error), 'certificate not renewed')
    }
  }

  /** The owner's word, and about this box, or it is nobody's. */
  async #release(release: string): Promise<void> {
    const { key, log, onReleased } = this.#parts
    const { authority } = this.#record
    try {
      const owner = new X509Certificate(authority).publicKey
      const said = await verifyJws('causeway-release', release, [owner])
      if (!isRelease(said)) throw new CausewayError('WIRE_INVALID', 'no release')
      checkRelease(said, key.deviceId, fingerprintOf(authority))
      onReleased()
    } catch (error) {
      log.warn(fieldsOf(error), 'release not taken')
    }
  }

  #lookAgain(afterMs: number): void {
    this.#cancelRenewal()
    this.#cancelRenewal = this.#parts.clock.after(afterMs, () => {
      void this.#renew()
      this.#lookAgain(renewLookMs)
    })
  }

  get #isOver(): boolean {
    return validity(this.#record).untilMs <= this.#nowMs
  }

  /** From 0 up to 1. */
  #part(): number {
    return Buffer.from(this.#parts.random(4)).readUInt32BE() / 2 ** 32
  }
}

function validity({ certificate }: OwnerRecord): { fromMs: number; untilMs: number } {
  const { validFromDate, validToDate } = new X509Certificate(certificate)
  return { fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() }
}

/** The history knows it too: a record that is lost must not let in what is older. */
function floorOf(entries: ConfigSource['entries']): number {
  const signed = entries.filter(({ origin }) => origin === 'controller')
  return Math.max(0, ...signed.map(({ revision }) => revision))
}
