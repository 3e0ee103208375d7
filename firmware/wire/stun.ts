/**
 * STUN Binding messages (RFC 8489) with the attributes that tell what a NAT does (RFC 5780). npm `stun` writes and reads
 * attributes, and trusts what it is given; so messages are checked here over raw bytes before (stun-frame.ts), and it sees
 * nothing but attributes that we know, of a size and form that we know. Sockets and retransmissions are others'.
 */
import stun from 'stun'
import { type Endpoint, formatAddress, parseAddress } from '../model/address.ts'
import { readFrame, type StunAttribute, type StunFrame, withFingerprint } from './stun-frame.ts'

export const transactionIdBytes = 12

const messageTypes = { request: 0x0001, success: 0x0101, error: 0x0111 } as const

const attributes = {
  mappedAddress: 0x0001,
  changeRequest: 0x0003,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  xorMappedAddress: 0x0020,
  responseOrigin: 0x802b,
  otherAddress: 0x802c,
} as const

/** Below it, who does not know an attribute must not go on (RFC 8489 §14). */
const comprehensionOptional = 0x8000
/** Credentials, which nobody here asks for: USERNAME, MESSAGE-INTEGRITY, REALM, NONCE, and their like of RFC 8489. */
const credentials = [0x0006, 0x0008, 0x0014, 0x0015, 0x001c, 0x001d, 0x001e]

/** Whence an answer is wanted, as seen from where the request goes to. CHANGE-REQUEST, RFC 5780 §7.2. */
export interface Change {
  readonly address: boolean
  readonly port: boolean
}

export const noChange: Change = { address: false, port: false }

export interface BindingRequest {
  /** 12 bytes. */
  readonly transactionId: Uint8Array
  readonly change: Change
  /** Attributes that would have to be understood. */
  readonly unknown: readonly number[]
}

export interface BindingResponse {
  /** 12 bytes. */
  readonly transactionId: Uint8Array
  /** How the sender of the request looks; null in an error. Canonical, like all addresses here. */
  readonly mapped: Endpoint | null
  /** Where the answer came from, by its own word. */
  readonly origin: Endpoint | null
  /** Where else the server would answer from. */
  readonly other: Endpoint | null
  /** 300–699; null in a success. */
  readonly errorCode: number | null
}

export function encodeRequest(transactionId: Uint8Array, change: Change): Uint8Array {
  const message = stun.createMessage(messageTypes.request, Buffer.from(transactionId))
  const flags = (change.address ? 4 : 0) | (change.port ? 2 : 0)
  if (flags !== 0) message.addAttribute(attributes.changeRequest, flags)
  return withFingerprint(message.toBuffer())
}

/** Null for whatever is no well-formed request. */
export function decodeRequest(datagram: Uint8Array): BindingRequest | null {
  const frame = readFrame(datagram)
  if (frame?.type !== messageTypes.request) return null
  const message = decodeKnown(frame, [attributes.changeRequest])
  if (message === null) return null
  const flags = Number(message.getAttribute(attributes.changeRequest)?.value ?? 0)
  return {
    transactionId: frame.transactionId,
    change: { address: (flags & 4) !== 0, port: (flags & 2) !== 0 },
    unknown: unknownOf(frame, [attributes.changeRequest, ...credentials]),
  }
}

export function encodeResponse(response: {
  readonly transactionId: Uint8Array
  readonly mapped: Endpoint
  /** Null: of a socket that does not know. */
  readonly origin: Endpoint | null
  readonly other: Endpoint | null
}): Uint8Array {
  const { mapped, origin, other } = response
  const message = stun.createMessage(messageTypes.success, Buffer.from(response.transactionId))
  message.addAttribute(attributes.xorMappedAddress, mapped.address, mapped.port)
  if (origin !== null) message.addAttribute(attributes.responseOrigin, origin.address, origin.port)
  if (other !== null) message.addAttribute(attributes.otherAddress, other.address, other.port)
  return withFingerprint(message.toBuffer())
}

/** 420 (RFC 8489 §6.3.1). @param unknown the first eight are told */
export function encodeUnknownAttributes(
  transactionId: Uint8Array,
  unknown: readonly number[],
): Uint8Array {
  const message = stun.createMessage(messageTypes.error, Buffer.from(transactionId))
  message.addAttribute(attributes.errorCode, 420)
  message.addAttribute(attributes.unknownAttributes, unknown.slice(0, 8))
  return withFingerprint(message.toBuffer())
}

/** Null for whatever is no well-formed answer, or says something that cannot be passed over. */
export function decodeResponse(datagram: Uint8Array): BindingResponse | null {
  const frame = readFrame(datagram)
  if (frame === null) return null
  const { type, transactionId } = frame
  if (type === messageTypes.error) {
    const errorCode = errorCodeOf(frame)
    return errorCode === null
      ? null
      : { transactionId, mapped: null, origin: null, other: null, errorCode }
  }
  const { mappedAddress, xorMappedAddress, responseOrigin, otherAddress } = attributes
  const known = [mappedAddress, xorMappedAddress, responseOrigin, otherAddress]
  if (type !== messageTypes.success || unknownOf(frame, [...known, ...credentials]).length > 0)
    return null
  const message = decodeKnown(frame, known)
  if (message === null) return null
  const addressOf = (attribute: number): Endpoint | null =>
    endpointOf(message.getAttribute(attribute)?.value)
  const mapped = addressOf(xorMappedAddress) ?? addressOf(mappedAddress)
  if (mapped === null) return null
  const [origin, other] = [addressOf(responseOrigin), addressOf(otherAddress)]
  return { transactionId, mapped, origin, other, errorCode: null }
}

/** Has the package decode these attributes and no others; null where one of them is not what it should be. */
function decodeKnown(
  { header, attributes: found }: StunFrame,
  known: readonly number[],
): ReturnType<typeof stun.decode> | null {
  const taken = found.filter(({ type }) => known.includes(type))
  if (!taken.every(isSound)) return null
  const whole = Buffer.concat([header, ...taken.map(({ whole }) => whole)])
  whole.writeUInt16BE(whole.length - header.length, 2)
  return stun.decode(whole)
}

/** By the forms of RFC 8489 §14.1 and RFC 5780 §7.2. */
function isSound({ type, value }: StunAttribute): boolean {
  if (type === attributes.changeRequest) return value.length === 4
  const family = { 8: 1, 20: 2 }[value.length]
  if (family === undefined || value[1] !== family) return false
  const port = type === attributes.xorMappedAddress ? 0x2112 : 0
  return value.readUInt16BE(2) !== port
}

/** The package has addresses of IPv6 in a spelling of its own. Null for IPv4 in the clothes of IPv6. */
function endpointOf(value: unknown): Endpoint | null {
  if (value === undefined) return null
  const { address, port } = value as Endpoint
  const parsed = parseAddress(address)
  return parsed === null ? null : { address: formatAddress(parsed), port }
}

/** Read here: the package multiplies class and number. Null where it is none (RFC 8489 §14.8). */
function errorCodeOf({ attributes: found }: StunFrame): number | null {
  const value = found.find(({ type }) => type === attributes.errorCode)?.value
  if (value === undefined || value.length < 4) return null
  const [hundreds, number] = [value[2]! & 7, value[3]!]
  return hundreds >= 3 && hundreds <= 6 && number <= 99 ? hundreds * 100 + number : null
}

function unknownOf({ attributes: found }: StunFrame, known: readonly number[]): number[] {
  const types = found.map(({ type }) => type)
  return types.filter((type) => type < comprehensionOptional && !known.includes(type))
}
