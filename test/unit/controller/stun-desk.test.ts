/** A controller's answers to STUN: how the other end looks, so many, and nothing to what is no request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StunDesk } from '../../../firmware/controller/stun-desk.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { fakeNetwork } from '../../../firmware/host/udp/fake.ts'
import { decodeResponse, encodeRequest, noChange } from '../../../firmware/wire/stun.ts'

const at = { address: '198.18.0.2', port: 3_478 }
const transactionId = new Uint8Array(12).fill(7)

function newDesk() {
  const clock = virtualClock()
  const network = fakeNetwork(clock, () => 0.5)
  const desk = new StunDesk(network.bind(at), clock)
  const box = network.bind({ address: '203.0.113.9', port: 40_000 })
  const heard: Uint8Array[] = []
  box.onDatagram((datagram) => heard.push(Buffer.from(datagram)))
  const ask = (datagram: Uint8Array) => box.send(datagram, at)
  return { clock, desk, heard, ask }
}

test('who asks is told the address and port that it is seen at, and of no other server', async () => {
  const { clock, desk, heard, ask } = newDesk()
  await using _ = desk
  ask(encodeRequest(transactionId, noChange))
  await clock.advance(100)
  assert.deepEqual(decodeResponse(heard[0]!), {
    transactionId,
    mapped: { address: '203.0.113.9', port: 40_000 },
    ...{ origin: null, other: null, errorCode: null },
  })
  assert.ok(heard[0]!.length <= 100, `${heard[0]!.length} bytes`)
})

test('an answer from elsewhere is not to be had, and is said so', async () => {
  const { clock, desk, heard, ask } = newDesk()
  await using _ = desk
  ask(encodeRequest(transactionId, { address: false, port: true }))
  await clock.advance(100)
  assert.equal(decodeResponse(heard[0]!)?.errorCode, 420)
})

test('what is no request gets no answer, and one source has so many', async () => {
  const { clock, desk, heard, ask } = newDesk()
  await using _ = desk
  ask(Buffer.from('GET / HTTP/1.1'))
  ask(encodeRequest(transactionId, noChange).subarray(0, 20))
  await clock.advance(100)
  assert.deepEqual([heard.length, desk.counters.malformed], [0, 2])
  for (let count = 0; count < 200; count++) ask(encodeRequest(transactionId, noChange))
  await clock.advance(100)
  assert.ok(heard.length <= 125, `${heard.length} answers`)
  assert.deepEqual(desk.counters.answered + desk.counters.limited, 200)
})
