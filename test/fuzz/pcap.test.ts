/** Recordings from anywhere, whole or bent, cut wherever: records within what came, cut within themselves, or WIRE_INVALID. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { headerEnd } from '../../firmware/wire/header-end.ts'
import { pcapReader } from '../../firmware/wire/pcap.ts'
import { pcapngPacket } from '../../firmware/wire/pcapng.ts'
import { bytesLike, numRuns, readsOrRefuses } from './bytes.ts'

const head = (magic: string): string => `${magic}020004000000000000000000ffff000001000000`
const packet =
  '0200000000010200000000020800450000210000000040110000' +
  '0a0100050a020005c3500035000d000068656c6c6f'
const record = `00f15365400000002f0000002f000000${packet}`
const good = ['d4c3b2a1', '4d3cb2a1', 'a1b2c3d4', 'a1b23c4d'].map((magic) =>
  Buffer.from(`${head(magic)}${record}${record}`, 'hex'),
)

test('no recording leads to anything but records that lie within it', () => {
  fc.assert(
    fc.property(bytesLike(good), fc.integer({ min: 1, max: 64 }), (bytes, size) => {
      const reader = pcapReader()
      let told = 0
      readsOrRefuses(() => {
        for (let at = 0; at < bytes.length; at += size) {
          for (const one of reader.take(Buffer.from(bytes.subarray(at, at + size)))) {
            told += one.bytes.length + 16
            const end = headerEnd(one.bytes, reader.head!.linkType)
            assert.ok(end >= 0 && end <= one.bytes.length && one.wireBytes >= one.bytes.length)
            assert.equal(pcapngPacket(one).length % 4, 0)
          }
        }
      }, /^WIRE_INVALID$/)
      assert.ok(told <= bytes.length)
    }),
    { numRuns },
  )
})

test('those that are whole are read whole', () => {
  for (const bytes of good.slice(0, 2)) assert.equal(pcapReader().take(bytes).length, 2)
})
