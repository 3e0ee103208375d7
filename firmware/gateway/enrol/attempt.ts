/**
 * A blank device's attempt to get an owner from one controller: it says who it is, sees whom it is offered, shows a code, and
 * trusts nothing before a voucher says so that somebody signed whom it trusts, or that a person has confirmed at both ends.
 * zero-touch.md; how often and where it is tried is others' business.
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import type { ZtpConnection } from '../../host/link/ztp.ts'
import { fingerprintOf, makeRequest, readCertificate } from '../../host/pki/certificate.ts'
import type { DeviceKey } from '../../host/pki/device-key.ts'
import { sha256 } from '../../host/system/digest.ts'
import { CausewayError, type ErrorCode } from '../../model/errors.ts'
import { isDelegation, isVoucher } from '../../model/voucher.ts'
import {
  isZtpAnswer,
  isZtpCertificate,
  isZtpOffer,
  type KeyKeeping,
  type ZtpOffer,
} from '../../model/ztp.ts'
import { checkVoucher } from '../../plan/voucher.ts'
import { claimCode, commitTo } from '../../wire/claim-code.ts'
import { verifyJws } from '../../wire/jws.ts'
import { type ProofKind, proveDevice } from '../../wire/ztp-proof.ts'

export interface AttemptOptions {
  readonly key: DeviceKey
  /** X25519, base64. */
  readonly wireKey: string
  readonly keeping: KeyKeeping
  readonly firmware: string
  /** Of the image: they sign vouchers. */
  readonly imageRoots: readonly KeyObject[]
  /** Of this box's owner, put there by hand: they sign vouchers, and say which authority may. */
  readonly ownRoots: readonly KeyObject[]
  /** @param authorities see ZtpOptions */
  readonly connect: (authorities: readonly string[] | null) => Promise<ZtpConnection>
  readonly random: (bytes: number) => Buffer
  /** Never before the image's build time. */
  readonly nowMs: () => number
  /** Ends with the attempt. */
  readonly pause: (ms: number) => Promise<void>
  /** The box shows this until the attempt ends. */
  readonly onCode: (code: string) => void
  /** A person has said at the box that the code is the one that the controller took. */
  readonly isConfirmed: () => boolean
  /** Once, where the controller would have the box without a person, and it does not trust it so: the code is the way. */
  readonly onPassedOver: (refusal: CausewayError) => void
  /** In how long such an attempt is to be begun anew, since the next offer may have what this one had not; Infinity: never. */
  readonly anewInMs: () => number
}

/** Whom the device trusts from now on, and what it is to them. PEM. */
export interface Owner {
  readonly authority: string
  readonly certificate: string
}

/** Of the device, about what a controller offered. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'ZTP_VOUCHER_INVALID',
  'ZTP_VOUCHER_EXPIRED',
  'ZTP_VOUCHER_REPLAYED',
  'ZTP_VOUCHER_FOREIGN',
  'ZTP_AUTHORITY_UNKNOWN',
  'ZTP_INTERCEPTED',
])

/** @throws ZTP_ errors, LINK_ errors: the attempt is over */
export async function attemptEnrol(options: AttemptOptions): Promise<Owner> {
  const { nowMs, random } = options
  const nonce = random(32).toString('base64url')
  const secret = random(32)
  const beganMs = nowMs()
  const offer = await sayHello(options, nonce, secret)
  try {
    await awaitOwner(options, offer, { nonce, secret, beganMs })
  } catch (error) {
    await tellRefusal(options, nonce, error)
    throw error
  }
  return certify(options, nonce, offer.authority)
}

interface Begun {
  readonly nonce: string
  readonly secret: Buffer
  readonly beganMs: number
}

/** @throws ZTP_ errors, LINK_ errors */
async function awaitOwner(
  options: AttemptOptions,
  offer: ZtpOffer,
  { nonce, secret, beganMs }: Begun,
): Promise<void> {
  const { nowMs } = options
  const ownerPin = pinOf(offer.authority)
  const isDelegated = await isDelegatedTo(options, offer, ownerPin)
  let isPassedOver = false
  const { deviceId } = options.key
  const controllerNonce = Buffer.from(offer.controllerNonce, 'hex')
  options.onCode(claimCode({ deviceId, ownerPin, deviceSecret: secret, controllerNonce }))
  let answer = await ask(options, 'open', '/ztp/v1/open', nonce, { secret: secret.toString('hex') })
  for (;;) {
    if (answer.voucher !== null) {
      const offered = { nonce, ownerPin, isDelegated, offer }
      const trust = await trustOf(options, answer.voucher, offered)
      if (trust === 'trusted') return
      if (trust === 'unknown' && !isPassedOver) await passOver(options, nonce)
      isPassedOver = trust === 'unknown'
    }
    if (nowMs() - beganMs > offer.forMs) {
      throw new CausewayError('ZTP_CODE_EXPIRED', 'nobody has claimed this device in time')
    }
    const leftMs = isPassedOver ? options.anewInMs() : answer.againMs
    if (leftMs <= 0) {
      throw new CausewayError('ZTP_CODE_EXPIRED', 'the controller may do more by now: begin anew')
    }
    await options.pause(Math.min(answer.againMs, leftMs))
    answer = await ask(options, 'voucher', '/ztp/v1/voucher', nonce, {})
  }
}

/** No refusal that ends it: a person may still confirm the code. Both ends are told why nothing comes of it by itself. */
async function passOver(options: AttemptOptions, nonce: string): Promise<void> {
  const message = "no root of this box has named this controller's authority: claim it by its code"
  const refusal = new CausewayError('ZTP_AUTHORITY_UNKNOWN', message)
  options.onPassedOver(refusal)
  await tellRefusal(options, nonce, refusal)
}

