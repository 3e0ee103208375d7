/** Binding messages: what is written is read, in both families; what is malformed is nothing, and harms nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatAddress } from '../../../firmware/model/address.ts'
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  encodeUnknownAttributes,
  noChange,
} from '../../../firmware/wire/stun.ts'
import { readFrame, withFingerprint } from '../../../firmware/wire/stun-frame.ts'

const transactionId = Uint8Array.from({ length: 12 }, (_, at) => at + 1)
const own = { address: '203.0.113.9', port: 40_001 }

/** A message of these attributes: type, value. */
function messageOf(type: number, ...list: readonly (readonly [number, string])[]): Uint8Array {
  const attributes = list.map(([attribute, hex]) => {
    const value = Buffer.from(hex, 'hex')
    const head = Buffer.alloc(4)
    head.writeUInt16BE(attribute, 0)
    head.writeUInt16BE(value.length, 2)
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
  })
  const body = Buffer.concat(attributes)
  const head = Buffer.alloc(8)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(body.length, 2)
  head.writeUInt32BE(0x2112_a442, 4)
  return Uint8Array.from(Buffer.concat([head, transactionId, body]))
}

test('a request says whence its answer is wanted', () => {
  for (const change of [noChange, { address: true, port: true }, { address: false, port: true }]) {
    const bytes = encodeRequest(transactionId, change)
    assert.equal(bytes.length, change === noChange ? 28 : 36)
    assert.deepEqual(decodeRequest(bytes), { transactionId, change, unknown: [] })
    assert.equal(decodeResponse(bytes), null)
  }
})

test('addresses of both families come through an answer, whatever they are', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  const v4 = fc.nat(0xffff_ffff).map((value) => ({ family: 4 as const, value: BigInt(value) }))
  const zeros = fc.constantFrom(0n, 0xffffn, 0xffff_ffff_ffffn << 40n)
  const v6 = fc
    .tuple(fc.bigInt({ min: 1n << 96n, max: (1n << 128n) - 1n }), zeros)
    .map(([value, mask]) => ({ family: 6 as const, value: value & ~mask }))
    .filter(({ value }) => value >> 32n !== 0xffffn)
  const endpoint = fc.record(
    { address: fc.oneof(v4, v6).map(formatAddress), port },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(endpoint, endpoint, fc.option(endpoint), (mapped, origin, other) => {
      const bytes = encodeResponse({ transactionId, mapped, origin, other })
      const read = decodeResponse(bytes)
      assert.deepEqual(read, { transactionId, mapped, origin, other, errorCode: null })
      assert.ok(bytes.length <= 100)
    }),
    { numRuns: 500 },
  )
})

test('an old server’s MAPPED-ADDRESS counts where there is no other', () => {
  const plain = messageOf(0x0101, [0x0001, '00019c41cb007109'])
  assert.deepEqual(decodeResponse(plain)?.mapped, own)
  const both = messageOf(0x0101, [0x0001, '0001000101020304'], [0x0020, '0001bd53ea12d54b'])
  assert.deepEqual(decodeResponse(both)?.mapped, own)
})

test('an error is its code, and no address', () => {
  const bytes = encodeUnknownAttributes(transactionId, [0x0024, 0x7777, 0x0027])
  const read = { transactionId, mapped: null, origin: null, other: null, errorCode: 420 }
  assert.deepEqual(decodeResponse(bytes), read)
  const types = readFrame(bytes)!.attributes.map(({ type }) => type)
  assert.deepEqual(types, [0x0009, 0x000a, 0x8028])
  const codes = [
    ['00000614', 620],
    ['00000400', 400],
    ['00000263', null],
    ['00000464', null],
    ['0004', null],
  ] as const
  for (const [value, code] of codes) {
    assert.equal(decodeResponse(messageOf(0x0111, [0x0009, value]))?.errorCode ?? null, code)
  }
})

test('what would have to be understood is told of a request, and spoils an answer', () => {
  const strange = [0x0024, '6e0001ff'] as const
  const optional = [0x8022, '53'] as const
  const change = [0x0003, '00000002'] as const
  const request = decodeRequest(messageOf(0x0001, optional, strange, change))
  assert.deepEqual(request?.unknown, [0x0024])
  assert.equal(request?.change.port, true)
  const mapped = [0x0020, '0001bd53ea12d54b'] as const
  assert.deepEqual(decodeResponse(messageOf(0x0101, optional, mapped))?.mapped, own)
  assert.equal(decodeResponse(messageOf(0x0101, strange, mapped)), null)
})

test('what follows MESSAGE-INTEGRITY is nobody’s word', () => {
  const integrity = [0x0008, '00'.repeat(20)] as const
  const change = [0x0003, '00000006'] as const
  const request = decodeRequest(messageOf(0x0001, integrity, change))
  assert.deepEqual(request?.change, noChange)
})

test('malformed messages are nothing', () => {
  const good = encodeRequest(transactionId, noChange)
  const bent = (at: number, value: number): Uint8Array => good.with(at, value)
  const mapped = '0001bd53ea12d54b'
  const bad: readonly Uint8Array[] = [
    new Uint8Array(),
    good.subarray(0, 19),
    good.subarray(0, 24),
    Uint8Array.of(...good, 0, 0, 0, 0),
    bent(0, 0x40),
    bent(0, 0x80),
    bent(4, 0x22),
    bent(27, good[27]! ^ 1),
    // An attribute longer than its message; a fingerprint that is not the last; more than there may be.
    messageOf(0x0001, [0x8022, '53']).with(23, 200),
    withFingerprint(good),
    messageOf(0x0001, ...Array.from({ length: 25 }, () => [0x8022, ''] as const)),
    messageOf(0x0001, [0x8022, '00'.repeat(1300)]),
    messageOf(0x0001, [0x0003, '0000']),
    messageOf(0x0001, [0x0003, '0000000200000000']),
  ]
  for (const [at, bytes] of bad.entries()) assert.equal(decodeRequest(bytes), null, `${at}`)
  const badAnswers = [
    messageOf(0x0101),
    messageOf(0x0101, [0x0020, mapped.slice(0, 14)]),
    messageOf(0x0101, [0x0020, '']),
    messageOf(0x0101, [0x0020, '00']),
    messageOf(0x0101, [0x0020, mapped], [0x802b, '00']),
    messageOf(0x0101, [0x0020, `0002${mapped.slice(4)}`]),
    messageOf(0x0101, [0x0020, `0003${mapped.slice(4)}`]),
    // Port 0.
    messageOf(0x0101, [0x0020, `00012112${mapped.slice(8)}`]),
    messageOf(0x0101, [0x0020, mapped], [0x802c, '0001000001020304']),
    // ::ffff:1.2.3.4
    messageOf(0x0101, [0x0001, `00029c41${'00'.repeat(10)}ffff01020304`]),
    messageOf(0x0111),
  ]
  for (const [at, bytes] of badAnswers.entries()) assert.equal(decodeResponse(bytes), null, `${at}`)
})
