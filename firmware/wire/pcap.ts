/**
 * Reads a recording while it is written, piece by piece: draft-ietf-opsawg-pcap, in either byte order, with microseconds or
 * nanoseconds. Pure; keeps at most one record that is not whole.
 */
import { CausewayError } from '../model/errors.ts'

const fileHeaderBytes = 24
const recordHeaderBytes = 16
/** What libpcap takes at most (MAXIMUM_SNAPLEN). */
const mostPacketBytes = 262_144

export interface PcapHead {
  /** draft-ietf-opsawg-pcaplinktype: 1 Ethernet, 101 IP. */
  readonly linkType: number
  readonly snapBytes: number
}

export interface PcapRecord {
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint
  /** On the wire; more than there are of `bytes` where it was cut. */
  readonly wireBytes: number
  readonly bytes: Buffer
}

export interface PcapReader {
  /** Null until it has come. */
  readonly head: PcapHead | null
  /** @returns what is whole now. Bytes of records are the reader's no more. @throws WIRE_INVALID, from then on always */
  take(piece: Buffer): PcapRecord[]
}

interface Form {
  readonly u32: (bytes: Buffer, at: number) => number
  readonly fractionNs: bigint
}

const little = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at)
const big = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at)
/** By the magic number, read as little-endian. */
const forms: ReadonlyMap<number, Form> = new Map([
  [0xa1b2c3d4, { u32: little, fractionNs: 1000n }],
  [0xa1b23c4d, { u32: little, fractionNs: 1n }],
  [0xd4c3b2a1, { u32: big, fractionNs: 1000n }],
  [0x4d3cb2a1, { u32: big, fractionNs: 1n }],
])

export function pcapReader(): PcapReader {
  let waiting: Buffer = Buffer.alloc(0)
  let head: PcapHead | null = null
  let form: Form | null = null
  let isBroken = false
  const broken = (message: string): never => {
    isBroken = true
    throw new CausewayError('WIRE_INVALID', message)
  }
  const begin = (): void => {
    form = forms.get(waiting.readUInt32LE(0)) ?? broken('this is no recording (pcap)')
    // The upper half says how long a check sum is, for some link types.
    head = { linkType: form.u32(waiting, 20) & 0xffff, snapBytes: form.u32(waiting, 16) }
    waiting = waiting.subarray(fileHeaderBytes)
  }
  return {
    get head() {
      return head
    },
    take: (piece) => {
      if (isBroken) broken('the recording was no recording before')
      waiting = waiting.length === 0 ? piece : Buffer.concat([waiting, piece])
      if (form === null) {
        if (waiting.length < fileHeaderBytes) return []
        begin()
      }
      const { u32, fractionNs } = form!
      const records: PcapRecord[] = []
      let at = 0
      for (; at + recordHeaderBytes <= waiting.length; ) {
        const length = u32(waiting, at + 8)
        if (length > mostPacketBytes) broken(`a packet of ${length} bytes is none`)
        const end = at + recordHeaderBytes + length
        if (end > waiting.length) break
        records.push({
          timeNs:
            BigInt(u32(waiting, at)) * 1_000_000_000n + BigInt(u32(waiting, at + 4)) * fractionNs,
          wireBytes: Math.max(u32(waiting, at + 12), length),
          bytes: Buffer.from(waiting.subarray(at + recordHeaderBytes, end)),
        })
        at = end
      }
      waiting = Buffer.from(waiting.subarray(at))
      return records
    },
  }
}
