/** Handshake messages and keys against golden values that another implementation made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  mac1Key,
  readChallenge,
  readInitiation,
  readResponse,
  type Suite,
  withMacs,
  withoutMacs,
  writeChallenge,
  writeInitiation,
  writeResponse,
} from '../../firmware/wire/handshake.ts'
import {
  deriveKeys,
  noKem,
  rawPrologue,
  rekeyPrologue,
  rekeyPsk,
  type SessionKeys,
} from '../../firmware/wire/keys.ts'
import { x25519Pair } from '../../firmware/wire/x25519.ts'
import file from './handshake.json' with { type: 'json' }

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')
const noChallenge = new Uint8Array(16)

test('a raw handshake: both messages with macs, and every key', () => {
  const golden = file.rawHandshake
  const prologue = rawPrologue(bytes(golden.tenant))
  assert.equal(hex(prologue), golden.prologue)
  const result = run({
    ...golden,
    prologue,
    psk: bytes(golden.psk),
    challenge: bytes(golden.challenge),
  })
  const initiatorMac1 = mac1Key(x25519Pair(bytes(golden.initiatorStatic)).publicKey)
  const responderMac1 = mac1Key(x25519Pair(bytes(golden.responderStatic)).publicKey)
  assert.equal(hex(withMacs(result.message1, responderMac1)), golden.message1)
  assert.equal(hex(withMacs(result.message2, initiatorMac1)), golden.message2)
  assert.deepEqual(withoutMacs(bytes(golden.message1), responderMac1), result.message1)
  assert.deepEqual(withoutMacs(bytes(golden.message2), initiatorMac1), result.message2)
  assert.throws(() => withoutMacs(bytes(golden.message1), initiatorMac1), {
    code: 'WIRE_UNAUTHENTIC',
  })
  checkKeys(result.keys, golden)
})

test('a rekey without ML-KEM: prologue, PSK, both messages without macs, and every key', () => {
  const golden = file.rekey
  const carrier = { chain: bytes(golden.carrierChain), h: bytes(golden.carrierH) }
  const prologue = rekeyPrologue(bytes(golden.tenant), carrier, noKem)
  assert.equal(hex(prologue), golden.prologue)
  const psk = rekeyPsk(new Uint8Array(32), carrier, noKem)
  assert.equal(hex(psk), golden.psk)
  const result = run({ ...golden, prologue, psk, challenge: noChallenge })
  assert.equal(hex(result.message1), golden.message1)
  assert.equal(hex(result.message2), golden.message2)
  checkKeys(result.keys, golden)
})

test('a challenge: the message, and only for the initiation that it answers', () => {
  const golden = file.challenge
  const prologue = rawPrologue(bytes(golden.tenant))
  const local = x25519Pair(bytes(golden.initiatorStatic))
  const responder = x25519Pair(bytes(golden.responderStatic))
  const initiate = (seed: string) =>
    writeInitiation({
      prologue,
      local,
      remoteStatic: responder.publicKey,
      ephemeral: x25519Pair(bytes(seed)),
      senderIndex: golden.initiatorIndex,
      payload: {
        challenge: noChallenge,
        suites: ['chacha20-poly1305', 'aes-256-gcm'],
        pskNumber: 0,
        uplink: 0,
      },
    })
  const { state, message } = initiate(golden.initiatorEphemeral)
  assert.equal(hex(withMacs(message, mac1Key(responder.publicKey))), golden.message1)
  const initiation = readInitiation(message, { prologue, local: responder })
  assert.equal(hex(writeChallenge(initiation, bytes(golden.challenge))), golden.message)
  assert.equal(hex(readChallenge(bytes(golden.message), state)), golden.challenge)
  const other = initiate('11'.repeat(32))
  assert.throws(() => readChallenge(bytes(golden.message), other.state), {
    code: 'WIRE_UNAUTHENTIC',
  })
})

interface Handshake {
  readonly initiatorStatic: string
  readonly responderStatic: string
  readonly initiatorEphemeral: string
  readonly responderEphemeral: string
  readonly initiatorIndex: number
  readonly responderIndex: number
  readonly suites: readonly string[]
  readonly suite: string
  readonly prologue: Uint8Array
  readonly psk: Uint8Array
  readonly challenge: Uint8Array
}

/** Runs both ends with the given ephemerals; each reads what the other wrote. */
function run(golden: Handshake): { message1: Buffer; message2: Buffer; keys: SessionKeys } {
  const { prologue, psk } = golden
  const initiator = x25519Pair(bytes(golden.initiatorStatic))
  const responder = x25519Pair(bytes(golden.responderStatic))
  const payload = {
    challenge: golden.challenge,
    suites: golden.suites as readonly Suite[],
    pskNumber: 0,
    uplink: 0,
  }
  const sent = writeInitiation({
    prologue,
    local: initiator,
    remoteStatic: responder.publicKey,
    ephemeral: x25519Pair(bytes(golden.initiatorEphemeral)),
    senderIndex: golden.initiatorIndex,
    payload,
  })
  const got = readInitiation(sent.message, { prologue, local: responder })
  assert.equal(got.senderIndex, golden.initiatorIndex)
  assert.deepEqual(got.state.remoteStatic, initiator.publicKey)
  assert.equal(hex(got.payload.challenge), hex(golden.challenge))
  assert.deepEqual(got.payload.suites, golden.suites)
  const answer = writeResponse(got, {
    ephemeral: x25519Pair(bytes(golden.responderEphemeral)),
    psk,
    senderIndex: golden.responderIndex,
    payload: { suite: golden.suite as Suite, uplink: 0 },
  })
  const end = readResponse(answer.message, sent.state, psk)
  assert.equal(end.senderIndex, golden.responderIndex)
  assert.equal(end.payload.suite, golden.suite)
  const keys = deriveKeys(end.transcript)
  assert.deepEqual(keys, deriveKeys(answer.transcript))
  return { message1: sent.message, message2: answer.message, keys }
}

function checkKeys(keys: SessionKeys, golden: Record<string, unknown>): void {
  const found = {
    i2rKey: hex(keys.i2r.key),
    i2rIv: hex(keys.i2r.iv),
    i2rTime: hex(keys.i2r.time),
    r2iKey: hex(keys.r2i.key),
    r2iIv: hex(keys.r2i.iv),
    r2iTime: hex(keys.r2i.time),
    chain: hex(keys.chain),
    h: hex(keys.h),
  }
  for (const [name, value] of Object.entries(found)) assert.equal(value, golden[name], name)
}
