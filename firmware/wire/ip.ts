/** IP addresses as the 16 bytes of IPv6, IPv4 ones mapped (::ffff:0:0/96). Pure. RFC 4291 §2.2, RFC 4007 §11. */
import { CausewayError } from '../model/errors.ts'

/** A zone (`%eth0`) is cut off. @throws WIRE_INVALID for what is no IP address */
export function ipBytes(text: string): Buffer {
  const address = text.split('%')[0]!
  if (!address.includes(':')) return Buffer.concat([mappedPrefix, ipv4Bytes(address)])
  const [head = '', tail, rest] = address.split('::')
  if (rest !== undefined) throw invalid()
  const before = groups(head)
  if (tail === undefined) return exactly16(Buffer.from(before))
  const after = groups(tail)
  // '::' stands for at least one group of zeros.
  const gap = 16 - before.length - after.length
  if (gap < 2) throw invalid()
  return Buffer.from([...before, ...new Array<number>(gap).fill(0), ...after])
}

/** The canonical text, RFC 5952: the first longest run of zeros, of two groups or more, is `::`; IPv4 as a dotted quad. */
export function ipText(bytes: Uint8Array): string {
  if (isMappedIpv4(bytes)) return [...bytes.subarray(12, 16)].join('.')
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  let run = { at: 0, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && words[at + length] === 0) length++
    if (length > run.length) run = { at, length }
  }
  const hex = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':')
  if (run.length < 2) return hex(words)
  return `${hex(words.slice(0, run.at))}::${hex(words.slice(run.at + run.length))}`
}

export function isMappedIpv4(bytes: Uint8Array): boolean {
  return mappedPrefix.equals(bytes.subarray(0, mappedPrefix.length))
}

/** Tells sources apart, of which one host can be many: an IPv4 address, or an IPv6 /64. @throws WIRE_INVALID */
export function sourceKey(address: string): string {
  const bytes = ipBytes(address)
  return bytes.subarray(0, isMappedIpv4(bytes) ? 16 : 8).toString('hex')
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex')

function groups(text: string): number[] {
  if (text === '') return []
  const words = text.split(':')
  return words.flatMap((word, position) => {
    if (word.includes('.') && position === words.length - 1) return [...ipv4Bytes(word)]
    if (!/^[0-9a-f]{1,4}$/i.test(word)) throw invalid()
    const value = Number.parseInt(word, 16)
    return [value >> 8, value & 0xff]
  })
}

function ipv4Bytes(text: string): Buffer {
  const parts = text.split('.')
  if (parts.length !== 4) throw invalid()
  return Buffer.from(
    parts.map((part) => {
      if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) throw invalid()
      return Number(part)
    }),
  )
}

function exactly16(bytes: Buffer): Buffer {
  if (bytes.length !== 16) throw invalid()
  return bytes
}

function invalid(): CausewayError {
  return new CausewayError('WIRE_INVALID', 'not an IP address')
}
