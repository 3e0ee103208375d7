/** No bytes, whoever sent them, lead to anything but a message or a WIRE_ code; what is read is written the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeItems, encodeItems } from '../../firmware/wire/control.ts'
import { cookieKey, readCookie, withMac2, writeCookie } from '../../firmware/wire/cookie.ts'
import { decodeEvent } from '../../firmware/wire/datapath.ts'
import { decodeExplanation } from '../../firmware/wire/datapath-explain.ts'
import { decodeFlows } from '../../firmware/wire/datapath-flows.ts'
import { encodeFrameHead, FrameReader } from '../../firmware/wire/datapath-frame.ts'
import { decodeQueues } from '../../firmware/wire/datapath-queues.ts'
import {
  decodeCounters,
  decodeDescription,
  decodeKeypairs,
} from '../../firmware/wire/datapath-state.ts'
import {
  mac1Key,
  readChallenge,
  readInitiation,
  readResponse,
  receiverIndexOf,
  withMacs,
  withoutMacs,
  writeChallenge,
  writeInitiation,
  writeResponse,
} from '../../firmware/wire/handshake.ts'
import { addPart, type Reassembly, splitHandshake } from '../../firmware/wire/handshake-part.ts'
import { ipBytes, ipText } from '../../firmware/wire/ip.ts'
import { rawPrologue } from '../../firmware/wire/keys.ts'
import { x25519Pair } from '../../firmware/wire/x25519.ts'
import { xOpen } from '../../firmware/wire/xchacha.ts'
import { bytesLike, numRuns, readsOrRefuses } from './bytes.ts'

const prologue = rawPrologue(Buffer.alloc(16, 5))
const alice = x25519Pair(Buffer.alloc(32, 1))
const bob = x25519Pair(Buffer.alloc(32, 2))
const bobsMac1 = mac1Key(bob.publicKey)
const psk = Buffer.alloc(32)
const { state, message } = writeInitiation({
  prologue,
  local: alice,
  remoteStatic: bob.publicKey,
  ephemeral: x25519Pair(Buffer.alloc(32, 3)),
  senderIndex: 77,
  payload: {
    challenge: Buffer.alloc(16),
    suites: ['chacha20-poly1305', 'aes-256-gcm'],
    pskNumber: 0,
    uplink: 1,
  },
})
const initiation = readInitiation(message, { prologue, local: bob })
const response = writeResponse(initiation, {
  ephemeral: x25519Pair(Buffer.alloc(32, 4)),
  psk,
  senderIndex: 88,
  payload: { suite: 'chacha20-poly1305', uplink: 9 },
})
const datagram = withMac2(withMacs(message, bobsMac1), Buffer.alloc(16, 6))
const ownCookieKey = cookieKey(bob.publicKey)
const cookie = writeCookie({
  datagram,
  cookie: Buffer.alloc(16, 7),
  ownCookieKey,
  nonce: Buffer.alloc(24, 8),
})
const challenge = writeChallenge(initiation, Buffer.alloc(16, 1))

test('handshake messages, macs, cookies and challenges', () => {
  const readers: readonly ((bytes: Uint8Array) => unknown)[] = [
    (bytes) => readInitiation(bytes, { prologue, local: bob }),
    (bytes) => readResponse(bytes, state, psk),
    (bytes) => readChallenge(bytes, state),
    (bytes) => readCookie(bytes, datagram, ownCookieKey),
    (bytes) => withoutMacs(bytes, bobsMac1),
    (bytes) => receiverIndexOf(bytes),
    (bytes) => xOpen(ownCookieKey, Buffer.alloc(24), bytes, datagram),
  ]
  const good = [message, response.message, challenge, cookie, datagram]
  fc.assert(
    fc.property(bytesLike(good), fc.constantFrom(...readers), (bytes, read) =>
      readsOrRefuses(() => read(bytes), /^WIRE_/),
    ),
    { numRuns },
  )
})

test('control items: what is read is written as it was, or read as the same again', () => {
  const good = encodeItems([
    { type: 'probe', id: 7 },
    { type: 'path-challenge', data: Buffer.alloc(8, 1) },
    { type: 'handshake-part', id: 3, part: 1, parts: 2, data: Buffer.alloc(40, 2) },
    { type: 'relay-channel', channel: 5, status: 1, deviceId: Buffer.alloc(32, 3) },
    {
      type: 'candidates',
      ...{ round: 1, wantsAnswer: true, isSpray: false, isBusy: false },
      ...{ wall: 'walled', isMoved: false },
      candidates: [
        {
          ...{ kind: 'reflexive', uplink: 1, mapping: 'dependent', filtering: 'address' },
          ...{ address: '198.51.100.7', port: 4_000, portStep: 1, isMetered: false },
        },
      ],
    },
    { type: 'call-back', afterSeconds: 33, id: 9 },
    { type: 'speed-open', id: 3, vni: 100, seconds: 5, address: '10.1.0.1' },
    { type: 'speed-answer', id: 3, status: 0, port: 5_210, address: 'fd00::1' },
    { type: 'speed-close', id: 3 },
    { type: 'padding', bytes: 3 },
  ])
  fc.assert(
    fc.property(bytesLike([good]), (bytes) =>
      readsOrRefuses(() => {
        const items = decodeItems(bytes)
        assert.deepEqual(decodeItems(encodeItems(items)), items)
      }, /^WIRE_/),
    ),
    { numRuns },
  )
})

test('parts of a handshake in any order, doubled and of other messages: the message or none', () => {
  const part = fc.record({ id: fc.nat(2), part: fc.nat(3), fill: fc.nat(255) })
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      (list, parts) => {
        let reassembly: Reassembly = null
        for (const { id, part: number, fill } of list) {
          const item = {
            type: 'handshake-part' as const,
            id,
            part: number % parts,
            parts,
            data: Buffer.alloc(1 + fill, fill),
          }
          const added = addPart(reassembly, item)
          reassembly = added.state
          if (added.message !== null) assert.ok(added.message.length >= parts)
        }
      },
    ),
    { numRuns },
  )
  readsOrRefuses(() => splitHandshake(1, Buffer.alloc(4_001)), /^WIRE_/)
})

test('what the datapath says', () => {
  const readers: readonly ((bytes: Uint8Array) => unknown)[] = [
    (bytes) => decodeEvent(bytes, ['rx_overflow', 'rx_truncated']),
    (bytes) => decodeDescription(bytes),
    (bytes) => decodeKeypairs(bytes),
    (bytes) => decodeCounters(bytes, ['rx_overflow', 'rx_truncated']),
    (bytes) => decodeExplanation(bytes, ['rx_overflow', 'rx_truncated']),
    (bytes) => decodeQueues(bytes),
    (bytes) => decodeFlows(bytes),
  ]
  const good = [40, 56, 64, 136, 200, 272, 332].map((size) => Buffer.alloc(size, 1))
  fc.assert(
    fc.property(bytesLike(good, 600), fc.constantFrom(...readers), (bytes, read) =>
      readsOrRefuses(() => read(bytes), /^WIRE_|^DATAPATH_ABI$/),
    ),
    { numRuns },
  )
})

test('frames of the datapath’s socket, cut anywhere', () => {
  const frame = (payload: Uint8Array) =>
    Buffer.concat([encodeFrameHead({ kind: 3, id: 9, status: -2, payload }), payload])
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
      fc.array(fc.nat(40), { maxLength: 20 }),
      (payloads, cuts) => {
        const all = Buffer.concat(payloads.map(frame))
        const reader = new FrameReader()
        const got: Uint8Array[] = []
        let at = 0
        for (const size of [...cuts, all.length]) {
          // The reader wipes what it was given.
          const chunk = Buffer.from(all.subarray(at, at + size))
          at += size
          got.push(...reader.push(chunk).map(({ payload }) => payload))
        }
        assert.deepEqual(
          got.map((one) => [...one]),
          payloads.map((one) => [...one]),
        )
      },
    ),
    { numRuns: Math.ceil(numRuns / 4) },
  )
  fc.assert(
    fc.property(bytesLike([frame(Buffer.alloc(20))]), (bytes) =>
      readsOrRefuses(() => new FrameReader().push(Buffer.from(bytes)), /^WIRE_/),
    ),
    { numRuns },
  )
})

test('addresses: text of any kind, and all bytes there and back', () => {
  const nearly = fc.stringMatching(/^[0-9a-fA-F:.%/]{0,45}$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearly), (text) =>
      readsOrRefuses(() => assert.equal(ipBytes(text).length, 16), /^WIRE_/),
    ),
    { numRuns },
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.deepEqual([...ipBytes(ipText(bytes))], [...bytes])
    }),
    { numRuns },
  )
})
