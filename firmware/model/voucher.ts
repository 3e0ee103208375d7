/**
 * What makes a blank device trust an owner (after RFC 8366), and what lets it go again: small documents that somebody signs
 * whom the device trusts already.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { closed } from './device-config-words.ts'
import { DeviceId } from './fleet.ts'

/** SHA-256, in hex. */
export const Fingerprint = Type.String({ pattern: '^[0-9a-f]{64}$' })
/** 32 random bytes, base64url. */
export const Nonce = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
/** Milliseconds since 1970. */
const TimeMs = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const Voucher = Type.Object(
  {
    version: Type.Literal(1),
    deviceId: DeviceId,
    /** The device's, of this attempt: a voucher is good for one. */
    nonce: Nonce,
    /** Of the owner's authority (its certificate): whom the device trusts from now on. */
    ownerPin: Fingerprint,
    /** How the device was known for the owner's. */
    assertion: Type.Union([Type.Literal('code'), Type.Literal('listed')]),
    issuedMs: TimeMs,
    expiresMs: TimeMs,
  },
  closed,
)

/** A root says that an owner's authority may make vouchers, for the devices that have this root. */
export const Delegation = Type.Object(
  { version: Type.Literal(1), ownerPin: Fingerprint, issuedMs: TimeMs, expiresMs: TimeMs },
  closed,
)

/** The owner lets a device go: it may be claimed by another. */
export const Release = Type.Object(
  {
    version: Type.Literal(1),
    deviceId: DeviceId,
    ownerPin: Fingerprint,
    issuedMs: TimeMs,
  },
  closed,
)

export type Voucher = Static<typeof Voucher>
export type Delegation = Static<typeof Delegation>
export type Release = Static<typeof Release>

const voucherForm = Compile(Voucher)
const delegationForm = Compile(Delegation)
const releaseForm = Compile(Release)

export function isVoucher(value: unknown): value is Voucher {
  return voucherForm.Check(value)
}

export function isDelegation(value: unknown): value is Delegation {
  return delegationForm.Check(value)
}

export function isRelease(value: unknown): value is Release {
  return releaseForm.Check(value)
}
