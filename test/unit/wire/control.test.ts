/** Control items: every kind comes back as it went, framing is strict, and no bytes lead to anything but a code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  candidateFilterings,
  candidateKinds,
  candidateMappings,
  candidateWalls,
} from '../../../firmware/model/candidate.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { decodeItems, encodeItems, maxItems } from '../../../firmware/wire/control.ts'
import type { ControlItem } from '../../../firmware/wire/control-item.ts'

const u8 = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const raw = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data) => Buffer.from(data))
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>
const is = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type)

const lane = record({
  lane: u16,
  highest: u32,
  received: u32,
  late: u32,
  leastDelayUs: u32,
  meanAboveLeastUs: u32,
})

const address = fc.constantFrom('192.0.2.1', '2001:db8::1', '::')

const candidate = record({
  kind: fc.constantFrom(...candidateKinds),
  uplink: u8,
  mapping: fc.constantFrom(...candidateMappings),
  filtering: fc.constantFrom(...candidateFilterings),
  port: u16,
  portStep: fc.integer({ min: -0x8000, max: 0x7fff }),
  isMetered: fc.boolean(),
  address,
})

const item: fc.Arbitrary<ControlItem> = fc.oneof(
  record({ type: is('padding'), bytes: fc.nat(20) }),
  record({ type: is('probe'), id: u32 }),
  record({ type: is('probe-reply'), id: u32, receiveTimeUs: u32, heldUs: u32 }),
  record({
    type: is('path-report'),
    receiverIndex: u32,
    lanes: fc.array(lane, { minLength: 1, maxLength: 2 }),
  }),
  record({
    type: is('path-add'),
    path: u8,
    ownUplink: u8,
    yourUplink: u8,
    isRelayed: fc.boolean(),
    isMetered: fc.boolean(),
    isBackup: fc.boolean(),
    isNamed: fc.boolean(),
  }),
  record({ type: is('path-remove'), path: u8, reason: u8 }),
  record({ type: is('path-challenge'), data: raw(8) }),
  record({ type: is('path-response'), data: raw(8) }),
  record({ type: is('mtu-probe'), id: u32, payloadBytes: u16 }),
  record({ type: is('mtu-ack'), id: u32, payloadBytes: u16 }),
  record({
    type: is('handshake-part'),
    id: u16,
    part: fc.constant(1),
    parts: fc.constantFrom(2, 4),
    data: raw(10),
  }),
  record({ type: is('close'), reason: u8 }),
  record({ type: is('relay-open'), deviceId: raw(32) }),
  record({ type: is('relay-channel'), channel: u32, status: u8, deviceId: raw(32) }),
  record({ type: is('relay-close'), channel: u32 }),
  record({ type: is('call-back'), afterSeconds: u16, id: u32 }),
  record({ type: is('speed-open'), id: u32, vni: u32, seconds: u16, address }),
  record({ type: is('speed-answer'), id: u32, status: u8, port: u16, address }),
  record({ type: is('speed-close'), id: u32 }),
  record({
    type: is('candidates'),
    round: u8,
    wantsAnswer: fc.boolean(),
    isSpray: fc.boolean(),
    isBusy: fc.boolean(),
    wall: fc.constantFrom(...candidateWalls),
    isMoved: fc.boolean(),
    candidates: fc.array(candidate, { maxLength: 3 }),
  }),
)

test('items come back as they went, in order', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: maxItems }), (items) => {
      assert.deepEqual(decodeItems(encodeItems(items)), items)
    }),
  )
})

test('the bytes are those of the table in wire.md', () => {
  const cases: readonly (readonly [ControlItem, string])[] = [
    [{ type: 'padding', bytes: 2 }, '00000002 0000'],
    [{ type: 'probe', id: 0x01020304 }, '01000004 01020304'],
    [
      { type: 'probe-reply', id: 1, receiveTimeUs: 2, heldUs: 3 },
      '0200000c 00000001 00000002 00000003',
    ],
    [
      {
        type: 'path-add',
        path: 1,
        ownUplink: 2,
        yourUplink: 3,
        isRelayed: true,
        isMetered: true,
        isBackup: true,
        isNamed: true,
      },
      '04000008 01020301 00000007',
    ],
    [{ type: 'path-remove', path: 1, reason: 2 }, '05000004 01020000'],
    [{ type: 'mtu-probe', id: 1, payloadBytes: 1400 }, '08000008 00000001 05780000'],
    [
      { type: 'handshake-part', id: 0x0102, part: 0, parts: 1, data: Buffer.of(9) },
      '0a000005 01020001 09',
    ],
    [{ type: 'close', reason: 2 }, '0b000004 02000000'],
    [{ type: 'call-back', afterSeconds: 33, id: 0x0102_0304 }, '11000008 00210000 01020304'],
    [
      { type: 'speed-open', id: 0x0102_0304, vni: 100, seconds: 5, address: '10.1.0.1' },
      '1200001c 01020304 00000064 00050000 00000000 00000000 0000ffff 0a010001',
    ],
    [
      { type: 'speed-answer', id: 7, status: 2, port: 5210, address: 'fd00::1' },
      '13000018 00000007 0200145a fd000000 00000000 00000000 00000001',
    ],
    [{ type: 'speed-close', id: 7 }, '14000004 00000007'],
    [
      {
        type: 'candidates',
        round: 7,
        wantsAnswer: true,
        isSpray: true,
        isBusy: true,
        wall: 'blocked',
        isMoved: true,
        candidates: [
          {
            ...{
              kind: 'reflexive',
              uplink: 3,
              mapping: 'dependent',
              filtering: 'address-and-port',
            },
            ...{ address: '198.51.100.7', port: 0x1234, portStep: -2, isMetered: true },
          },
        ],
      },
      '1000001c 07370100 82030303 1234fffe 00000000 00000000 0000ffff c6336407',
    ],
  ]
  for (const [value, bytes] of cases) {
    assert.equal(encodeItems([value]).toString('hex'), bytes.replaceAll(' ', ''))
  }
})

test('unknown types are skipped, but count towards the sixteen', () => {
  const unknown = Buffer.from('7f000002aaaa', 'hex')
  const probe = encodeItems([{ type: 'probe', id: 7 }])
  assert.deepEqual(decodeItems(Buffer.concat([unknown, probe])), [{ type: 'probe', id: 7 }])
  const many = Buffer.concat([...Array.from({ length: 16 }, () => unknown), probe])
  assert.throws(() => decodeItems(many), { code: 'WIRE_INVALID' })
})

test('a wrong length or an impossible part drops the whole frame', () => {
  const probe = '0100000400000001'
  for (const bad of [
    '01000005 0000000101',
    '0b000003 010000',
    '03000004 00000001',
    '0a000004 00010001',
    '0a000005 00010101 09',
    '10000004 00000100',
    '10000018 00000100 00000000 00000000 00000000 00000000 00000000',
    '0a000005 00010005 09',
    '0a000005 00010000 09',
    '14000003 000000',
  ]) {
    const frame = Buffer.from(probe + bad.replaceAll(' ', ''), 'hex')
    assert.throws(() => decodeItems(frame), { code: 'WIRE_INVALID' }, bad)
  }
  for (const cut of ['01', '010000', '01000004', '01000004000000']) {
    assert.throws(() => decodeItems(Buffer.from(cut, 'hex')), { code: 'WIRE_TRUNCATED' }, cut)
  }
})

test('what does not fit a frame is not encoded', () => {
  const invalid = { code: 'WIRE_INVALID' }
  const probes = Array.from({ length: 17 }, (): ControlItem => ({ type: 'probe', id: 1 }))
  assert.throws(() => encodeItems(probes), invalid)
  assert.throws(() => encodeItems([{ type: 'padding', bytes: 1_197 }]), invalid)
  assert.throws(() => encodeItems([{ type: 'probe', id: 2 ** 32 }]), invalid)
  assert.throws(() => encodeItems([{ type: 'path-challenge', data: Buffer.alloc(7) }]), invalid)
  const data = Buffer.alloc(1_001)
  const part = { type: 'handshake-part', id: 1, part: 0, parts: 1, data } as const
  assert.throws(() => encodeItems([part]), invalid)
  assert.throws(() => encodeItems([{ ...part, part: 1, data: Buffer.of(1) }]), invalid)
})

test('no bytes lead to anything but items or a WIRE_ code', () => {
  const noise = fc.uint8Array({ maxLength: 1_300 })
  const bent = fc
    .tuple(fc.array(item, { maxLength: 6 }), fc.nat(), u8)
    .map(([items, where, value]) => {
      const frame = encodeItems(items)
      if (frame.length > 0) frame[where % frame.length] = value
      return frame
    })
  fc.assert(
    fc.property(fc.oneof(noise, bent), (bytes) => {
      try {
        assert.ok(decodeItems(bytes).length <= maxItems)
      } catch (error) {
        assert.ok(error instanceof CausewayError && error.code.startsWith('WIRE_'))
      }
    }),
    { numRuns: 3_000 },
  )
})

test('of candidates those of a kind that is not known are left out, and what is not known of a NAT is unknown', () => {
  const [host, other] = ['01', '09'].map(
    (kind) => `${kind}030909 1234 0000 ${'0'.repeat(20)}ffffc6336407`,
  )
  const bytes = Buffer.from(`10000034 00000200${host}${other}`.replaceAll(' ', ''), 'hex')
  const [item] = decodeItems(bytes)
  assert.deepEqual(item?.type === 'candidates' && item.candidates, [
    {
      ...{ kind: 'host', uplink: 3, mapping: 'unknown', filtering: 'unknown' },
      ...{ address: '198.51.100.7', port: 0x1234, portStep: 0, isMetered: false },
    },
  ])
})
