/** What a LAN could lend: most of its upper half, so that there is room below for what has its address by hand. Pure. */
import { contains, formatAddress, parseInterfaceAddress } from '../../firmware/model/address.ts'
import type { LanDhcp } from '../../firmware/model/device-config.ts'

/** Of the first IPv4 network among them; empty texts where there is none. */
export function rangeFor(addresses: readonly string[]): LanDhcp {
  const own = addresses.map(parseInterfaceAddress).find((one) => one?.family === 4) ?? null
  if (own === null || own.bits > 29) return { from: '', to: '' }
  const size = 1n << BigInt(32 - own.bits)
  const network = own.network
  const first = size >= 256n ? size / 4n : size / 2n
  const [from, to] = [network + first, network + size - 6n]
  const isOwnInside = own.address.value >= from && own.address.value <= to
  const last = isOwnInside ? own.address.value - 1n : to
  const range = [from, last > from ? last : to].map((value) => ({ family: 4 as const, value }))
  if (!range.every((one) => contains(own, one))) return { from: '', to: '' }
  return { from: formatAddress(range[0]!), to: formatAddress(range[1]!) }
}
