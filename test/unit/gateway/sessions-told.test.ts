/** Peers that no endpoint leads to, and NATs before both: called where somebody says that they are, by both, for so long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostRecalls } from '../../../firmware/gateway/sessions/recall.ts'
import { fairWeather } from '../../../firmware/host/udp/fake.ts'
import {
  addBox,
  agree,
  type Box,
  configure,
  createWorld,
  peerOf,
  type World,
} from '../../sim/session-world.ts'

const rememberedMs = 30_000
const lost = { ...fairWeather, lossRatio: 1 }

/** Two boxes that know no endpoint of each other, each behind what lets in only whom was sent to a while ago. */
async function walled(seed: number): Promise<readonly [World, Box, Box]> {
  const world = createWorld(seed)
  const [left, right] = [addBox(world, 'left', '203.0.113.1'), addBox(world, 'right', '192.0.2.1')]
  const sentAtMs = new Map<string, number>()
  world.network.onSend((_, from, to) => {
    const nowMs = world.clock.nowMs()
    const key = (one: typeof from, other: typeof to): string =>
      `${one.address}:${one.port} ${other.address}:${other.port}`
    sentAtMs.set(key(from, to), nowMs)
    const isIn = nowMs - (sentAtMs.get(key(to, from)) ?? -rememberedMs) < rememberedMs
    return isIn ? undefined : lost
  })
  await configure(left, [peerOf(right, { endpoints: [] })])
  await configure(right, [peerOf(left, { endpoints: [] })])
  return [world, left, right]
}

const failures = ({ sessions }: Box) => sessions.status()[0]!.failures.timeout

test('both are told within a second of each other, and a session is up two seconds later', async () => {
  for (const gapMs of [0, 300, 1_000]) {
    const [world, left, right] = await walled(300)
    await world.clock.advance(5_000)
    assert.equal(await agree(world, left, right), false)
    left.sessions.callAt('right', [right.local])
    await world.clock.advance(gapMs)
    right.sessions.callAt('left', [left.local])
    await world.clock.advance(2_000)
    assert.ok(await agree(world, left, right), `${gapMs} ms apart`)
  }
})

test('of several places all have their turn', async () => {
  const [world, left, right] = await walled(301)
  const nobody = { address: '198.51.100.7', port: 9 }
  left.sessions.callAt('right', [nobody, right.local])
  right.sessions.callAt('left', [left.local, nobody])
  await world.clock.advance(20_000)
  assert.ok(await agree(world, left, right))
})

test('where nobody answers it is called so many times and no more, until it is told again', async () => {
  const [world, left] = await walled(302)
  left.sessions.callAt('right', [{ address: '198.51.100.7', port: 9 }])
  await world.clock.advance(3_600_000)
  assert.equal(failures(left), mostRecalls)
  assert.equal(left.sessions.status()[0]!.state, 'down')
  left.sessions.callAt('right', [{ address: '198.51.100.7', port: 10 }])
  await world.clock.advance(3_600_000)
  assert.equal(failures(left), 2 * mostRecalls)
})

test('a session that runs is left alone, and one that is lost has the places still, whoever told them', async () => {
  const [world, left, right] = await walled(303)
  left.sessions.callAt('right', [right.local])
  right.sessions.callAt('left', [left.local])
  await world.clock.advance(2_000)
  left.sessions.callAt('right', [right.local])
  await world.clock.advance(10_000)
  assert.equal(left.sessions.status()[0]!.handshakes + right.sessions.status()[0]!.handshakes, 2)
  let isCut = true
  world.network.onSend(() => (isCut ? lost : undefined))
  await world.clock.advance(240_000)
  assert.equal(await agree(world, left, right), false)
  isCut = false
  await world.clock.advance(20_000)
  assert.ok(await agree(world, left, right))
})
