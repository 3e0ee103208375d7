/** The Noise messages against public vectors: both roles, and the transport keys that follow from the last ck. */
import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { test } from 'node:test'
import { hkdf } from '../../firmware/wire/blake2s.ts'
import {
  readMessage1,
  readMessage2,
  writeMessage1,
  writeMessage2,
} from '../../firmware/wire/noise.ts'
import { x25519Pair } from '../../firmware/wire/x25519.ts'
import file from './noise.json' with { type: 'json' }

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

for (const [number, vector] of file.vectors.entries()) {
  const [first, second, third, fourth] = vector.messages
  const prologue = bytes(vector.prologue)
  const psk = bytes(vector.psk)
  const initiator = x25519Pair(bytes(vector.initiatorStatic))
  const responder = x25519Pair(bytes(vector.responderStatic))

  test(`vector ${number} of ${file.protocol}: both messages, bit for bit, read and written`, () => {
    const sent = writeMessage1({
      prologue,
      local: initiator,
      remoteStatic: responder.publicKey,
      ephemeral: x25519Pair(bytes(vector.initiatorEphemeral)),
      payload: bytes(first!.payload),
    })
    assert.equal(sent.message.toString('hex'), first!.ciphertext)
    const got = readMessage1({ prologue, local: responder, message: bytes(first!.ciphertext) })
    assert.equal(got.payload.toString('hex'), first!.payload)
    assert.deepEqual(got.state.remoteStatic, initiator.publicKey)
    assert.deepEqual(got.state.h, sent.state.h)

    const answer = writeMessage2(got.state, {
      ephemeral: x25519Pair(bytes(vector.responderEphemeral)),
      psk,
      payload: bytes(second!.payload),
    })
    assert.equal(answer.message.toString('hex'), second!.ciphertext)
    const end = readMessage2(sent.state, { psk, message: answer.message })
    assert.equal(end.payload.toString('hex'), second!.payload)
    assert.deepEqual(end.transcript, answer.transcript)

    // Split() of the framework (§5.2): what we derive instead is in keys.ts, but it hangs on the same ck.
    const keys = hkdf(end.transcript.ck, Buffer.alloc(0), Buffer.alloc(0), 64)
    for (const [message, key] of [
      [third!, keys.subarray(0, 32)],
      [fourth!, keys.subarray(32)],
    ] as const) {
      const options = { authTagLength: 16 }
      const cipher = createCipheriv('chacha20-poly1305', key, Buffer.alloc(12), options)
      const sealed = [cipher.update(bytes(message.payload)), cipher.final(), cipher.getAuthTag()]
      assert.equal(Buffer.concat(sealed).toString('hex'), message.ciphertext)
    }
  })

  test(`vector ${number}: a wrong PSK, prologue or bit is refused`, () => {
    const refused = { code: 'WIRE_UNAUTHENTIC' }
    const message = bytes(first!.ciphertext)
    const other = Buffer.concat([prologue, Buffer.of(0)])
    assert.throws(() => readMessage1({ prologue: other, local: responder, message }), refused)
    for (const position of [0, 40, message.length - 1]) {
      const bad = Buffer.from(message)
      bad[position]! ^= 1
      assert.throws(() => readMessage1({ prologue, local: responder, message: bad }), refused)
    }
    const { state } = writeMessage1({
      prologue,
      local: initiator,
      remoteStatic: responder.publicKey,
      ephemeral: x25519Pair(bytes(vector.initiatorEphemeral)),
      payload: bytes(first!.payload),
    })
    const answer = bytes(second!.ciphertext)
    const wrong = Buffer.alloc(32, 7)
    assert.throws(() => readMessage2(state, { psk: wrong, message: answer }), refused)
    // The failure left no trace: the same state opens the right answer.
    assert.equal(
      readMessage2(state, { psk, message: answer }).payload.toString('hex'),
      second!.payload,
    )
  })
}
