/**
 * A controller's desk for devices that nobody owns yet: offers them its owner, lets people claim them by their code, makes
 * vouchers and certificates. Each refusal is coded, and told in the audit log. zero-touch.md; what is decided about a claim
 * stands in plan/claim.ts, what the messages are in model/ztp.ts.
 */
import type { KeyObject } from 'node:crypto'
import { type Authority, fingerprintOf, readRequest } from '../host/pki/certificate.ts'
import { deviceIdOf } from '../host/pki/device-key.ts'
import { readPublicKey } from '../host/pki/p256.ts'
import { type Commit, noChange, type Store } from '../host/store/store.ts'
import { sha256 } from '../host/system/digest.ts'
import { CausewayError } from '../model/errors.ts'
import type { Voucher } from '../model/voucher.ts'
import type {
  ZtpAnswer,
  ZtpAsk,
  ZtpCertificate,
  ZtpHello,
  ZtpOffer,
  ZtpOpen,
  ZtpRefusal,
  ZtpRequest,
} from '../model/ztp.ts'
import { claimMs, isClaimed, offerClaim, openClaim, refuseLocked, tryClaim } from '../plan/claim.ts'
import { openSourceBuckets } from '../plan/rate-limit.ts'
import { voucherMs } from '../plan/voucher.ts'
import { claimCode, isCommitted, readClaimCode } from '../wire/claim-code.ts'
import { signJws } from '../wire/jws.ts'
import { isProvenByDevice, type ProofKind } from '../wire/ztp-proof.ts'
import { commitAudited } from './audit.ts'
import type { CertificateDesk } from './certificate-desk.ts'
import { ClaimRoom } from './claim-room.ts'
import {
  claimCommit,
  findClaim,
  type KeptClaim,
  readClaim,
  tryTheirs,
  writeClaim,
} from './claims.ts'
import type { Delegations } from './delegations.ts'
import { type Claimant, foreign, newEdge, readEdge, registerEdge } from './edges.ts'
import { TriedLog } from './tried-log.ts'

/** Devices that were never seen, of one place: a proof is looked at, and room made. */
const newcomerRate = { perSecond: 1, burst: 200 }
const mostSources = 4_096
/** How often a device asks whether it has been claimed. */
const againMs = 2_000
/** Several people may type at once, for one device. */
const mostRounds = 20

export interface EnrolOptions {
  readonly store: Store
  readonly authority: Authority
  readonly certificates: CertificateDesk
  /** Of the owner's roots, where it has some. */
  readonly delegations: Delegations
  readonly nowMs: () => number
  readonly random: (bytes: number) => Buffer
}

/** What a device says of which attempt, and that it is it. */
interface Proven {
  readonly deviceId: string
  readonly nonce: string
  readonly proof: string
}

export class EnrolDesk {
  readonly #options: EnrolOptions
  readonly #ownerPin: string
  readonly #strangers: TriedLog
  readonly #room: ClaimRoom
  readonly #newcomers = openSourceBuckets(newcomerRate, mostSources)

  constructor(options: EnrolOptions) {
    this.#options = options
    this.#ownerPin = fingerprintOf(options.authority.certificate)
    this.#strangers = new TriedLog(options.store, options.nowMs)
    this.#room = new ClaimRoom(options.store)
  }

  /** Blank devices are told those that hold. */
  get delegations(): Delegations {
    return this.#options.delegations
  }

  /**
   * @param from tells places apart
   * @throws ZTP_REQUEST_INVALID, ZTP_PROOF_INVALID, ZTP_LOCKED, ZTP_BUSY
   */
  async hello(body: ZtpHello, exporter: Uint8Array, from: string): Promise<ZtpOffer> {
    const { store, authority, nowMs, random } = this.#options
    const { nonce, commitment, publicKey, keeping, firmware } = body
    const key = publicKeyOf(publicKey)
    const deviceId = deviceIdOf(key)
    const parts = [deviceId, nonce, commitment, keeping, firmware]
    await this.#checkProof('hello', parts, exporter, key, body.proof)
    const before = await readClaim(store, deviceId)
    // Whose device it is has said so: no stranger keeps it waiting.
    const source = (await readEdge(store, deviceId)) === null ? from : null
    if (before === null && source !== null && !this.#newcomers.take(source, nowMs())) {
      throw new CausewayError('ZTP_BUSY', 'too many new devices from one address')
    }
    const controllerNonce = random(32).toString('hex')
    const offer = { deviceId, nonce, commitment, controllerNonce }
    const offered = offerClaim(before?.claim ?? null, offer, nowMs(), source === null)
    const claim = { ...offered, publicKey, keeping, source }
    await this.#room.admit(claim, nowMs())
    await writeClaim(store, { claim, revision: before?.revision ?? 0 })
    const shown = { authority: authority.certificate, controllerNonce, forMs: claimMs }
    return { ...shown, delegations: this.delegations.current(nowMs()) }
  }

