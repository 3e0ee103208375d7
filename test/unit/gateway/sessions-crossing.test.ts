/** Handshakes whose messages are lost, doubled, late or cross each other: one keypair comes of it, or none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fairWeather, type Weather } from '../../../firmware/host/udp/fake.ts'
import type { UdpAddress } from '../../../firmware/host/udp/udp.ts'
import {
  addBox,
  agree,
  type Box,
  configure,
  createWorld,
  peerOf,
  restartDatapath,
  type World,
} from '../../sim/session-world.ts'

const lost: Weather = { ...fairWeather, lossRatio: 1 }

interface Sent {
  readonly datagram: Buffer
  readonly from: UdpAddress
  readonly to: UdpAddress
}

/** Two boxes of which only a initiates, unless both are to. */
async function pair(world: World, isMutual = false): Promise<readonly [Box, Box]> {
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a, isMutual ? {} : { endpoints: [] })])
  await configure(a, [peerOf(b)])
  return [a, b]
}

/** A tape of handshake datagrams; `weather` may treat each in its own way. */
function record(world: World, weather: (sent: Sent) => Weather | undefined = () => undefined) {
  const tape: Sent[] = []
  world.network.onSend((datagram, from, to) => {
    const sent = { datagram: Buffer.from(datagram), from, to }
    if (datagram[0]! >= 0xd4) tape.push(sent)
    return weather(sent)
  })
  return tape
}

/** Whether a sealed frame holds a handshake part (the fake datapath has items in clear behind 16 bytes). */
function isPart({ datagram }: Sent): boolean {
  return datagram[0] === 0xd2 && datagram[16] === 0x0a
}

test('a copy of an initiation gets the same answer, and no keypair of its own', async () => {
  const world = createWorld(1)
  let answers = 0
  const tape = record(world, ({ datagram }) =>
    datagram[0] === 0xd5 && ++answers < 3 ? lost : undefined,
  )
  const [a, b] = await pair(world)
  await world.clock.advance(4_000)
  assert.ok(await agree(world, a, b))
  const responses = tape.filter(({ datagram }) => datagram[0] === 0xd5)
  assert.equal(responses.length, 3)
  for (const { datagram } of responses) assert.deepEqual(datagram, responses[0]!.datagram)
  assert.equal(b.datapath.installs, 1)
  // Once the keypair is in use, a copy gets nothing.
  const { datagram, from, to } = tape[0]!
  world.network.send(datagram, from, to)
  await world.clock.advance(400)
  assert.equal(tape.filter(({ datagram }) => datagram[0] === 0xd5).length, 3)
})

test('a challenge is good for one keypair, even when its initiation is long forgotten', async () => {
  const world = createWorld(2)
  const tape = record(world)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  // More handshakes than a responder remembers, all within the life of one secret.
  for (let round = 0; round < 10; round++) {
    await restartDatapath(world, a)
    await world.clock.advance(2_000)
  }
  assert.ok(await agree(world, a, b))
  const before = b.datapath.installs
  const initiations = tape.filter(({ datagram }) => datagram[0] === 0xd4)
  assert.ok(initiations.length >= 21)
  for (const { datagram, from, to } of initiations) {
    world.network.send(datagram, from, to)
    await world.clock.advance(300)
  }
  assert.equal(b.datapath.installs, before)
  assert.ok(await agree(world, a, b))
})

test('of two raw initiations that cross, one makes a keypair', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const world = createWorld(100 + seed)
    world.network.setWeather({ ...fairWeather, delayMs: 200 })
    const [a, b] = await pair(world, true)
    await world.clock.advance(4_000)
    assert.ok(await agree(world, a, b), `seed ${100 + seed}`)
    assert.equal(a.datapath.installs, 1, `seed ${100 + seed}`)
    assert.equal(b.datapath.installs, 1, `seed ${100 + seed}`)
  }
})

test('of two rekeys that cross, one makes a keypair', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const world = createWorld(200 + seed)
    const [a, b] = await pair(world)
    await world.clock.advance(8_000)
    world.network.setWeather({ ...fairWeather, delayMs: 200 })
    a.datapath.wearOut('b')
    await world.clock.advance(300 * world.random())
    b.datapath.wearOut('a')
    await world.clock.advance(4_000)
    assert.ok(await agree(world, a, b), `seed ${200 + seed}`)
    assert.equal(a.datapath.installs, 2, `seed ${200 + seed}`)
    assert.equal(b.datapath.installs, 2, `seed ${200 + seed}`)
  }
})

test('a rekey that was overtaken by its successor does not take the keypair away', async () => {
  const world = createWorld(3)
  const parts: Sent[] = []
  let isReplaying = false
  // The first initiation and its copies are held up; it arrives right after its successor, before the answer
  // to that one is in use.
  record(world, (sent) => {
    if (isReplaying) return { ...fairWeather, delayMs: fairWeather.delayMs + 5 }
    if (!isPart(sent) || sent.from.address !== '192.0.2.1') return undefined
    parts.push(sent)
    if (parts.length <= 4) return lost
    if (parts.length === 5) {
      isReplaying = true
      world.network.send(parts[0]!.datagram, sent.from, sent.to)
      isReplaying = false
    }
    return undefined
  })
  const [a, b] = await pair(world)
  await world.clock.advance(7_000)
  a.datapath.wearOut('b')
  const sent: string[] = []
  for (let number = 0; number < 400; number++) {
    if (a.datapath.sendData('b', Buffer.from(`${number}`))) sent.push(`${number}`)
    await world.clock.advance(20)
  }
  assert.ok(parts.length >= 5)
  assert.equal(b.datapath.drops.index, 0)
  assert.deepEqual(b.received, sent)
  assert.ok(await agree(world, a, b))
})

