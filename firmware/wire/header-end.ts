/**
 * Where the headers of a recorded packet end: what lies behind is what people said to each other. Of what it does not know
 * it keeps the link's header alone. RFC 791, 8200, 9293, 768, 792, 4443, 826; IEEE 802.1Q. Pure; never reads beyond the end.
 */
const ethernet = 1
const rawIp = new Set([12, 14, 101, 228, 229])

const etherTypes = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  arp: 0x0806,
  vlan: 0x8100,
  provider: 0x88a8,
} as const
const arpBytes = 28
const mostTags = 2
/** Hop-by-hop, routing, destination options; fragment. */
const extensions = new Set([0, 43, 60])
const fragment = 44
const mostExtensions = 8

/** Bytes from the packet's begin that may be kept; at most its length. */
export function headerEnd(bytes: Buffer, linkType: number): number {
  const end =
    linkType === ethernet ? ethernetEnd(bytes) : rawIp.has(linkType) ? ipEnd(bytes, 0, 1) : 0
  return Math.min(end, bytes.length)
}

function ethernetEnd(bytes: Buffer): number {
  let at = 12
  for (let tags = 0; ; tags++) {
    if (at + 2 > bytes.length) return at
    const type = bytes.readUInt16BE(at)
    at += 2
    if (type === etherTypes.ipv4 || type === etherTypes.ipv6) return ipEnd(bytes, at, 1)
    if (type === etherTypes.arp) return at + arpBytes
    const isTag = type === etherTypes.vlan || type === etherTypes.provider
    if (!isTag || tags >= mostTags) return at
    at += 2
  }
}

/** @param depth how many packets within one another may be looked into: an ICMP error holds the one that it is about */
function ipEnd(bytes: Buffer, at: number, depth: number): number {
  if (at >= bytes.length) return at
  const version = bytes[at]! >> 4
  if (version === 4) return ip4End(bytes, at, depth)
  return version === 6 ? ip6End(bytes, at, depth) : at
}

function ip4End(bytes: Buffer, at: number, depth: number): number {
  const end = at + Math.max((bytes[at]! & 0x0f) * 4, 20)
  if (at + 20 > bytes.length) return end
  // Later fragments have no header behind.
  if ((bytes.readUInt16BE(at + 6) & 0x1fff) !== 0) return end
  return transportEnd(bytes, end, bytes[at + 9]!, depth)
}

function ip6End(bytes: Buffer, at: number, depth: number): number {
  let end = at + 40
  if (end > bytes.length) return end
  let next = bytes[at + 6]!
  for (let hops = 0; hops < mostExtensions; hops++) {
    if (end + 8 > bytes.length) return end
    if (next === fragment) {
      if ((bytes.readUInt16BE(end + 2) & 0xfff8) !== 0) return end + 8
      next = bytes[end]!
      end += 8
    } else if (extensions.has(next)) {
      next = bytes[end]!
      end += (bytes[end + 1]! + 1) * 8
    } else break
  }
  return transportEnd(bytes, end, next, depth)
}

function transportEnd(bytes: Buffer, at: number, protocol: number, depth: number): number {
  switch (protocol) {
    case 6: {
      if (at + 13 > bytes.length) return at + 20
      return at + Math.max((bytes[at + 12]! >> 4) * 4, 20)
    }
    case 17:
      return at + 8
    case 1:
    case 58:
      return icmpEnd(bytes, at, protocol, depth)
    default:
      return at
  }
}

const errors: Readonly<Record<number, ReadonlySet<number>>> = {
  1: new Set([3, 4, 5, 11, 12]),
  58: new Set([1, 2, 3, 4]),
}
/** Neighbour discovery is about links, and nobody's words: the address asked for, and a link address. */
const discovery = { least: 133, most: 137, bytes: 32 } as const

function icmpEnd(bytes: Buffer, at: number, protocol: number, depth: number): number {
  const end = at + 8
  if (end > bytes.length) return end
  const type = bytes[at]!
  if (protocol === 58 && type >= discovery.least && type <= discovery.most)
    return at + discovery.bytes
  return depth > 0 && errors[protocol]!.has(type) ? ipEnd(bytes, end, depth - 1) : end
}
