/** Addresses and prefixes of both families as the kernel prints them. Pure. RFC 5952. */

export function isIpv6(text: string): boolean {
  return text.includes(':')
}

/** `fd00:0::1/64` → `fd00::1` */
export function addressOf(cidr: string): string {
  const { value, isV6 } = parse(cidr)
  return isV6 ? format6(value) : format4(value)
}

/** The interface address in its canonical text. */
export function canonicalAddress(cidr: string): string {
  return `${addressOf(cidr)}/${parse(cidr).bits}`
}

/** The network an address is on: `10.1.0.1/24` → `10.1.0.0/24`. */
export function networkOf(cidr: string): string {
  const { value, bits, isV6 } = parse(cidr)
  const host = BigInt((isV6 ? 128 : 32) - bits)
  const network = (value >> host) << host
  return `${isV6 ? format6(network) : format4(network)}/${bits}`
}

interface Parsed {
  readonly value: bigint
  readonly bits: number
  readonly isV6: boolean
}

function parse(cidr: string): Parsed {
  const [address = '', length] = cidr.split('/')
  const isV6 = isIpv6(address)
  const bits = length === undefined ? (isV6 ? 128 : 32) : Number(length)
  const groups = isV6 ? groupsOf(address) : address.split('.').map(Number)
  const width = isV6 ? 16n : 8n
  const value = groups.reduce((sum, group) => (sum << width) | BigInt(group), 0n)
  return { value, bits, isV6 }
}

function groupsOf(address: string): number[] {
  const [left = '', right] = address.split('::')
  const read = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const head = read(left)
  if (right === undefined) return head
  const tail = read(right)
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

function format4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
}

/** The longest run of two zeros or more is shortened, the first of equals. */
function format6(value: bigint): string {
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => (value >> shift) & 0xffffn)
  let best = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0n) length++
    if (length > best.length) best = { start, length }
  }
  const texts = groups.map((group) => group.toString(16))
  if (best.length < 2) return texts.join(':')
  const head = texts.slice(0, best.start).join(':')
  return `${head}::${texts.slice(best.start + best.length).join(':')}`
}
