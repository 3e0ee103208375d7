/**
 * Writes recordings as pcapng: a section, one interface, packets, and what was lost. draft-ietf-opsawg-pcapng, little-endian,
 * times in nanoseconds. Pure.
 */
import type { PcapRecord } from './pcap.ts'

const blockTypes = { section: 0x0a0d0d0a, interface: 1, packet: 6, statistics: 5 } as const
const byteOrderMagic = 0x1a2b3c4d
/** Of the section: nobody says how long it gets. */
const unknownLength = Buffer.alloc(8, 0xff)
const options = {
  comment: 1,
  application: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  timeResolution: 9,
  /** Of the statistics. */
  received: 4,
  dropped: 5,
} as const
/** 10⁻⁹ s. */
const nanoseconds = Buffer.of(9)
const mostTextBytes = 1024

export interface PcapngInterface {
  readonly linkType: number
  readonly snapBytes: number
  readonly name: string
  readonly description: string
  /** What is so of the whole recording. */
  readonly comment: string
  /** What wrote it. */
  readonly application: string
}

/** What a file begins with. */
export function pcapngHead(about: PcapngInterface): Buffer {
  const section = Buffer.alloc(8)
  section.writeUInt32LE(byteOrderMagic, 0)
  section.writeUInt16LE(1, 4)
  const link = Buffer.alloc(8)
  link.writeUInt16LE(about.linkType, 0)
  link.writeUInt32LE(about.snapBytes, 4)
  return Buffer.concat([
    block(blockTypes.section, [
      section,
      unknownLength,
      ...optionList([
        [options.comment, text(about.comment)],
        [options.application, text(about.application)],
      ]),
    ]),
    block(blockTypes.interface, [
      link,
      ...optionList([
        [options.interfaceName, text(about.name)],
        [options.interfaceDescription, text(about.description)],
        [options.timeResolution, nanoseconds],
      ]),
    ]),
  ])
}

/** @param record cut already, if it is to be */
export function pcapngPacket({ timeNs, wireBytes, bytes }: PcapRecord): Buffer {
  const head = Buffer.alloc(20)
  writeTime(head, 4, timeNs)
  head.writeUInt32LE(bytes.length, 12)
  head.writeUInt32LE(wireBytes, 16)
  return block(blockTypes.packet, [head, padded(bytes)])
}

/** What a file ends with: what the filter saw, and what was lost of it for want of room. */
export function pcapngEnd(timeNs: bigint, received: number, dropped: number): Buffer {
  const head = Buffer.alloc(12)
  writeTime(head, 4, timeNs)
  const list = optionList([
    [options.received, count(received)],
    [options.dropped, count(dropped)],
  ])
  return block(blockTypes.statistics, [head, ...list])
}

/** Upper half first. */
function writeTime(head: Buffer, at: number, timeNs: bigint): void {
  head.writeUInt32LE(Number((timeNs >> 32n) & 0xffff_ffffn), at)
  head.writeUInt32LE(Number(timeNs & 0xffff_ffffn), at + 4)
}

/** Type, length, body, length. */
function block(type: number, parts: readonly Buffer[]): Buffer {
  const bodyBytes = parts.reduce((sum, { length }) => sum + length, 0)
  const head = Buffer.alloc(8)
  const end = Buffer.alloc(4)
  head.writeUInt32LE(type, 0)
  head.writeUInt32LE(bodyBytes + 12, 4)
  end.writeUInt32LE(bodyBytes + 12, 0)
  return Buffer.concat([head, ...parts, end])
}

function optionList(list: readonly (readonly [code: number, value: Buffer])[]): Buffer[] {
  const written = list
    .filter(([, value]) => value.length > 0)
    .flatMap(([code, value]) => {
      const head = Buffer.alloc(4)
      head.writeUInt16LE(code, 0)
      head.writeUInt16LE(value.length, 2)
      return [head, padded(value)]
    })
  // opt_endofopt.
  return [...written, Buffer.alloc(4)]
}

function padded(bytes: Buffer): Buffer {
  const missing = -bytes.length & 3
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)])
}

function text(words: string): Buffer {
  return Buffer.from(words, 'utf8').subarray(0, mostTextBytes)
}

function count(number: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(number))
  return bytes
}
