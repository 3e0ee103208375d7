/**
 * A controller's side of all links: each box is sent what was published for it, the newest only, as what differs from what it has
 * where that is shorter; its certificate is renewed; what it says of itself is kept while the link is up. One watch of the
 * store serves all of them. A box whose certificate has expired may renew it, and nothing else.
 */
import type { Clock } from '../host/clock/clock.ts'
import { closeCodes, type Link } from '../host/link/link.ts'
import { type Authority, readRequest } from '../host/pki/certificate.ts'
import type { Store } from '../host/store/store.ts'
import type { Log } from '../host/system/log.ts'
import { type EdgeMessage, linkProtocol, readEdgeMessage } from '../model/control-link.ts'
import { CausewayError } from '../model/errors.ts'
import type { FirmwareOrder } from '../model/firmware-order.ts'
import type { SeenBox } from '../plan/rollout-box.ts'
import { AppliedLog } from './applied.ts'
import { type Attached, type AttachedStatus, end, seenOf } from './attached.ts'
import { type CertificateDesk, certificateDays } from './certificate-desk.ts'
import { readEdge } from './edges.ts'
import { publishedKey } from './keys.ts'
import { type Admitted, type Caller, LinkDoor, sayReleased } from './link-door.ts'
import { denyFor, denyRenewal, messageFor, say, trySay, tryTell } from './link-words.ts'
import { PlaceExchange } from './place-exchange.ts'
import type { PublishedBook, PublishedConfig } from './published.ts'
import { raiseAbove } from './raise.ts'
import { RefusalLog } from './refusal-log.ts'

export interface LinkDeskParts {
  readonly store: Store
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  readonly authority: Authority
  readonly certificates: CertificateDesk
  readonly log: Log
  readonly book: PublishedBook
  /** A box has said something of its firmware. */
  readonly onFirmware?: () => void
}

/** A box that does not answer for a configuration is sent the next one all the same. */
const answerMs = 10_000
/** From the watch's end to the next: a store that has lost the thread is read anew. */
const rewatchMs = 200

export class LinkDesk implements AsyncDisposable {
  readonly #parts: LinkDeskParts
  readonly #attached = new Map<string, Attached>()
  readonly #applied: AppliedLog
  readonly #refusals: RefusalLog
  readonly #door: LinkDoor
  readonly #exchange: PlaceExchange
  #isClosed = false
  #watching: Promise<void>
  #endWatch: () => void = () => {}

  constructor(parts: LinkDeskParts) {
    this.#parts = parts
    this.#applied = new AppliedLog(parts)
    this.#refusals = new RefusalLog(parts)
    this.#door = new LinkDoor({ ...parts, refusals: this.#refusals })
    this.#exchange = new PlaceExchange(parts.clock, (deviceId) => parts.book.known(deviceId))
    this.#watching = this.#watch()
  }

