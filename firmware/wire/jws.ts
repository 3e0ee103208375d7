/**
 * Small signed documents: JWS in compact form (RFC 7515) with ES256 (RFC 7518 §3.4) and a type (`typ`), so that what was signed
 * as one thing is never taken for another. There is one algorithm, and a document that asks for another is nobody's.
 */
import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { CausewayError } from '../model/errors.ts'

/** What a document is. */
export type JwsType =
  | 'causeway-voucher'
  | 'causeway-delegation'
  | 'causeway-release'
  | 'causeway-config'

const algorithm = 'ES256'
const curve = 'prime256v1'
/** Two numbers of 32 bytes. */
const signatureBytes = 64
/** A configuration has 1 MiB, and base64 makes four of three. */
export const mostJwsBytes = 2 * 1024 * 1024

/** At once, as all here: on a thread of its own it would take longer. @param payload a text is JSON already @param privateKey ECDSA P-256 */
export async function signJws(
  type: JwsType,
  payload: object | string,
  privateKey: KeyObject,
): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const head = Buffer.from(JSON.stringify({ alg: algorithm, typ: type })).toString('base64url')
  const signed = `${head}.${Buffer.from(text).toString('base64url')}`
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${signed}.${sign('sha256', Buffer.from(signed, 'latin1'), key).toString('base64url')}`
}

/** What a document says, whoever signed it: for one's own. @throws WIRE_INVALID */
export function unverifiedPayload(text: string): unknown {
  return parsed(Buffer.from(text.split('.')[1] ?? '', 'base64url'))
}

/**
 * @param publicKeys any of them may have signed it
 * @returns what was signed, as JSON
 * @throws WIRE_UNAUTHENTIC none of them did; WIRE_INVALID it is none, or of another type
 */
export async function verifyJws(
  type: JwsType,
  text: string,
  publicKeys: readonly KeyObject[],
): Promise<unknown> {
  if (text.length > mostJwsBytes) throw new CausewayError('WIRE_INVALID', 'is too long')
  const parts = text.split('.', 4)
  if (parts.length !== 3) throw notSigned()
  const [head, payload, signature] = parts as [string, string, string]
  checkParts(type, head, payload, signature, publicKeys)
  return parsed(Buffer.from(payload, 'base64url'))
}

/**
 * The same for a document of which only head and signature came, and the payload is known.
 * @param payload as text, not encoded
 * @throws as `verifyJws`
 */
export async function verifyPayload(
  type: JwsType,
  { head, signature }: Readonly<Record<'head' | 'signature', string>>,
  payload: string,
  publicKeys: readonly KeyObject[],
): Promise<void> {
  const encoded = Buffer.from(payload).toString('base64url')
  if (encoded.length > mostJwsBytes) throw new CausewayError('WIRE_INVALID', 'is too long')
  checkParts(type, head, encoded, signature, publicKeys)
}

const base64url = /^[\w-]+$/

/** Of other letters, what is verified and what is decoded need not be the same: some are passed over by the one alone. */
function checkParts(
  type: JwsType,
  head: string,
  payload: string,
  signature: string,
  publicKeys: readonly KeyObject[],
): void {
  if (![head, payload, signature].every((part) => base64url.test(part))) throw notSigned()
  const typ = typeOf(head)
  const signed = Buffer.from(`${head}.${payload}`, 'latin1')
  if (typ === null || !publicKeys.some((key) => isSignedBy(key, signed, signature))) {
    throw new CausewayError('WIRE_UNAUTHENTIC', 'nobody who is trusted here signed it')
  }
  if (typ === type) return
  throw new CausewayError('WIRE_INVALID', `is signed as something else than ${type}`)
}

function notSigned(): CausewayError {
  return new CausewayError('WIRE_INVALID', 'is no signed document')
}

/** Null: it is none, or asks for what nobody here does: another algorithm, or what must be understood (`crit`, RFC 7515 §4.1.11). */
function typeOf(head: string): unknown {
  const header = parsedOrUndefined(Buffer.from(head, 'base64url'))
  if (typeof header !== 'object' || header === null) return null
  const { alg, typ = '', crit } = header as { alg?: unknown; typ?: unknown; crit?: unknown }
  return alg === algorithm && crit === undefined ? typ : null
}

function isSignedBy(key: KeyObject, signed: Uint8Array, signature: string): boolean {
  if (key.asymmetricKeyDetails?.namedCurve !== curve) return false
  const bytes = Buffer.from(signature, 'base64url')
  if (bytes.length !== signatureBytes) return false
  return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)
}

function parsed(payload: Uint8Array): unknown {
  const value = parsedOrUndefined(payload)
  if (value === undefined) throw new CausewayError('WIRE_INVALID', 'holds no JSON')
  return value
}

/** Undefined: it is no JSON. */
function parsedOrUndefined(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch {
    return undefined
  }
}

/** Of a public key, for people and logs. RFC 7638 is for JSON keys; this is SHA-256 of its SubjectPublicKeyInfo, in hex. */
export function keyFingerprint(publicKey: KeyObject): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(bytes).digest('hex')
}
