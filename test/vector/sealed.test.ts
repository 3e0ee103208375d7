/** The independent sealer against the golden frames, and against itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import file from './handshake.json' with { type: 'json' }
import {
  cutIntoPieces,
  geneve,
  geneveWithPiece,
  open,
  openRelayed,
  readPiece,
  type SealedSuite,
  seal,
  sealRelayed,
} from './sealed.ts'

const suites: readonly SealedSuite[] = ['chacha20-poly1305', 'aes-256-gcm']
const golden = file.sealed
const raw = file.rawHandshake
const keys = {
  key: Buffer.from(raw.i2rKey, 'hex'),
  iv: Buffer.from(raw.i2rIv, 'hex'),
  time: Buffer.from(raw.i2rTime, 'hex'),
}
const plaintext = Buffer.from(golden.plaintext, 'hex')

for (const suite of suites) {
  test(`${suite}: the golden frame opens, and sealing makes it again`, () => {
    const frame = Buffer.from(golden[suite], 'hex')
    const { header, plaintext: opened } = open(suite, keys, frame)
    assert.equal(header.type, golden.type)
    assert.equal(header.lane, golden.lane)
    assert.equal(header.receiverIndex, golden.index)
    assert.equal(header.counter, golden.counter)
    // The golden frame has its send time on the wire as it is, without `time`.
    assert.equal((header.sendTimeUs + keys.time.readUInt32BE(0)) % 2 ** 32, golden.time)
    assert.deepEqual(opened, plaintext)
    assert.deepEqual(seal(suite, keys, header, plaintext), frame)
    assert.deepEqual(opened.subarray(0, 8), geneve(100, 0x0800))
  })

  test(`${suite}: the golden relayed datagram opens, and sealing makes it again`, () => {
    const { relayed } = file
    const frame = Buffer.from(relayed[suite], 'hex')
    const { header, datagram } = openRelayed(suite, keys, frame)
    const { lane, index, channel, counter } = relayed
    assert.deepEqual(header, { lane, receiverIndex: index, channel, counter })
    assert.deepEqual(datagram, Buffer.from(relayed.datagram, 'hex'))
    assert.equal(frame.length, datagram.length + 32)
    assert.deepEqual(sealRelayed(suite, keys, header, datagram), frame)
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const changed = Buffer.from(frame)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      assert.throws(() => openRelayed(suite, keys, changed))
    }
  })

  test(`${suite}: every header comes back, and no changed bit does`, () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            type: fc.constantFrom(0xd1 as const, 0xd2 as const),
            lane: fc.nat(0xffff),
            receiverIndex: fc.nat(0xffff_ffff),
            sendTimeUs: fc.nat(0xffff_ffff),
            counter: fc.nat(0xffff_ffff),
          },
          { noNullPrototype: true },
        ),
        fc.uint8Array({ maxLength: 100 }),
        fc.nat(),
        (header, text, where) => {
          const frame = seal(suite, keys, header, text)
          assert.equal(frame.length, 32 + text.length)
          assert.deepEqual(open(suite, keys, frame), { header, plaintext: Buffer.from(text) })
          const bit = where % (frame.length * 8)
          frame[bit >> 3]! ^= 1 << (bit & 7)
          assert.throws(() => open(suite, keys, frame))
        },
      ),
      { numRuns: 200 },
    )
  })
}

test('an IPv4 packet of 1432 bytes fills an underlay of 1500', () => {
  const header = { type: 0xd1, lane: 0, receiverIndex: 1, sendTimeUs: 0, counter: 1 } as const
  const frame = seal(
    'aes-256-gcm',
    keys,
    header,
    Buffer.concat([geneve(100, 0x0800), Buffer.alloc(1432)]),
  )
  assert.equal(20 + 8 + frame.length, 1500)
})

test('a piece of an inner packet: golden bytes, there and back', () => {
  const piece = {
    vni: 100,
    protocolType: 0x86dd,
    id: 0x1234,
    offset: 1200,
    hasMore: false,
    data: Buffer.from('last'),
  }
  const hex = '024086dd00006400' + 'ffca8201' + '123404b0' + '6c617374'
  assert.equal(geneveWithPiece(piece).toString('hex'), hex)
  assert.deepEqual(readPiece(Buffer.from(hex, 'hex')), piece)
  const first = { ...piece, offset: 0, hasMore: true, data: Buffer.alloc(8) }
  assert.equal(geneveWithPiece(first).toString('hex', 8, 16), 'ffca820112340004')
  assert.equal(readPiece(geneve(100, 0x86dd)), null)
})

test('1280 bytes fill a path of 1280 in two pieces, and at most four ever', () => {
  const packet = Buffer.from(Array.from({ length: 1280 }, (_, i) => i & 0xff))
  const of = { vni: 100, protocolType: 0x86dd, id: 7 }
  const pieces = cutIntoPieces(packet, 1280 - 68, of)
  assert.deepEqual(
    pieces.map(({ offset, hasMore, data }) => [offset, hasMore, data.length]),
    [
      [0, true, 1200],
      [1200, false, 80],
    ],
  )
  assert.equal(cutIntoPieces(packet, 576, of).length, 3)
  assert.deepEqual(Buffer.concat(pieces.map(({ data }) => data)), packet)
})
