/**
 * What every STUN message is made of, over raw bytes, and its two checks: FINGERPRINT and MESSAGE-INTEGRITY. RFC 8489 §5 and
 * §14. What attributes mean is stun.ts's.
 *
 *   0 type u16, two bits zero | 2 length u16 | 4 cookie 0x2112A442 | 8 transaction id 12
 *   20 attributes: type u16 | length u16 | value | up to 3 bytes that fill it to 4
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const stunHeaderBytes = 20
/** What is longer than any path is sure to carry (RFC 8200 §5) is no Binding message. */
export const mostStunBytes = 1280

const cookie = 0x2112_a442
const mostAttributes = 24
const fingerprintType = 0x8028
const fingerprintMask = 0x5354_554e
const integrityType = 0x0008
const integrityBytes = 20

export interface StunAttribute {
  readonly type: number
  readonly value: Buffer
  /** With its own header and filling. */
  readonly whole: Buffer
  /** Where it begins in the message. */
  readonly at: number
}

export interface StunFrame {
  readonly type: number
  readonly header: Buffer
  readonly transactionId: Uint8Array
  /** Without what follows MESSAGE-INTEGRITY, which is nobody's word (RFC 8489 §14.5). */
  readonly attributes: readonly StunAttribute[]
}

/** Null for whatever is no STUN message of ours to read: lengths, cookie, number of attributes, a wrong FINGERPRINT. */
export function readFrame(datagram: Uint8Array): StunFrame | null {
  if (datagram.length < stunHeaderBytes || datagram.length > mostStunBytes) return null
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length)
  const type = bytes.readUInt16BE(0)
  const isStun = type < 0x4000 && bytes.readUInt32BE(4) === cookie && bytes.length % 4 === 0
  if (!isStun || bytes.readUInt16BE(2) !== bytes.length - stunHeaderBytes) return null
  const all = readAttributes(bytes)
  if (all === null || !isFingerprintRight(bytes, all)) return null
  const end = all.findIndex((one) => one.type === integrityType)
  const header = bytes.subarray(0, stunHeaderBytes)
  return {
    type,
    header,
    transactionId: Uint8Array.from(header.subarray(8)),
    attributes: end < 0 ? all : all.slice(0, end + 1),
  }
}

/** The message with FINGERPRINT behind it. */
export function withFingerprint(message: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(message.length + 8)
  whole.set(message)
  whole.writeUInt16BE(whole.length - stunHeaderBytes, 2)
  whole.writeUInt16BE(fingerprintType, message.length)
  whole.writeUInt16BE(4, message.length + 2)
  whole.writeUInt32BE(fingerprintOf(whole.subarray(0, message.length)), message.length + 4)
  return Uint8Array.from(whole)
}

/**
 * Whether the message has a MESSAGE-INTEGRITY (RFC 8489 §14.5, HMAC-SHA1) that is of this key.
 * @param key the password, or of long-term credentials MD5(user ':' realm ':' password)
 */
export function isIntegrityRight(datagram: Uint8Array, key: Uint8Array): boolean {
  const integrity = readFrame(datagram)?.attributes.at(-1)
  if (integrity?.type !== integrityType || integrity.value.length !== integrityBytes) return false
  // The length counts up to this attribute, whatever follows it.
  const covered = Buffer.from(datagram.subarray(0, integrity.at))
  covered.writeUInt16BE(integrity.at + 4 + integrityBytes - stunHeaderBytes, 2)
  const expected = createHmac('sha1', key).update(covered).digest()
  return timingSafeEqual(expected, integrity.value)
}

function readAttributes(bytes: Buffer): StunAttribute[] | null {
  const found: StunAttribute[] = []
  for (let at = stunHeaderBytes; at < bytes.length; ) {
    if (found.length === mostAttributes) return null
    const length = bytes.readUInt16BE(at + 2)
    const end = at + 4 + length
    const next = end + ((4 - (length % 4)) % 4)
    if (next > bytes.length) return null
    const value = bytes.subarray(at + 4, end)
    found.push({ type: bytes.readUInt16BE(at), value, whole: bytes.subarray(at, next), at })
    at = next
  }
  return found
}

/** One that is not there is not wrong; one that is there is the last (RFC 8489 §14.7). */
function isFingerprintRight(bytes: Buffer, all: readonly StunAttribute[]): boolean {
  const found = all.find(({ type }) => type === fingerprintType)
  if (found === undefined) return true
  if (found !== all.at(-1) || found.value.length !== 4) return false
  return found.value.readUInt32BE(0) === fingerprintOf(bytes.subarray(0, found.at))
}

function fingerprintOf(covered: Uint8Array): number {
  return (crc32(covered) ^ fingerprintMask) >>> 0
}

/** ISO 3309, as of Ethernet: reflected, 0xEDB88320. */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffff_ffff
  for (const byte of bytes) sum = (sum >>> 8) ^ crcTable[(sum ^ byte) & 0xff]!
  return ~sum >>> 0
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb8_8320 : 0)
  return sum
})
