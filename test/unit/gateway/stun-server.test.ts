/** A hub's answers to STUN requests: from where they are wanted, no larger than needed, so many, and to nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StunServer } from '../../../firmware/gateway/nat/stun-server.ts'
import type { UdpAddress, UdpSocket } from '../../../firmware/host/udp/udp.ts'
import { formatEndpoint } from '../../../firmware/model/address.ts'
import {
  type BindingResponse,
  type Change,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  noChange,
} from '../../../firmware/wire/stun.ts'
import { withFingerprint } from '../../../firmware/wire/stun-frame.ts'
import { bentStun, soundStun } from '../../fuzz/stun-bytes.ts'
import { createWorld, seeded } from '../../sim/session-world.ts'

const transactionId = new Uint8Array(12).fill(9)
const otherPort: Change = { address: false, port: true }
const elsewhere: Change = { address: true, port: true }
const otherAddress: Change = { address: true, port: false }

interface Answer {
  readonly bytes: number
  readonly from: string
  readonly said: BindingResponse
}

/** Uplinks by their address; each has ports 51820, 443 and 3478. */
function hubOf(addresses: readonly string[], privates: readonly string[] = []) {
  const { clock, network } = createWorld(1)
  const server = new StunServer(clock)
  const at = (port: number) =>
    addresses.map((address, index) => ({
      name: `wan${index}`,
      socket: network.bind({ address, port }),
    }))
  const ports = { overlay: at(51_820), otherOverlay: at(443), stun: at(3478) }
  server.configure({ ...ports, retire: async () => {} }, new Set(privates))
  const clients = new Map<string, { socket: UdpSocket; heard: Answer[] }>()
  const client = (from: string) => {
    const known = clients.get(from)
    if (known !== undefined) return known
    const socket = network.bind({ address: from, port: 40_001 })
    const heard: Answer[] = []
    socket.onDatagram((bytes, source) => {
      const said = decodeResponse(bytes)
      assert.ok(said !== null)
      heard.push({ bytes: bytes.length, from: formatEndpoint(source), said })
    })
    clients.set(from, { socket, heard })
    return { socket, heard }
  }
  const ask = async (
    to: UdpAddress,
    datagram: Uint8Array,
    from = '192.0.2.77',
  ): Promise<Answer[]> => {
    const { socket, heard } = client(from)
    heard.length = 0
    socket.send(datagram, to)
    await clock.advance(25)
    return [...heard]
  }
  return { clock, server, ask }
}

const [one, two] = ['203.0.113.1', '203.0.113.2'] as const

test('an answer says how the asker looks, and comes from where it is wanted', async () => {
  const { ask } = hubOf([one, two])
  for (const [port, change, from, other] of [
    [51_820, noChange, `${one}:51820`, `${two}:3478`],
    [443, noChange, `${one}:443`, `${two}:3478`],
    [3478, noChange, `${one}:3478`, `${two}:51820`],
    [51_820, otherPort, `${one}:3478`, `${two}:3478`],
    [443, otherPort, `${one}:3478`, `${two}:3478`],
    [3478, otherPort, `${one}:51820`, `${two}:51820`],
    [51_820, otherAddress, `${two}:51820`, `${two}:3478`],
    [443, otherAddress, `${two}:443`, `${two}:3478`],
    [3478, otherAddress, `${two}:3478`, `${two}:51820`],
    [51_820, elsewhere, `${two}:3478`, `${two}:3478`],
    [3478, elsewhere, `${two}:51820`, `${two}:51820`],
  ] as const) {
    const [answer, ...more] = await ask(
      { address: one, port },
      encodeRequest(transactionId, change),
    )
    assert.deepEqual(more, [])
    const { mapped, origin, other: told, errorCode } = answer!.said
    assert.deepEqual(
      [answer!.from, formatEndpoint(mapped!), formatEndpoint(origin!), formatEndpoint(told!)],
      [from, '192.0.2.77:40001', from, other],
    )
    assert.equal(errorCode, null)
    assert.equal(answer!.bytes, 64)
  }
})

