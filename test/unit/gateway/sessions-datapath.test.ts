/** Sessions and a datapath that is busy, slow to answer, out of reach, or about to forget a peer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CausewayError, type ErrorCode } from '../../../firmware/model/errors.ts'
import type { DatapathEvent } from '../../../firmware/model/program.ts'
import {
  addBox,
  agree,
  type Box,
  bootDatapath,
  bootSessions,
  configure,
  createWorld,
  peerOf,
  programOf,
  restartDatapath,
  type World,
} from '../../sim/session-world.ts'

async function pair(world: World): Promise<readonly [Box, Box]> {
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a)])
  await configure(a, [peerOf(b)])
  return [a, b]
}

const statusOf = (box: Box) => box.sessions.status()[0]!

/** The box's datapath fails once at this verb. */
function failOnce(box: Box, verb: 'describe' | 'keypairs' | 'send', code: ErrorCode): void {
  const { datapath } = box
  const before = datapath[verb]
  Object.assign(datapath, {
    [verb]: async () => {
      Object.assign(datapath, { [verb]: before })
      throw new CausewayError(code, 'as the test wants it')
    },
  })
}

for (const verb of ['describe', 'keypairs'] as const) {
  test(`a datapath that is busy at first (${verb}) is taken over at the next try`, async () => {
    const world = createWorld(40)
    const a = addBox(world, 'a', '192.0.2.1')
    const b = addBox(world, 'b', '198.51.100.1')
    await configure(b, [peerOf(a, { endpoints: [] })])
    failOnce(a, verb, 'DATAPATH_BUSY')
    await assert.rejects(configure(a, [peerOf(b)]), { code: 'DATAPATH_BUSY' })
    await world.clock.advance(2_000)
    assert.equal(a.socket.counters().sent, 0)
    await configure(a, [peerOf(b)])
    await world.clock.advance(2_000)
    assert.ok(await agree(world, a, b))
    assert.equal(statusOf(a).handshakes, 1)

    a.datapath.kill('gone')
    a.datapath = bootDatapath(world, a)
    failOnce(a, verb, 'DATAPATH_BUSY')
    await assert.rejects(configure(a, a.peers), { code: 'DATAPATH_BUSY' })
    assert.equal(statusOf(a).state, 'down')
    await configure(a, a.peers)
    await world.clock.advance(2_000)
    assert.ok(await agree(world, a, b))
    assert.equal(statusOf(a).handshakes, 2)
  })
}

test('after a failed try every event counts once', async () => {
  const world = createWorld(41)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const handlers = new Set<unknown>()
  const { onEvent } = a.datapath
  a.datapath.onEvent = (handler) => {
    handlers.add(handler)
    onEvent(handler)
  }
  for (let round = 0; round < 5; round++) {
    failOnce(a, 'describe', 'DATAPATH_BUSY')
    await assert.rejects(configure(a, [peerOf(b)]))
  }
  await configure(a, [peerOf(b)])
  await configure(a, [peerOf(b)])
  assert.equal(handlers.size, 1)
})

test('a datapath that dies while it is taken over is not tried again', async () => {
  const world = createWorld(42)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const { keypairs } = a.datapath
  a.datapath.keypairs = async () => {
    const read = await keypairs()
    a.datapath.kill('gone')
    return read
  }
  for (let round = 0; round < 2; round++) {
    await assert.rejects(configure(a, [peerOf(b)]), { code: 'DATAPATH_UNREACHABLE' })
  }
  await restartDatapath(world, a)
  await configure(b, [peerOf(a)])
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
})

test('a reading overtaken by an installation does not take its keypair away', async () => {
  const world = createWorld(43)
  const boxes = await pair(world)
  await world.clock.advance(8_000)
  // The end with the larger key drops its own rekey for the other's.
  const keyOf = (box: Box) => Buffer.from(box.wireKey.publicKey)
  const [b, a] = boxes.toSorted((one, other) => Buffer.compare(keyOf(one), keyOf(other)))
  const { keypairs, install } = a!.datapath
  const installed = Promise.withResolvers<void>()
  let readings = 0
  a!.datapath.keypairs = async () => {
    const read = await keypairs()
    if (++readings === 1) await installed.promise
    return read
  }
  a!.datapath.install = (keypair) => {
    installed.resolve()
    return install(keypair)
  }
  failOnce(a!, 'send', 'SESSION_NO_KEYPAIR')
  a!.datapath.wearOut(b!.name)
  await world.clock.advance(100)
  assert.equal(readings, 1)
  b!.datapath.wearOut(a!.name)
  await world.clock.advance(1_000)
  const current = (await keypairs()).find(({ state }) => state === 'current')
  assert.equal(statusOf(a!).localIndex, current!.localIndex)
  assert.equal(statusOf(a!).rekeys, 1)
  // Asked again, and settled.
  assert.equal(readings, 2)
  assert.ok(await agree(world, a!, b!))
})

