/** Recordings: pcap is read in every form and cut anywhere, pcapng is written byte for byte as the draft has it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PcapRecord, pcapReader } from '../../../firmware/wire/pcap.ts'
import { pcapngEnd, pcapngHead, pcapngPacket } from '../../../firmware/wire/pcapng.ts'

interface Form {
  readonly isBig: boolean
  readonly isNano: boolean
}

/** A file with these packets, as tcpdump would write it. */
function pcapOf({ isBig, isNano }: Form, packets: readonly Omit<PcapRecord, 'timeNs'>[]): Buffer {
  const put = (values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4)
    values.forEach((value, at) => {
      if (isBig) bytes.writeUInt32BE(value, at * 4)
      else bytes.writeUInt32LE(value, at * 4)
    })
    return bytes
  }
  const version = isBig ? 0x0002_0004 : 0x0004_0002
  const head = put([isNano ? 0xa1b23c4d : 0xa1b2c3d4, version, 0, 0, 65_535, 1])
  const records = packets.flatMap(({ bytes, wireBytes }, at) => [
    put([1_700_000_000 + at, 123_456, bytes.length, wireBytes]),
    bytes,
  ])
  return Buffer.concat([head, ...records])
}

const forms: readonly Form[] = [false, true].flatMap((isBig) =>
  [false, true].map((isNano) => ({ isBig, isNano })),
)

test('a recording is read in either byte order, in micro- and nanoseconds, wherever it is cut', () => {
  const packets = [
    { bytes: Buffer.from('0102030405', 'hex'), wireBytes: 1500 },
    { bytes: Buffer.alloc(0), wireBytes: 60 },
    { bytes: Buffer.alloc(256, 7), wireBytes: 256 },
  ]
  for (const form of forms) {
    const file = pcapOf(form, packets)
    for (let size = 1; size <= file.length; size += 7) {
      const reader = pcapReader()
      const found: PcapRecord[] = []
      for (let at = 0; at < file.length; at += size)
        found.push(...reader.take(file.subarray(at, at + size)))
      assert.deepEqual(reader.head, { linkType: 1, snapBytes: 65_535 })
      assert.deepEqual(
        found,
        packets.map((packet, at) => ({
          ...packet,
          timeNs:
            (1_700_000_000n + BigInt(at)) * 1_000_000_000n +
            (form.isNano ? 123_456n : 123_456_000n),
        })),
      )
    }
  }
})

test('what is no recording is refused at once, and ever after', () => {
  const reader = pcapReader()
  assert.throws(() => reader.take(Buffer.alloc(24, 0x41)), { code: 'WIRE_INVALID' })
  assert.throws(() => reader.take(pcapOf(forms[0]!, [])), { code: 'WIRE_INVALID' })
  const huge = pcapOf(forms[0]!, [])
  const record = Buffer.alloc(16)
  record.writeUInt32LE(262_145, 8)
  assert.throws(() => pcapReader().take(Buffer.concat([huge, record])), { code: 'WIRE_INVALID' })
})

test('whatever comes, reading it ends, keeps no more than came, and throws nothing else', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
  const start = fc.constantFrom(...forms.map((form) => pcapOf(form, [])), Buffer.alloc(0))
  fc.assert(
    fc.property(start, pieces, (head, rest) => {
      const reader = pcapReader()
      let came = 0
      let told = 0
      for (const piece of [head, ...rest.map((one) => Buffer.from(one))]) {
        came += piece.length
        try {
          for (const { bytes, wireBytes } of reader.take(piece)) {
            told += bytes.length + 16
            assert.ok(wireBytes >= bytes.length)
          }
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'WIRE_INVALID')
        }
      }
      assert.ok(told <= came)
    }),
    { numRuns: 500 },
  )
})

test('pcapng: section and interface with their options, byte for byte', () => {
  const about = {
    linkType: 1,
    snapBytes: 256,
    name: 'lan0',
    description: '',
    comment: 'LAN',
    application: 'C',
  }
  assert.equal(
    pcapngHead(about).toString('hex'),
    [
      // Section: length, byte order, version 1.0, length unknown, comment, application, end.
      '0a0d0d0a' + '30000000' + '4d3c2b1a' + '01000000' + 'ffffffffffffffff',
      '01000300' + '4c414e00' + '04000100' + '43000000' + '00000000' + '30000000',
      // Interface: Ethernet, 256 bytes, name, nanoseconds, end.
      '01000000' + '28000000' + '0100' + '0000' + '00010000',
      '02000400' + '6c616e30' + '09000100' + '09000000' + '00000000' + '28000000',
    ].join(''),
  )
})

test('pcapng: a packet is padded to words, keeps its length on the wire and its nanosecond', () => {
  const packet = pcapngPacket({
    timeNs: 0x0000_0001_0000_0002n,
    wireBytes: 60,
    bytes: Buffer.from('abcdef', 'hex'),
  })
  assert.equal(
    packet.toString('hex'),
    [
      '06000000',
      '24000000',
      '00000000',
      '01000000',
      '02000000',
      '03000000',
      '3c000000',
      'abcdef00',
      '24000000',
    ].join(''),
  )
})

test('pcapng: it ends with what was seen and what was lost', () => {
  assert.equal(
    pcapngEnd(5n, 9, 2).toString('hex'),
    [
      '05000000' + '34000000' + '00000000' + '00000000' + '05000000',
      '04000800' + '0900000000000000' + '05000800' + '0200000000000000' + '00000000' + '34000000',
    ].join(''),
  )
})
