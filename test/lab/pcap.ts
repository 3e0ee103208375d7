/**
 * Reads what the laws about a wire ask of a recording: Ethernet frames, the UDP datagrams among them, and
 * whether bytes occur anywhere. Format: draft-ietf-opsawg-pcap, little-endian, link type Ethernet. Pure.
 */
const fileHeaderBytes = 24
const recordHeaderBytes = 16
const ethernet = 1

export interface Frame {
  readonly bytes: Buffer
  /** On the wire; larger than `bytes` when cut off. */
  readonly wireBytes: number
  readonly etherType: number
}

export interface Datagram {
  readonly source: string
  readonly sourcePort: number
  readonly destination: string
  readonly destinationPort: number
  readonly payload: Buffer
}

export function parsePcap(file: Buffer): Frame[] {
  const magic = file.readUInt32LE(0)
  if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) throw new Error('not a little-endian pcap file')
  if (file.readUInt32LE(20) !== ethernet) throw new Error('not a recording of Ethernet')
  const frames: Frame[] = []
  for (let at = fileHeaderBytes; at + recordHeaderBytes <= file.length; ) {
    const capturedBytes = file.readUInt32LE(at + 8)
    const wireBytes = file.readUInt32LE(at + 12)
    at += recordHeaderBytes
    const bytes = file.subarray(at, at + capturedBytes)
    frames.push({ bytes, wireBytes, etherType: bytes.readUInt16BE(12) })
    at += capturedBytes
  }
  return frames
}

export const etherTypes = { arp: 0x0806, ipv4: 0x0800 } as const

/** The UDP datagram of an unfragmented IPv4 frame; null for anything else. RFC 791, RFC 768. */
export function datagramOf({ bytes, etherType }: Frame): Datagram | null {
  if (etherType !== etherTypes.ipv4 || bytes.length < 14 + 20 + 8) return null
  const ip = bytes.subarray(14)
  const headerBytes = (ip[0]! & 0x0f) * 4
  const isFragment = (ip.readUInt16BE(6) & 0x3fff) !== 0
  if (ip[0]! >> 4 !== 4 || ip[9] !== 17 || isFragment || ip.length < headerBytes + 8) return null
  const udp = ip.subarray(headerBytes, ip.readUInt16BE(2))
  return {
    source: [...ip.subarray(12, 16)].join('.'),
    sourcePort: udp.readUInt16BE(0),
    destination: [...ip.subarray(16, 20)].join('.'),
    destinationPort: udp.readUInt16BE(2),
    payload: udp.subarray(8),
  }
}