  /** @throws ZTP_PROOF_INVALID, ZTP_CODE_EXPIRED */
  async open(body: ZtpOpen, exporter: Uint8Array): Promise<ZtpAnswer> {
    const { store, nowMs } = this.#options
    const { claim, revision } = await this.#proven('open', body, [body.secret], exporter)
    const deviceSecret = Buffer.from(body.secret, 'hex')
    if (!isCommitted(Buffer.from(claim.commitment, 'hex'), deviceSecret)) {
      const message = 'the secret is not the one that was committed to'
      throw new CausewayError('ZTP_PROOF_INVALID', message)
    }
    const controllerNonce = Buffer.from(claim.controllerNonce, 'hex')
    const { deviceId } = claim
    const code = claimCode({ deviceId, ownerPin: this.#ownerPin, deviceSecret, controllerNonce })
    const opened = { ...claim, ...openClaim(claim, code, nowMs()) }
    if (claim.state === 'offered') {
      await this.#room.admit(opened, nowMs())
      await writeClaim(store, { claim: opened, revision })
    }
    return this.#answer(opened)
  }

  /** @throws ZTP_PROOF_INVALID, ZTP_CODE_EXPIRED */
  async ask(body: ZtpAsk, exporter: Uint8Array): Promise<ZtpAnswer> {
    const { claim } = await this.#proven('voucher', body, [], exporter)
    return this.#answer(claim)
  }

  /** @throws ZTP_PROOF_INVALID, ZTP_CODE_EXPIRED, ZTP_REQUEST_INVALID, ZTP_WIRE_KEY_TAKEN, ZTP_BUSY, STORE_BUSY */
  async certify(body: ZtpRequest, exporter: Uint8Array): Promise<ZtpCertificate> {
    const digest = sha256(body.request)
    const { claim } = await this.#proven('certificate', body, [digest], exporter)
    const request = await readRequest(body.request)
    if (request.deviceId !== claim.deviceId) {
      throw new CausewayError('ZTP_REQUEST_INVALID', 'the request names another device')
    }
    const certificate = await this.#options.certificates.certify(request, 'edge.certify')
    if (certificate === null) {
      throw new CausewayError('ZTP_CODE_EXPIRED', 'nobody has claimed this device')
    }
    return { certificate }
  }

  /** What the device did not take goes into the log. @throws ZTP_PROOF_INVALID, ZTP_CODE_EXPIRED */
  async refused(body: ZtpRefusal, exporter: Uint8Array): Promise<object> {
    const { deviceId, code } = body
    await this.#proven('refusal', body, [code], exporter)
    await this.#strangers.tell({
      what: 'ztp.refusal',
      target: 'controller',
      who: `device/${deviceId}`,
      code,
    })
    return {}
  }

  /**
   * A person typed what a device shows.
   * @param device its id, or the first digits of it, at least eight
   * @returns its id
   * @throws ZTP_CODE_WRONG, ZTP_CODE_EXPIRED, ZTP_LOCKED, ZTP_VOUCHER_FOREIGN
   */
  async claim(by: Claimant, device: string, code: string, site: string): Promise<string> {
    for (let round = 1; ; round++) {
      try {
        return await this.#claim(by, device, code, site)
      } catch (error) {
        // Somebody else tried at the same time, and each try counts.
        const isRace = error instanceof CausewayError && error.code === 'STORE_CONFLICT'
        if (!isRace || round === mostRounds) throw error
      }
    }
  }

