/** The small parts that sessions rest on: challenges, source limits and indices. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostSources, sourceRate } from '../../../firmware/gateway/sessions/admission.ts'
import { openFreshness } from '../../../firmware/gateway/sessions/freshness.ts'
import { openIndices } from '../../../firmware/gateway/sessions/indices.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { openSourceBuckets } from '../../../firmware/plan/rate-limit.ts'
import { sourceKey } from '../../../firmware/wire/ip.ts'
import { createWorld } from '../../sim/session-world.ts'

test('a challenge holds for the peer, address, port and count that it was given for', () => {
  const { clock, randomBytes } = createWorld(1)
  const { challenge, holds } = openFreshness(clock, randomBytes, 120_000)
  const from = { address: '192.0.2.1', port: 51_820 }
  const binding = { peerKey: Buffer.alloc(32, 1), from, used: 3 }
  const given = challenge(binding)
  assert.equal(given.length, 16)
  assert.ok(holds(given, binding))
  assert.ok(!holds(given, { ...binding, used: 4 }))
  assert.ok(!holds(given, { ...binding, peerKey: Buffer.alloc(32, 2) }))
  assert.ok(!holds(given, { ...binding, from: { ...from, port: 51_821 } }))
  assert.ok(!holds(given, { ...binding, from: { ...from, address: '192.0.2.2' } }))
  assert.ok(!holds(new Uint8Array(16), binding))
})

test('a challenge is good for at least one and at most two times of its secret', async () => {
  for (let ageMs = 0; ageMs < 360_000; ageMs += 7_000) {
    const { clock, randomBytes } = createWorld(ageMs)
    const { challenge, holds } = openFreshness(clock, randomBytes, 120_000)
    await clock.advance(60_000)
    const binding = { peerKey: Buffer.alloc(32), from: { address: '::1', port: 1 }, used: 0 }
    const given = challenge(binding)
    await clock.advance(ageMs)
    if (ageMs < 120_000) assert.ok(holds(given, binding), `after ${ageMs} ms`)
    if (ageMs >= 240_000) assert.ok(!holds(given, binding), `after ${ageMs} ms`)
  }
})

/** As handshakes are counted, at one moment. */
function sourceLimit(nowMs: number): (address: string) => boolean {
  const { take } = openSourceBuckets(sourceRate, mostSources)
  return (address) => take(sourceKey(address), nowMs)
}

test('an IPv6 /64 is one source, IPv4 addresses are many', () => {
  const allows = sourceLimit(0)
  const burst = (addresses: readonly string[]): number => addresses.filter(allows).length
  const numbers = Array.from({ length: 50 }, (_, index) => index)
  assert.equal(burst(numbers.map((index) => `2001:db8::${index.toString(16)}`)), 5)
  assert.equal(burst(numbers.map((index) => `2001:db8:0:${index.toString(16)}::1`)), 49)
  assert.equal(burst(numbers.map((index) => `192.0.2.${index}`)), 50)
  assert.equal(burst(numbers.map(() => '198.51.100.1')), 5)
})

test('a source that is busy stays limited however many others come', () => {
  const allows = sourceLimit(0)
  let allowed = 0
  for (let round = 0; round < 20_000; round++) {
    if (allows('198.51.100.1')) allowed++
    allows(`10.${round >> 16}.${(round >> 8) & 255}.${round & 255}`)
  }
  assert.equal(allowed, 5)
})

test('an index rests for a keypair’s life before it is used again', async () => {
  const clock = virtualClock()
  // A random source that keeps yielding the same few numbers.
  let round = 0
  const random = () => Buffer.of(0, 0, 0, round++ % 4)
  const { take, release, claim } = openIndices(clock, random, 180_000)
  assert.deepEqual([take(), take()], [1, 2])
  release(1)
  release(1)
  assert.equal(take(), 3)
  release(3)
  await clock.advance(179_999)
  claim(3)
  await clock.advance(1)
  assert.equal(take(), 1)
  release(3)
  await clock.advance(180_000)
  assert.equal(take(), 3)
})