  /** Of all boxes that have a link now. */
  get attached(): readonly AttachedStatus[] {
    const nowMs = this.#parts.clock.nowMs()
    return [...this.#attached.values()].map(({ isSoSinceMs, ...box }) => {
      const { deviceId, revision, firmware, report } = box
      return { deviceId, revision, firmware, report, healthAgeMs: nowMs - isSoSinceMs }
    })
  }

  /** Boxes of a tenant that have a link now, as rollouts see them. */
  seen(tenant: string): Map<string, SeenBox> {
    const nowMs = this.#parts.clock.nowMs()
    const own = [...this.#attached.values()].filter((box) => box.tenant === tenant)
    return new Map(own.map((box) => [box.deviceId, seenOf(box, nowMs)]))
  }

  /** Null: there is none. Nothing happens while it has no link. */
  order(deviceId: string, order: FirmwareOrder | null): void {
    const box = this.#attached.get(deviceId)
    if (box === undefined || !trySay(box.link, { kind: 'firmware', order })) return
    box.ordered = { id: order?.id ?? null, atMs: this.#parts.clock.nowMs() }
  }

  /** Its owner has let it go: it is told so, and its link ends. Nothing happens while it has none. */
  async release(deviceId: string): Promise<void> {
    const box = this.#attached.get(deviceId)
    if (box !== undefined) await sayReleased(this.#parts.store, box)
  }

  /** Whether there may be a link, before there is one; null: no. @param caller as its certificate says */
  admit(caller: Caller): Promise<Admitted | null> {
    return this.#door.admit(caller)
  }

  onLink(link: Link, caller: Admitted): void {
    this.#door.open(link, caller, {
      take: (box, text) => this.#take(box, text),
      onClose: (box) => {
        if (this.#attached.get(box.deviceId) !== box) return
        this.#attached.delete(box.deviceId)
        this.#exchange.detach(box.deviceId)
      },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#endWatch()
    this.#exchange[Symbol.dispose]()
    this.#door[Symbol.dispose]()
    for (const { link } of this.#attached.values()) link.close(1_001, 'the controller ends')
    await this.#watching
    await this.#applied[Symbol.asyncDispose]()
  }

  async #take(box: Attached, text: string): Promise<void> {
    try {
      await this.#onMessage(box, text)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      const { deviceId } = box
      this.#parts.log.warn({ code: error.code, device: deviceId }, 'message of a box not handled')
      end(box, closeCodes.misuse, error.code)
    }
  }

  async #onMessage(box: Attached, text: string): Promise<void> {
    const message = readEdgeMessage(text)
    if (message === null) {
      end(box, closeCodes.misuse, 'malformed')
      return
    }
    const isAttached = this.#attached.get(box.deviceId) === box
    // One hello of a link, and nothing before it.
    if (message.kind === 'unknown' || (message.kind === 'hello') === isAttached) return
    switch (message.kind) {
      case 'hello':
        return this.#onHello(box, message)
      case 'applied':
      case 'refused':
        return this.#onAnswer(box, message)
      case 'resend':
        box.has = null
        box.isAsked = false
        if (box.sent !== null) this.#send(box, box.waiting ?? box.sent)
        return
      case 'renew':
        return this.#onRenew(box, message.request)
      case 'places':
        this.#exchange.onPlaces(box.deviceId, message)
        return
      case 'firmware-state':
        box.firmwareState = message
        box.firmware = message.running
        this.#parts.onFirmware?.()
        return
      case 'report':
        if (box.report?.isHealthy !== message.isHealthy) box.isSoSinceMs = this.#parts.clock.nowMs()
        box.report = message
    }
  }

  async #onHello(box: Attached, hello: Extract<EdgeMessage, { kind: 'hello' }>): Promise<void> {
    const { store, wallMs, authority, log } = this.#parts
    const { deviceId, link } = box
    const edge = await readEdge(store, deviceId)
    if (box.inbox.isClosed) return
    if (edge === null) {
      await sayReleased(this.#parts.store, box)
      return
    }
    const other = this.#attached.get(deviceId)
    if (other !== undefined) end(other, closeCodes.replaced, 'the device has another link')
    this.#attached.set(deviceId, box)
    this.#door.entered(box)
    box.timer?.()
    this.#exchange.attach(edge, (words) => tryTell(link, words))
    box.tenant = edge.tenant
    box.revision = hello.revision
    box.tried = hello.tried
    box.firmware = hello.firmware
    const protocol = Math.min(hello.protocol, linkProtocol)
    say(link, { kind: 'welcome', protocol, nowMs: Math.trunc(wallMs()) })
    if (await raiseAbove(store, deviceId, hello.tried, authority.privateKey)) {
      log.warn({ device: deviceId }, 'a box had a later configuration: it is published above that')
    }
    const entry = await store.get(publishedKey(deviceId))
    if (entry !== null) this.#offer(box, this.#parts.book.read(box.deviceId, entry.value))
  }

  #onAnswer(box: Attached, answer: Extract<EdgeMessage, { kind: 'applied' | 'refused' }>): void {
    const { sent } = box
    if (answer.kind === 'applied') {
      box.revision = answer.revision
      if (sent?.revision === answer.revision) box.has = sent
    }
    const refusal = answer.kind === 'refused' ? { code: answer.code, message: answer.message } : {}
    const at = new Date(this.#parts.wallMs()).toISOString()
    const { deviceId, tenant, link } = box
    const { revision } = answer
    if (answer.kind === 'refused')
      this.#refusals.tell(deviceId, {
        ...{ what: 'edge.refuse', code: answer.code, detail: `revision ${revision}` },
      })
    this.#applied.note(deviceId, tenant, { revision, at, ...refusal }, () => {
      // Configurations that others wait for go first.
      if (answer.kind === 'applied') trySay(link, { kind: 'confirmed', revision })
    })
    if (sent?.revision === answer.revision) {
      box.isAsked = false
      box.timer?.()
      if (box.waiting !== null) this.#send(box, box.waiting)
    }
  }

  async #onRenew(box: Attached, pem: string): Promise<void> {
    const request = await readRequest(pem)
    if (request.deviceId !== box.deviceId) {
      return denyRenewal(box.link, 'ZTP_REQUEST_INVALID', 'the request is of another device')
    }
    const asked = this.#parts.certificates.certify(request, 'edge.renew')
    const certificate = await asked.catch((error: unknown) => denyFor(box.link, error))
    if (certificate === undefined) return
    if (certificate === null) return sayReleased(this.#parts.store, box)
    box.expiresMs = this.#parts.wallMs() + certificateDays * 86_400_000
    say(box.link, { kind: 'certificate', certificate })
    if (box.waiting !== null) this.#send(box, box.waiting)
  }

  /**
   * The newest wins: what was published meanwhile takes the place of what waits. What it has tried and does not run it has refused, or
   * tries still. What another tenant had it told is not for it.
   */
  #offer(box: Attached, published: PublishedConfig): void {
    if (published.tenant !== box.tenant) return
    const newest = [box.revision, box.tried, box.sent?.revision ?? 0, box.waiting?.revision ?? 0]
    if (published.revision <= Math.max(...newest)) return
    box.waiting = published
    if (!box.isAsked) this.#send(box, published)
  }

  #send(box: Attached, published: PublishedConfig): void {
    box.waiting = published
    if (box.inbox.isClosed || box.expiresMs <= this.#parts.wallMs()) return
    if (!trySay(box.link, messageFor(box.has, published))) return
    box.waiting = null
    box.sent = published
    box.isAsked = true
    box.timer?.()
    box.timer = this.#parts.clock.after(answerMs, () => {
      box.isAsked = false
      if (box.waiting !== null) this.#send(box, box.waiting)
    })
  }

  async #watch(): Promise<void> {
    const { store, log, clock, book } = this.#parts
    while (!this.#isClosed) {
      try {
        const after = await store.revision()
        // What was published before there was a watch, or between two.
        for (const box of [...this.#attached.values()]) {
          const entry = await store.get(publishedKey(box.deviceId))
          if (entry !== null) this.#offer(box, this.#parts.book.read(box.deviceId, entry.value))
        }
        using watch = store.watch(publishedKey(''), after)
        this.#endWatch = () => watch[Symbol.dispose]()
        if (this.#isClosed) return
        for await (const { changes } of watch) {
          for (const { key, value } of changes) {
            const deviceId = key.slice(publishedKey('').length)
            const box = this.#attached.get(deviceId)
            if (value === null) book.forget(deviceId)
            else if (box === undefined) book.read(deviceId, value)
            else this.#offer(box, book.read(deviceId, value))
          }
        }
      } catch (error) {
        if (!(error instanceof CausewayError)) throw error
        log.warn({ code: error.code }, 'configurations are read anew')
        await new Promise<void>((passed) => clock.after(rewatchMs, passed))
      }
    }
  }
}