/** For the controller's log: what this box did not take, and why. Whoever does not hear it is told nothing. */
async function tellRefusal(options: AttemptOptions, nonce: string, error: unknown): Promise<void> {
  if (!(error instanceof CausewayError) || !refusals.has(error.code)) return
  const { deviceId } = options.key
  const { code } = error
  const parts = [deviceId, nonce, code]
  const body = { deviceId, nonce, code }
  await postProven(options, 'refusal', '/ztp/v1/refusal', parts, body, null).catch(() => {})
}

async function sayHello(options: AttemptOptions, nonce: string, secret: Buffer): Promise<ZtpOffer> {
  const { key, keeping, firmware } = options
  const commitment = commitTo(secret).toString('hex')
  const publicKey = key.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const parts = [key.deviceId, nonce, commitment, keeping, firmware]
  const body = { version: 1, publicKey, nonce, commitment, keeping, firmware }
  const offer = await postProven(options, 'hello', '/ztp/v1/hello', parts, body, null)
  if (!isZtpOffer(offer)) throw malformed()
  return offer
}

async function ask(
  options: AttemptOptions,
  kind: ProofKind,
  path: string,
  nonce: string,
  more: Readonly<Record<string, string>>,
) {
  const { deviceId } = options.key
  const parts = [deviceId, nonce, ...Object.values(more)]
  const answer = await postProven(options, kind, path, parts, { deviceId, nonce, ...more }, null)
  if (!isZtpAnswer(answer)) throw malformed()
  return answer
}

interface Offered {
  readonly nonce: string
  readonly ownerPin: string
  readonly isDelegated: boolean
  readonly offer: ZtpOffer
}

/**
 * Of a voucher that the offered authority has signed, and nobody has confirmed at the box: `by-code`, a person has typed the code
 * at the controller, and is to confirm it here too; `unknown`, nobody has, and no root says that this authority may do without.
 */
type Trust = 'trusted' | 'by-code' | 'unknown'

/** @throws ZTP_ errors */
async function trustOf(options: AttemptOptions, text: string, offered: Offered): Promise<Trust> {
  const { key, imageRoots, ownRoots, nowMs } = options
  const { nonce, ownerPin, isDelegated, offer } = offered
  const owner = new X509Certificate(offer.authority).publicKey
  const roots = [...imageRoots, ...ownRoots]
  const byRoot = await verifyJws('causeway-voucher', text, roots).catch(() => null)
  const voucher =
    byRoot ?? (await verifyJws('causeway-voucher', text, [owner]).catch(refuseVoucher))
  if (!isVoucher(voucher))
    throw new CausewayError('ZTP_VOUCHER_INVALID', 'the voucher is malformed')
  checkVoucher(voucher, { deviceId: key.deviceId, nonce, ownerPin, nowMs: nowMs() })
  if (byRoot !== null || isDelegated || options.isConfirmed()) return 'trusted'
  return voucher.assertion === 'listed' ? 'unknown' : 'by-code'
}

/** Whether any root of this box's owner has named this authority. Those of other roots, forged and ended ones are no word at all. */
async function isDelegatedTo(
  { ownRoots, nowMs }: AttemptOptions,
  { delegations }: ZtpOffer,
  ownerPin: string,
): Promise<boolean> {
  if (ownRoots.length === 0) return false
  for (const text of delegations) {
    const said = await verifyJws('causeway-delegation', text, ownRoots).catch(() => null)
    if (isDelegation(said) && said.ownerPin === ownerPin && said.expiresMs > nowMs()) return true
  }
  return false
}

async function certify(options: AttemptOptions, nonce: string, authority: string): Promise<Owner> {
  const { key, wireKey } = options
  const { deviceId } = key
  const request = await makeRequest(key, wireKey)
  const digest = sha256(request)
  const parts = [deviceId, nonce, digest]
  const body = { deviceId, nonce, request }
  const path = '/ztp/v1/certificate'
  const answer = await postProven(options, 'certificate', path, parts, body, [authority])
  if (!isZtpCertificate(answer)) throw malformed()
  const read = readCertificate(new X509Certificate(answer.certificate), [authority])
  if (read?.deviceId !== deviceId || read.wireKey !== wireKey) {
    throw new CausewayError('ZTP_AUTHORITY_UNKNOWN', 'the certificate is not what was asked for')
  }
  return { authority, certificate: answer.certificate }
}

/** Over a connection of its own. */
async function postProven(
  { connect, key }: AttemptOptions,
  kind: ProofKind,
  path: string,
  parts: readonly string[],
  body: object,
  authorities: readonly string[] | null,
): Promise<unknown> {
  const connection = await connect(authorities)
  try {
    const proof = proveDevice(kind, connection.exporter, parts, key.privateKey)
    return await connection.post(path, { ...body, proof })
  } finally {
    connection.close()
  }
}

/** @throws ZTP_AUTHORITY_UNKNOWN */
function pinOf(authority: string): string {
  try {
    const certificate = new X509Certificate(authority)
    if (!certificate.ca || certificate.publicKey.asymmetricKeyType !== 'ec') throw new Error()
    return fingerprintOf(authority)
  } catch {
    throw new CausewayError('ZTP_AUTHORITY_UNKNOWN', 'the controller shows no authority')
  }
}

function refuseVoucher(): never {
  throw new CausewayError('ZTP_VOUCHER_INVALID', 'nobody whom this box knows signed the voucher')
}

function malformed(): CausewayError {
  return new CausewayError('ZTP_REQUEST_INVALID', 'the controller answers in another form')
}