test('with one address only another port can be had; of the other family there is none either', async () => {
  const { ask } = hubOf([one, '2001:db8::1'])
  const to = { address: one, port: 51_820 }
  const [plain] = await ask(to, encodeRequest(transactionId, noChange))
  assert.deepEqual(plain?.said.other, { address: one, port: 3478 })
  const [port] = await ask(to, encodeRequest(transactionId, otherPort))
  assert.equal(port?.from, `${one}:3478`)
  for (const change of [elsewhere, otherAddress]) {
    const [refused] = await ask(to, encodeRequest(transactionId, change))
    assert.deepEqual([refused?.from, refused?.said.errorCode], [`${one}:51820`, 420])
  }
  const v6 = { address: '2001:db8::1', port: 51_820 }
  const [six] = await ask(v6, encodeRequest(transactionId, noChange), '2001:db8:9::7')
  assert.deepEqual(six?.said.mapped, { address: '2001:db8:9::7', port: 40_001 })
  assert.equal(six?.bytes, 100)
})

test('a private network is no other address of the Internet, nor told to it', async () => {
  const { ask } = hubOf([one, '10.99.0.1', '10.99.1.1'], ['wan1', 'wan2'])
  const [plain] = await ask({ address: one, port: 51_820 }, encodeRequest(transactionId, noChange))
  assert.deepEqual(plain?.said.other, { address: one, port: 3478 })
  const inside = { address: '10.99.0.1', port: 51_820 }
  const [near] = await ask(inside, encodeRequest(transactionId, elsewhere), '10.99.7.7')
  assert.equal(near?.from, '10.99.1.1:3478')
})

test('what would have to be understood, and is not, is told', async () => {
  const { ask } = hubOf([one, two])
  // ICE's PRIORITY.
  const plain = encodeRequest(transactionId, noChange).slice(0, 20)
  const request = withFingerprint(Uint8Array.of(...plain, 0x00, 0x24, 0, 4, 0x6e, 0, 1, 0xff))
  const [refused] = await ask({ address: one, port: 51_820 }, request)
  assert.equal(refused?.said.errorCode, 420)
  assert.ok(refused.bytes <= 2 * request.length)
})

test('nothing but a well-formed request is answered', async () => {
  const { ask, server, clock } = hubOf([one, two])
  const to = { address: one, port: 51_820 }
  const random = seeded(3)
  const answer = encodeResponse({ transactionId, mapped: to, origin: to, other: null })
  for (const datagram of [
    answer,
    new Uint8Array(160).fill(0xd4),
    new Uint8Array(20),
    new Uint8Array(),
  ]) {
    assert.deepEqual(await ask(to, datagram), [])
  }
  for (let count = 0; count < 3_000; count++) {
    const datagram = bentStun(random)
    if (soundStun.some((good) => Buffer.compare(good, datagram) === 0)) continue
    // Without a fingerprint some are requests nevertheless: then there is one answer, to the asker alone.
    const answers = await ask(to, datagram)
    assert.ok(answers.length <= 1)
    await clock.advance(25)
  }
  const { malformed, limited } = server.counters()
  assert.ok(malformed > 100, `${malformed}`)
  assert.equal(limited, 0)
})

test('one source has a rate, and all have one', async () => {
  const { ask, server, clock } = hubOf([one, two])
  const to = { address: one, port: 51_820 }
  const request = encodeRequest(transactionId, noChange)
  const flood = async (sources: number, each: number): Promise<number> => {
    const before = server.counters().answered
    for (let source = 0; source < sources; source++) {
      const from = `198.18.${source >> 8}.${source & 0xff}`
      const all = Array.from({ length: each }, () => ask(to, request, from))
      if (source === sources - 1) await Promise.all(all)
    }
    await clock.advance(25)
    return server.counters().answered - before
  }
  const ofOne = await flood(1, 1_000)
  assert.ok(ofOne >= 120 && ofOne < 140, `${ofOne}`)
  await clock.advance(10_000)
  const ofMany = await flood(400, 3)
  assert.ok(ofMany >= 200 && ofMany < 300, `${ofMany}`)
  assert.ok(server.counters().limited > 1_500)
})

test('a box that relays no longer answers no longer', async () => {
  const { ask, server } = hubOf([one])
  const to = { address: one, port: 3478 }
  const request = encodeRequest(transactionId, noChange)
  assert.equal((await ask(to, request)).length, 1)
  server.configure(null)
  assert.equal((await ask(to, request)).length, 0)
})
