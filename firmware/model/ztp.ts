/**
 * What a blank device and a controller say to each other before they trust each other (zero-touch.md): JSON bodies of HTTPS
 * requests under /ztp/v1. Each request of a device is signed by its key over what it says and over this very TLS
 * connection (wire/ztp-proof.ts), so that nobody can pass it on.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { closed } from './device-config-words.ts'
import { DeviceId } from './fleet.ts'
import { Fingerprint, Nonce } from './voucher.ts'

/** ES256, 64 bytes in base64url. */
const Proof = Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' })
const Hex32 = Fingerprint
const Pem = Type.String({ minLength: 1, maxLength: 4_096 })

/** A root, the one after it, and a spare of each. */
export const mostDelegations = 4

export const KeyKeeping = Type.Union([
  Type.Literal('tpm'),
  Type.Literal('factory'),
  Type.Literal('software'),
])

/** POST /ztp/v1/hello */
export const ZtpHello = Type.Object(
  {
    version: Type.Literal(1),
    /** SubjectPublicKeyInfo of P-256, base64. */
    publicKey: Type.String({ pattern: '^[A-Za-z0-9+/]{122}==$' }),
    nonce: Nonce,
    /** SHA-256 of the secret behind the code, in hex. */
    commitment: Hex32,
    keeping: KeyKeeping,
    /** What the firmware calls itself. */
    firmware: Type.String({ maxLength: 64 }),
    proof: Proof,
  },
  closed,
)

/** The answer: who the controller's owner is, which nobody trusts yet. */
export const ZtpOffer = Type.Object(
  {
    /** PEM. */
    authority: Pem,
    controllerNonce: Hex32,
    /** Of the code. */
    forMs: Type.Integer({ minimum: 0, maximum: 86_400_000 }),
    /** Signed by roots of the owner: its authority may make vouchers for who has one of them. */
    delegations: Type.Array(Type.String({ maxLength: 4_096 }), { maxItems: mostDelegations }),
  },
  closed,
)

/** POST /ztp/v1/open, and, each few seconds, POST /ztp/v1/voucher */
export const ZtpOpen = Type.Object(
  { deviceId: DeviceId, nonce: Nonce, secret: Hex32, proof: Proof },
  closed,
)
export const ZtpAsk = Type.Object({ deviceId: DeviceId, nonce: Nonce, proof: Proof }, closed)

/** Answers to both: 200 and the voucher, or null while nobody has claimed it. */
export const ZtpAnswer = Type.Object(
  {
    voucher: Type.Union([Type.String({ maxLength: 4_096 }), Type.Null()]),
    /** When to ask again. */
    againMs: Type.Integer({ minimum: 100, maximum: 60_000 }),
  },
  closed,
)

/** POST /ztp/v1/certificate; over a connection to a controller that the voucher has made trusted. */
export const ZtpRequest = Type.Object(
  { deviceId: DeviceId, nonce: Nonce, request: Pem, proof: Proof },
  closed,
)
export const ZtpCertificate = Type.Object({ certificate: Pem }, closed)

/** POST /ztp/v1/refusal: the device does not take what it was offered, and says so for the controller's log. */
export const ZtpRefusal = Type.Object(
  {
    deviceId: DeviceId,
    nonce: Nonce,
    code: Type.String({ pattern: '^ZTP_[A-Z_]{1,40}$' }),
    proof: Proof,
  },
  closed,
)

const forms = {
  offer: Compile(ZtpOffer),
  answer: Compile(ZtpAnswer),
  certificate: Compile(ZtpCertificate),
} as const

/** Of what a stranger sent; requests are checked by the API's own schemas. */
export function isZtpOffer(value: unknown): value is ZtpOffer {
  return forms.offer.Check(value)
}

export function isZtpAnswer(value: unknown): value is ZtpAnswer {
  return forms.answer.Check(value)
}

export function isZtpCertificate(value: unknown): value is ZtpCertificate {
  return forms.certificate.Check(value)
}

export type KeyKeeping = Static<typeof KeyKeeping>
export type ZtpHello = Static<typeof ZtpHello>
export type ZtpOffer = Static<typeof ZtpOffer>
export type ZtpOpen = Static<typeof ZtpOpen>
export type ZtpAsk = Static<typeof ZtpAsk>
export type ZtpAnswer = Static<typeof ZtpAnswer>
export type ZtpRefusal = Static<typeof ZtpRefusal>
export type ZtpRequest = Static<typeof ZtpRequest>
export type ZtpCertificate = Static<typeof ZtpCertificate>
