/**
 * A box under a flood of handshakes, and a peer that wants a session all the same, in bad weather, on a virtual clock.
 * SEED=n node --test test/sim/cookies.test.ts runs one seed alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mac1Key, withMacs } from '../../firmware/wire/handshake.ts'
import {
  addBox,
  agree,
  type Box,
  configure,
  createWorld,
  peerOf,
  type World,
} from './session-world.ts'

const seeds = process.env.SEED === undefined ? [1, 2, 3, 4, 5, 6] : [Number(process.env.SEED)]

for (const seed of seeds) {
  test(`a box that asks everybody for cookies gets its peers up, under loss, SEED=${seed}`, async () => {
    const world = createWorld(seed)
    const a = addBox(world, 'a', '192.0.2.1')
    const b = addBox(world, 'b', '198.51.100.1')
    await configure(b, [peerOf(a, { endpoints: [] })])
    const stop = flood(world, b)
    await world.clock.advance(500)
    world.network.setWeather({
      lossRatio: 0.25,
      duplicateRatio: 0.2 * world.random(),
      delayMs: 100 * world.random(),
      jitterMs: 200 * world.random(),
    })
    await configure(a, [peerOf(b)])
    const startMs = world.clock.nowMs()
    while (!(await agree(world, a, b))) {
      const tookMs = world.clock.nowMs() - startMs
      assert.ok(tookMs <= 20_000, `no common keypair after ${tookMs} ms`)
      await world.clock.advance(80)
    }
    assert.ok(b.sessions.strays().cookie > 0)
    stop()
    for (const box of [a, b]) {
      await box.sessions[Symbol.asyncDispose]()
      box.datapath.kill('the end')
    }
    await world.clock.advance(10_000)
    assert.equal(world.clock.pending(), 0, 'a timer outlived its owner')
  })
}

/** 400 a second whose mac1 holds, from all over the place. */
function flood(world: World, to: Box): () => void {
  const junk = withMacs(Buffer.alloc(128, 0xd4), mac1Key(to.wireKey.publicKey))
  let cancel = (): void => undefined
  const tick = (): void => {
    for (let count = 0; count < 8; count++) {
      const from = { address: `10.1.${count}.${Math.floor(256 * world.random())}`, port: 9 }
      world.network.send(junk, from, to.local)
    }
    cancel = world.clock.after(20, tick)
  }
  tick()
  return () => cancel()
}