test('an end that went over to a raw handshake takes no answer to its rekey any more', async () => {
  const world = createWorld(5)
  let answer: Sent | null = null
  let responses = 0
  let isReplaying = false
  const [a, b] = await pair(world)
  await world.clock.advance(7_000)
  record(world, (sent) => {
    if (isReplaying) return undefined
    if (isPart(sent) && sent.from === b.local) answer = sent
    // Parts reach b, nothing sealed reaches a: it falls silent with its rekey under way.
    if (sent.datagram[0]! < 0xd4) return isPart(sent) && sent.from === a.local ? undefined : lost
    if (sent.datagram[0] !== 0xd5 || ++responses > 1) return undefined
    // b has let go of the rekey's keypair now; its answer comes late, that of the raw handshake is lost.
    isReplaying = true
    world.network.send(answer!.datagram, answer!.from, answer!.to)
    isReplaying = false
    return lost
  })
  await world.clock.advance(4_000)
  a.datapath.wearOut('b')
  const installs = a.datapath.installs
  for (let step = 0; responses === 0 && step < 400; step++) await world.clock.advance(50)
  await world.clock.advance(100)
  assert.equal(a.datapath.installs, installs)
  await world.clock.advance(1_000)
  assert.ok(responses >= 2)
  assert.equal(a.sessions.status()[0]!.handshakes, 2)
  assert.equal(a.sessions.status()[0]!.rekeys, 0)
})

test('who has answered a moment ago does not initiate because of silence', async () => {
  const world = createWorld(7)
  const [a, b] = await pair(world, true)
  await world.clock.advance(7_000)
  const tape = record(world, ({ datagram }) => (datagram[0] === 0xd5 ? lost : undefined))
  await restartDatapath(world, a)
  await world.clock.advance(12_000)
  // b's probes met a datapath without keys, so it is silent; but a is at it, and b's own would cross that.
  assert.notEqual(b.sessions.status()[0]!.state, 'up')
  const froms = tape.filter(({ datagram }) => datagram[0] === 0xd4).map(({ from }) => from.address)
  assert.ok(froms.length >= 4)
  assert.deepEqual([...new Set(froms)], ['192.0.2.1'])
})

test('message 2 is taken only from where message 1 went to', async () => {
  const world = createWorld(8)
  const tape = record(world, ({ datagram }) => (datagram[0] === 0xd5 ? lost : undefined))
  const [a, b] = await pair(world)
  await world.clock.advance(1_100)
  const response = tape.find(({ datagram }) => datagram[0] === 0xd5)!
  const elsewhere = world.network.bind({ address: '203.0.113.9', port: 51_820 })
  world.network.onSend((_, from) => (from === elsewhere.local ? fairWeather : undefined))
  elsewhere.send(response.datagram, a.local)
  await world.clock.advance(200)
  assert.equal(a.datapath.installs, 0)
  assert.equal(a.sessions.status()[0]!.failures.mismatch, 1)
  world.network.onSend(() => fairWeather)
  b.socket.send(response.datagram, a.local)
  await world.clock.advance(200)
  assert.ok(await agree(world, a, b))
})

test('an answer to an initiation that was given up reaches nobody', async () => {
  const world = createWorld(10)
  const tape = record(world, ({ datagram }) => (datagram[0] === 0xd5 ? lost : undefined))
  const [a, b] = await pair(world)
  await world.clock.advance(7_000)
  const initiations = tape.filter(({ datagram }) => datagram[0] === 0xd4)
  assert.notDeepEqual(initiations.at(-1)!.datagram, initiations[0]!.datagram)
  const response = tape.find(({ datagram }) => datagram[0] === 0xd5)!
  world.network.onSend(() => fairWeather)
  b.socket.send(response.datagram, a.local)
  await world.clock.advance(200)
  assert.equal(a.sessions.strays().stale, 1)
  assert.equal(a.sessions.status()[0]!.failures.unauthentic, 0)
})

test('a challenge is taken only from where message 1 went to, and so is its answer sent', async () => {
  const world = createWorld(9)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  const tape = record(world, ({ datagram }) => (datagram[0] === 0xd7 ? lost : undefined))
  await restartDatapath(world, a)
  await world.clock.advance(1_100)
  const challenge = tape.find(({ datagram }) => datagram[0] === 0xd7)!
  const elsewhere = world.network.bind({ address: '203.0.113.9', port: 51_820 })
  world.network.onSend((_, from) => (from === elsewhere.local ? fairWeather : undefined))
  elsewhere.send(challenge.datagram, a.local)
  await world.clock.advance(200)
  assert.equal(elsewhere.counters().received, 0)
  assert.equal(a.sessions.status()[0]!.failures.mismatch, 1)
  world.network.onSend(() => fairWeather)
  b.socket.send(challenge.datagram, a.local)
  await world.clock.advance(200)
  assert.ok(await agree(world, a, b))
})

test('a peer that answers no rekey is handshaken with anew, long before the hard stop', async () => {
  const world = createWorld(4)
  const [a, b] = await pair(world)
  await world.clock.advance(7_000)
  record(world, (sent) => (isPart(sent) ? lost : undefined))
  a.datapath.wearOut('b')
  for (let number = 0; number < 400; number++) {
    a.datapath.sendData('b', Buffer.from(`${number}`))
    await world.clock.advance(100)
  }
  assert.equal(b.received.length, 400)
  const status = a.sessions.status()[0]!
  assert.equal(status.handshakes, 2)
  assert.equal(status.rekeys, 0)
  assert.ok(await agree(world, a, b))
})
