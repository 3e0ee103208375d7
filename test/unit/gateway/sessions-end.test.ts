/** How a session ended is remembered until there is one again; and when keys end where rekeys are fast. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timingOf } from '../../../firmware/gateway/peering.ts'
import { wireTiming } from '../../../firmware/plan/session.ts'
import {
  addBox,
  agree,
  type Box,
  bootDatapath,
  configure,
  createWorld,
  peerOf,
} from '../../sim/session-world.ts'

async function pair(seed: number) {
  const world = createWorld(seed)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(a, [peerOf(b)])
  await configure(b, [peerOf(a)])
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  return { world, a, b }
}

const statusOf = (box: Box) => box.sessions.status()[0]!

test('keys that nobody renews', async () => {
  const { world, a, b } = await pair(41)
  assert.equal(statusOf(a).ended, null)
  assert.equal(statusOf(a).canCall, true)
  b.datapath.kill('gone')
  await b.sessions[Symbol.asyncDispose]()
  await world.clock.advance(wireTiming.lifetimeMs + 3_000)
  const { ended, state } = statusOf(a)
  assert.equal(ended?.by, 'expiry')
  assert.ok(ended.ageMs >= 3_000 - 2_000 && ended.ageMs < 180_000, String(ended.ageMs))
  assert.equal(state, 'connecting')
})

test('a peer that closes; one that is back is forgotten to have ended', async () => {
  const { world, a, b } = await pair(42)
  await configure(b, [])
  await world.clock.advance(100)
  assert.equal(statusOf(a).ended?.by, 'close')
  await configure(b, [peerOf(a)])
  await world.clock.advance(20_000)
  assert.equal(statusOf(a).ended, null)
})

test('a datapath that dies, and a peer that cannot be called', async () => {
  const { world, a, b } = await pair(43)
  a.datapath.kill('gone')
  assert.equal(statusOf(a).ended?.by, 'datapath')
  a.datapath = bootDatapath(world, a)
  await configure(a, [peerOf(b, { endpoints: [] })])
  assert.equal(statusOf(a).canCall, false)
})

test('keys end sooner where they are renewed sooner, but not before 10 s', () => {
  assert.equal(timingOf(120).lifetimeMs, 180_000)
  assert.equal(timingOf(115).lifetimeMs, 180_000)
  assert.equal(timingOf(23).lifetimeMs, 36_000)
  assert.equal(timingOf(2).lifetimeMs, 10_000)
})