  async #claim(by: Claimant, device: string, code: string, site: string): Promise<string> {
    const { store, nowMs } = this.#options
    const event = { what: 'edge.claim', target: `device/${device.slice(0, 64)}` }
    const found = await findClaim(store, device)
    if (found === null) {
      const message = 'no such device asks to be claimed'
      throw await this.#refusal(by, event, new CausewayError('ZTP_CODE_EXPIRED', message))
    }
    const owner = await readEdge(store, found.claim.deviceId)
    const typed = readClaimCode(code)
    const isTheirs = owner !== null && owner.tenant !== by.tenant
    const counted = isTheirs ? tryTheirs(found, owner, typed) : null
    if (counted !== null) throw await this.#refusal(by, event, foreign(), counted)
    const { claim, refusal } = tryClaim(found.claim, typed, site, nowMs())
    const kept: KeptClaim = { ...found.claim, ...claim }
    const commit = claimCommit({ claim: kept, revision: found.revision })
    if (refusal !== null) throw await this.#refusal(by, event, refusal, commit)
    await registerEdge(store, by, newEdge(by, kept, site, nowMs()), event, nowMs(), {
      ...{ commit, isByCode: true },
    })
    return kept.deviceId
  }

  /** Claims a device before it asks: one that has the owner's own root needs no code. @throws ZTP_VOUCHER_FOREIGN */
  async list(by: Claimant, deviceId: string, site: string): Promise<void> {
    const { store, nowMs } = this.#options
    const edge = newEdge(by, { deviceId, keeping: 'software' }, site, nowMs())
    const event = { what: 'edge.list', target: `device/${deviceId}` }
    await registerEdge(store, by, edge, event, nowMs())
  }

  /** The claim of who asks, if its key signed this request over this connection. */
  async #proven(kind: ProofKind, body: Proven, parts: readonly string[], exporter: Uint8Array) {
    const found = await readClaim(this.#options.store, body.deviceId)
    if (found === null || found.claim.nonce !== body.nonce) {
      throw new CausewayError('ZTP_CODE_EXPIRED', 'this attempt is over: begin anew')
    }
    const key = publicKeyOf(found.claim.publicKey)
    await this.#checkProof(kind, [body.deviceId, body.nonce, ...parts], exporter, key, body.proof)
    return found
  }

  async #checkProof(
    kind: ProofKind,
    parts: readonly string[],
    exporter: Uint8Array,
    key: KeyObject,
    proof: string,
  ): Promise<void> {
    if (isProvenByDevice(kind, exporter, parts, key, proof)) return
    const message = 'the request is not of this device over this connection: somebody is in between'
    const refusal = new CausewayError('ZTP_PROOF_INVALID', message)
    const who = `device/${deviceIdOf(key)}`
    await this.#strangers.tell({
      what: `ztp.${kind}`,
      target: 'controller',
      who,
      code: refusal.code,
    })
    throw refusal
  }

  /** Told in the log, with what it changes of the claim. */
  async #refusal(
    { who, tenant }: Claimant,
    event: { readonly what: string; readonly target: string },
    refusal: CausewayError,
    commit: Commit = noChange,
  ): Promise<CausewayError> {
    const { store, nowMs } = this.#options
    await commitAudited(store, tenant, { ...event, who, code: refusal.code }, commit, nowMs())
    return refusal
  }

  async #answer(claim: KeptClaim): Promise<ZtpAnswer> {
    const { store, authority, nowMs } = this.#options
    const isByCode = isClaimed(claim, nowMs())
    // Who is listed gets a voucher by the word of a root, and nobody by that of none.
    const isVouchedFor = this.delegations.current(nowMs()).length > 0
    const isListed = isVouchedFor && (await readEdge(store, claim.deviceId)) !== null
    if (!isByCode && !isListed) {
      // So that whoever stands before it sees why its code is not taken.
      refuseLocked(claim, nowMs())
      return { voucher: null, againMs }
    }
    const voucher: Voucher = {
      version: 1,
      deviceId: claim.deviceId,
      nonce: claim.nonce,
      ownerPin: this.#ownerPin,
      assertion: isByCode ? 'code' : 'listed',
      issuedMs: nowMs(),
      expiresMs: nowMs() + voucherMs,
    }
    return { voucher: await signJws('causeway-voucher', voucher, authority.privateKey), againMs }
  }
}

/** @throws ZTP_REQUEST_INVALID */
function publicKeyOf(text: string): KeyObject {
  try {
    return readPublicKey(Buffer.from(text, 'base64'))
  } catch (error) {
    const { message: detail } = error as Error
    throw new CausewayError('ZTP_REQUEST_INVALID', 'this is no public key of P-256', { detail })
  }
}
