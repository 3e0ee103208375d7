/** What sessions do with peers, strangers and configuration; long runs and bad weather are test/sim. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wireTiming } from '../../../firmware/plan/session.ts'
import { mac1Key, withMacs, writeInitiation } from '../../../firmware/wire/handshake.ts'
import { rawPrologue } from '../../../firmware/wire/keys.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import {
  addBox,
  agree,
  type Box,
  bootDatapath,
  bootSessions,
  configure,
  createWorld,
  peerOf,
  type World,
} from '../../sim/session-world.ts'

async function pair(world: World, more: { psk?: Uint8Array; otherPsk?: Uint8Array } = {}) {
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(a, [peerOf(b, more.psk === undefined ? {} : { psk: more.psk })])
  await configure(b, [peerOf(a, more.otherPsk === undefined ? {} : { psk: more.otherPsk })])
  return [a, b] as const
}

const statusOf = (box: Box) => box.sessions.status()[0]!

test('a session is up after two messages, at both ends, and says where to', async () => {
  const world = createWorld(1)
  const [a, b] = await pair(world)
  assert.equal(statusOf(a).state, 'connecting')
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  const status = statusOf(a)
  assert.equal(status.state, 'up')
  assert.equal(status.uplink, 'wan0')
  assert.deepEqual(status.endpoint, b.local)
  assert.equal(status.handshakes + status.rekeys, 1)
})

test('an end without endpoints waits for the other one', async () => {
  const world = createWorld(2)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(a, [peerOf(b, { endpoints: [] })])
  await world.clock.advance(10_000)
  assert.equal(statusOf(a).state, 'down')
  assert.equal(a.socket.counters().sent, 0)
  await configure(b, [peerOf(a)])
  await world.clock.advance(2_000)
  assert.equal(statusOf(a).state, 'up')
})

test('initiations go to every endpoint in turn, resent at 0.5, 1.5 and 3.5 s, for ever', async () => {
  const world = createWorld(3)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const sent: { atMs: number; to: string; ephemeral: string }[] = []
  world.network.onSend((datagram, _, to) => {
    const ephemeral = Buffer.from(datagram.subarray(8, 40)).toString('hex')
    sent.push({ atMs: world.clock.nowMs(), to: to.address, ephemeral })
    return undefined
  })
  const wrong = ['203.0.113.1', '203.0.113.2'].map((address) => ({ address, port: 51_820 }))
  await configure(a, [peerOf(b, { endpoints: wrong })])
  await world.clock.advance(600_000)
  const rounds = Map.groupBy(sent, ({ ephemeral }) => ephemeral)
  assert.ok(rounds.size >= 100 && rounds.size <= 120, `${rounds.size} initiations in ten minutes`)
  let lastMs: number | null = null
  for (const [first, ...again] of [...rounds.values()].slice(0, -1)) {
    const offsets = again.map(({ atMs }) => Math.round(atMs - first!.atMs))
    assert.deepEqual(offsets, [500, 1_500, 3_500])
    const gapMs: number = lastMs === null ? 5_500 : first!.atMs - lastMs
    assert.ok(gapMs >= 5_000 && gapMs <= 6_000, `${gapMs} ms between initiations`)
    lastMs = first!.atMs
  }
  const toFirst = sent.filter(({ to }) => to === wrong[0]!.address).length
  assert.ok(Math.abs(toFirst - sent.length / 2) <= 1)
  assert.equal(statusOf(a).state, 'connecting')
  assert.equal(statusOf(a).lastError, 'SESSION_TIMEOUT')
})

test('a PSK that only one end has, or a different one, keeps them apart', async () => {
  const one = Buffer.alloc(32, 1)
  for (const [seed, psks] of [
    { psk: one },
    { otherPsk: one },
    { psk: one, otherPsk: Buffer.alloc(32, 2) },
  ].entries()) {
    const world = createWorld(10 + seed)
    const [a, b] = await pair(world, psks)
    await world.clock.advance(20_000)
    assert.ok(!(await agree(world, a, b)))
    const failures = [statusOf(a).failures, statusOf(b).failures]
    assert.ok(failures.some(({ unauthentic, mismatch }) => unauthentic + mismatch > 0))
    // The number of the PSK tells before anything is installed; different bytes show in message 2 only.
    const isNumberRight = psks.psk !== undefined && psks.otherPsk !== undefined
    if (!isNumberRight) assert.equal(a.datapath.installs + b.datapath.installs, 0)
  }
  const world = createWorld(20)
  const [a, b] = await pair(world, { psk: one, otherPsk: Buffer.from(one) })
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  await world.clock.advance(300_000)
  assert.ok(await agree(world, a, b))
  assert.equal(statusOf(a).handshakes, 1)
})

test('strangers, other tenants and garbage are counted and never answered', async () => {
  const world = createWorld(4)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a, { endpoints: [] })])
  const mallory = world.network.bind({ address: '203.0.113.9', port: 1 })
  const initiation = (
    key: Uint8Array,
    tenant: Uint8Array,
    local = x25519Pair(world.randomBytes(32)),
  ) => {
    const { message } = writeInitiation({
      prologue: rawPrologue(tenant),
      local,
      remoteStatic: b.wireKey.publicKey,
      ephemeral: x25519Pair(world.randomBytes(32)),
      senderIndex: 1,
      payload: {
        challenge: new Uint8Array(16),
        suites: ['chacha20-poly1305'],
        pskNumber: 0,
        uplink: 0,
      },
    })
    return withMacs(message, mac1Key(key))
  }
  const own = b.wireKey.publicKey
  mallory.send(initiation(own, world.tenant), b.local)
  mallory.send(initiation(own, Buffer.alloc(16), a.wireKey), b.local)
  mallory.send(initiation(a.wireKey.publicKey, world.tenant), b.local)
  for (const bytes of [1, 40, 99, 100, 101, 159, 160, 161, 1_400]) {
    for (const type of [0xd4, 0xd5, 0xd7]) {
      const datagram = Buffer.alloc(bytes, 7)
      datagram[0] = type
      mallory.send(datagram, b.local)
    }
  }
  await world.clock.advance(1_000)
  assert.equal(b.socket.counters().sent, 0)
  const { unknown, unauthentic, mac1, malformed, stale } = b.sessions.strays()
  assert.deepEqual({ unknown, unauthentic }, { unknown: 1, unauthentic: 1 })
  assert.ok(mac1 >= 3 && malformed >= 20 && stale >= 1)
})

test('a source may not have more than a burst of five worked on, then twenty a second', async () => {
  const world = createWorld(5)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a, { endpoints: [] })])
  const junk = withMacs(
    Buffer.concat([Buffer.of(0xd4), Buffer.alloc(127, 9)]),
    mac1Key(b.wireKey.publicKey),
  )
  for (let round = 0; round < 100; round++) {
    a.socket.send(junk, b.local)
    await world.clock.advance(10)
  }
  await world.clock.advance(100)
  const { unauthentic, cookie } = b.sessions.strays()
  assert.equal(unauthentic + cookie, 100)
  assert.ok(unauthentic >= 22 && unauthentic <= 26, `${unauthentic} worked on in a second`)
})

test('an initiation that could disturb a live session is challenged first', async () => {
  const world = createWorld(6)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  const types: number[] = []
  world.network.onSend((datagram) => {
    types.push(datagram[0]!)
    return undefined
  })
  a.datapath.kill('lost')
  a.datapath = bootDatapath(world, a)
  await configure(a, a.peers)
  await world.clock.advance(1_500)
  assert.ok(await agree(world, a, b))
  assert.deepEqual(
    types.filter((type) => type >= 0xd4),
    [0xd4, 0xd7, 0xd4, 0xd5],
  )
})

test('the responder has its keypair installed before message 2 leaves', async () => {
  const world = createWorld(7)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1', { verbMs: 40 })
  await configure(a, [peerOf(b)])
  const done = configure(b, [peerOf(a, { endpoints: [] })])
  await world.clock.advance(200)
  await done
  let atAnswer = -1
  world.network.onSend((datagram) => {
    if (datagram[0] === 0xd5) atAnswer = b.datapath.installs
    return undefined
  })
  await world.clock.advance(8_000)
  assert.equal(atAnswer, 1)
  assert.equal(b.datapath.drops.index, 0)
})

test('configuring again touches no session that stays, and ends those that go', async () => {
  const world = createWorld(8)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  const before = statusOf(a)
  await configure(a, [peerOf(b, { endpoints: [] })])
  await configure(a, [peerOf(b)])
  assert.equal(statusOf(a).localIndex, before.localIndex)
  const c = addBox(world, 'c', '203.0.113.1')
  await configure(a, [peerOf(c)])
  await world.clock.advance(100)
  assert.deepEqual(
    a.sessions.status().map(({ peer }) => peer),
    ['c'],
  )
  assert.deepEqual(await a.datapath.keypairs(), [])
  // Told so, the other end has erased its keypairs too.
  assert.deepEqual(await b.datapath.keypairs(), [])
  assert.equal(statusOf(b).failures.closed, 1)
})

test('a peer with another key is another peer', async () => {
  const world = createWorld(9)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  const other = x25519Pair(world.randomBytes(32)).publicKey
  await configure(a, [peerOf(b, { wireKey: other })])
  await world.clock.advance(10_000)
  assert.equal(statusOf(a).state, 'connecting')
  await configure(a, [peerOf(b)])
  await world.clock.advance(15_000)
  assert.ok(await agree(world, a, b))
})

test('a key of low order is the trouble of its own peer only', async () => {
  const world = createWorld(30)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const wireKey = new Uint8Array(32).fill(1, 0, 1)
  await configure(b, [peerOf(a)])
  await configure(a, [peerOf(b, { name: 'bad', wireKey }), peerOf(b)])
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  assert.deepEqual(
    a.sessions.status().map(({ peer, state }) => [peer, state]),
    [['b', 'up']],
  )
  assert.deepEqual(a.logged[0], { peer: 'bad', code: 'CONFIG_WIRE_KEY_INVALID' })
})

test('without a datapath all is down; with a new one all comes back', async () => {
  const world = createWorld(31)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  a.datapath.kill('gone')
  assert.equal(statusOf(a).state, 'down')
  const sent = a.socket.counters().sent
  await world.clock.advance(60_000)
  assert.equal(a.socket.counters().sent, sent)
  a.datapath = bootDatapath(world, a)
  await configure(a, a.peers)
  await world.clock.advance(wireTiming.spreadMs + 200)
  assert.ok(await agree(world, a, b))
})

test('keypairs of peers that are no longer configured are retired at adoption', async () => {
  const world = createWorld(32)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  await a.sessions[Symbol.asyncDispose]()
  a.sessions = bootSessions(world, a)
  await configure(a, [])
  assert.deepEqual(await a.datapath.keypairs(), [])
  assert.equal(statusOf(b).peer, 'a')
})