test('a peer that leaves is told before the datapath forgets it', async () => {
  const world = createWorld(44)
  const [a, b] = await pair(world)
  await a.datapath.load(programOf(1, [b]))
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  await a.sessions.leaveAllBut([])
  await a.datapath.load(programOf(2, []))
  await configure(a, [])
  await world.clock.advance(100)
  assert.deepEqual(a.sessions.status(), [])
  assert.equal(statusOf(b).failures.closed, 1)
  assert.deepEqual(await b.datapath.keypairs(), [])
})

test('a peer that stays does not notice that others leave', async () => {
  const world = createWorld(45)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const c = addBox(world, 'c', '203.0.113.1')
  await configure(b, [peerOf(a)])
  await configure(c, [peerOf(a)])
  await configure(a, [peerOf(b), peerOf(c)])
  await world.clock.advance(2_000)
  const before = statusOf(a)
  await a.sessions.leaveAllBut([peerOf(b)])
  await configure(a, [peerOf(b)])
  await world.clock.advance(100)
  assert.equal(statusOf(a).localIndex, before.localIndex)
  assert.deepEqual([statusOf(b).failures.closed, statusOf(c).failures.closed], [0, 1])
})

test('a peer that fell silent is up as soon as a path is, whatever handshake is under way', async () => {
  const world = createWorld(46)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  const { localIndex } = statusOf(a)
  // Told at once, and no answer to the handshake that begins can be here yet.
  const tell = async (event: DatapathEvent): Promise<void> => {
    a.datapath.tell(event)
    await Promise.resolve()
  }
  await tell({ kind: 'silent', peer: 'b', localIndex: localIndex! })
  assert.equal(statusOf(a).state, 'connecting')
  const path = {
    kind: 'path',
    peer: 'b',
    uplink: 0,
    remoteAddress: b.local.address,
    remotePort: b.local.port,
    number: 0,
    remoteNumber: 0,
    remoteUplink: 0,
    reason: 'well',
  } as const
  await tell({ ...path, change: 'best', state: 'up' })
  await tell({ ...path, change: 'state', state: 'down' })
  assert.equal(statusOf(a).state, 'connecting')
  await tell({ ...path, change: 'state', state: 'up' })
  assert.equal(statusOf(a).state, 'up')
  assert.deepEqual(a.messages.slice(-2), ['session down', 'session up'])
})

test('the log says nothing of sessions while the datapath is out of reach', async () => {
  const world = createWorld(46)
  const [a, b] = await pair(world)
  await world.clock.advance(2_000)
  const lines = (): string[] => a.messages.filter((message) => message.startsWith('session '))
  assert.deepEqual(lines(), ['session up'])
  // The same datapath by another connection: it forwarded on all the time.
  const { datapath } = a
  const handlers: ((reason: string) => void)[] = []
  const proxy = {
    ...datapath,
    onClose: (handler: (reason: string) => void) => void handlers.push(handler),
  }
  a.datapath = proxy
  await configure(a, a.peers)
  for (const handler of handlers) handler('lost')
  await world.clock.advance(1_000)
  a.datapath = datapath
  await configure(a, a.peers)
  await world.clock.advance(1_000)
  assert.equal(statusOf(a).state, 'up')
  assert.deepEqual(lines(), ['session up'])
  // A datapath that has lost them is another matter.
  await restartDatapath(world, a)
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  assert.deepEqual(lines(), ['session up', 'session down', 'session up'])
})

test('chains that were read and are not needed are wiped; those in use are copies', async () => {
  const world = createWorld(47)
  const [a, b] = await pair(world)
  await world.clock.advance(8_000)
  await a.sessions[Symbol.asyncDispose]()
  const { keypairs } = a.datapath
  const chains: Uint8Array[] = []
  a.datapath.keypairs = async () => {
    const read = await keypairs()
    for (const { chain } of read) chains.push(chain)
    assert.ok(read.every(({ chain }) => chain.some((byte) => byte !== 0)))
    return read
  }
  a.sessions = bootSessions(world, a)
  await configure(a, a.peers)
  assert.ok(chains.length > 0)
  assert.ok(chains.every((chain) => chain.every((byte) => byte === 0)))
  a.datapath.wearOut('b')
  await world.clock.advance(8_000)
  assert.equal(statusOf(a).rekeys, 1)
  assert.ok(await agree(world, a, b))
})
