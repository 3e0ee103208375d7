/** What the golden values do not show: negotiation, hostile bytes, and keys of low order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CausewayError } from '../../../firmware/model/errors.ts'
import {
  mac1Key,
  readChallenge,
  readInitiation,
  readResponse,
  receiverIndexOf,
  type Suite,
  withMacs,
  withoutMacs,
  writeChallenge,
  writeInitiation,
  writeResponse,
} from '../../../firmware/wire/handshake.ts'
import { rawPrologue } from '../../../firmware/wire/keys.ts'
import { sharedSecret, x25519Pair } from '../../../firmware/wire/x25519.ts'

const pair = (fill: number) => x25519Pair(Buffer.alloc(32, fill))
const prologue = rawPrologue(Buffer.alloc(16, 5))
const psk = Buffer.alloc(32)
const alice = pair(1)
const bob = pair(2)

function initiate(suites: readonly Suite[] = ['chacha20-poly1305', 'aes-256-gcm']) {
  return writeInitiation({
    prologue,
    local: alice,
    remoteStatic: bob.publicKey,
    ephemeral: pair(3),
    senderIndex: 77,
    payload: { challenge: Buffer.alloc(16, 4), suites, pskNumber: 1, uplink: 200 },
  })
}

function respond(message: Uint8Array) {
  const initiation = readInitiation(message, { prologue, local: bob })
  const payload = { suite: 'chacha20-poly1305', uplink: 9 } as const
  const input = { ephemeral: pair(4), psk, senderIndex: 88, payload }
  return { initiation, ...writeResponse(initiation, input) }
}

test('payloads cross as they were written', () => {
  const { state, message } = initiate(['chacha20-poly1305'])
  const { initiation, message: answer } = respond(message)
  assert.deepEqual(initiation.payload, {
    challenge: Buffer.alloc(16, 4),
    suites: ['chacha20-poly1305'],
    pskNumber: 1,
    uplink: 200,
  })
  assert.equal(receiverIndexOf(answer), 77)
  const { payload, senderIndex } = readResponse(answer, state, psk)
  assert.deepEqual(payload, { suite: 'chacha20-poly1305', uplink: 9 })
  assert.equal(senderIndex, 88)
})

test('an initiation without suite 1 is invalid', () => {
  const { message } = initiate(['aes-256-gcm'])
  assert.throws(() => readInitiation(message, { prologue, local: bob }), { code: 'WIRE_INVALID' })
})

test('keys of low order are refused, as static and as ephemeral keys', () => {
  // RFC 7748 §6.1: the points of order 1, 2, 4 and 8, and two of their unreduced spellings.
  const points = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ]
  for (const point of points) {
    const bytes = Buffer.from(point, 'hex')
    assert.throws(() => sharedSecret(alice, bytes), { code: 'WIRE_UNAUTHENTIC' }, point)
    const { message } = initiate()
    const forged = Buffer.concat([message.subarray(0, 8), bytes, message.subarray(40)])
    assert.throws(() => readInitiation(forged, { prologue, local: bob }), {
      code: 'WIRE_UNAUTHENTIC',
    })
  }
})

test('no bytes lead to anything but a message or a WIRE_ code', () => {
  const { state, message } = initiate()
  const { initiation, message: answer } = respond(message)
  const challenge = writeChallenge(initiation, Buffer.alloc(16, 1))
  const bobsKey = mac1Key(bob.publicKey)
  const readers: readonly ((bytes: Uint8Array) => unknown)[] = [
    (bytes) => readInitiation(bytes, { prologue, local: bob }),
    (bytes) => readResponse(bytes, state, psk),
    (bytes) => readChallenge(bytes, state),
    (bytes) => withoutMacs(bytes, bobsKey),
    (bytes) => receiverIndexOf(bytes),
  ]
  const genuine = [message, answer, challenge, withMacs(message, bobsKey)]
  const bent = fc
    .tuple(fc.constantFrom(...genuine), fc.nat(), fc.nat(7), fc.integer({ min: -3, max: 3 }))
    .map(([good, where, bit, growth]) => {
      const bytes = Buffer.concat([good, Buffer.alloc(3)]).subarray(0, good.length + growth)
      bytes[where % bytes.length]! ^= 1 << bit
      return bytes
    })
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 200 }), bent),
      fc.constantFrom(...readers),
      (bytes, read) => {
        try {
          read(bytes)
        } catch (error) {
          assert.ok(error instanceof CausewayError && error.code.startsWith('WIRE_'), `${error}`)
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('every changed bit of a message is noticed, macs and header included', () => {
  const { state, message } = initiate()
  const { initiation, message: answer } = respond(message)
  const challenge = writeChallenge(initiation, Buffer.alloc(16, 1))
  const bobsKey = mac1Key(bob.publicKey)
  const flip = (bytes: Uint8Array, bit: number): Buffer => {
    const bad = Buffer.from(bytes)
    bad[bit >> 3]! ^= 1 << (bit & 7)
    return bad
  }
  const datagram = withMacs(message, bobsKey)
  // mac2, the last 16 bytes, is not read yet.
  for (let bit = 0; bit < 8 * (datagram.length - 16); bit += 7) {
    assert.throws(() => withoutMacs(flip(datagram, bit), bobsKey), `bit ${bit}`)
  }
  for (let bit = 0; bit < 8 * challenge.length; bit += 7) {
    assert.throws(() => readChallenge(flip(challenge, bit), state), `bit ${bit}`)
  }
  // Without macs, zeros and indices of the header are not covered: control frames cover them.
  for (let bit = 8 * 12; bit < 8 * answer.length; bit += 13) {
    assert.throws(() => readResponse(flip(answer, bit), state, psk), `bit ${bit}`)
  }
})
