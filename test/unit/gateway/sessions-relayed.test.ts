/** Handshakes where there are ways through relays, which may be those of a relay that means ill. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fairWeather } from '../../../firmware/host/udp/fake.ts'
import { relayUplinkName } from '../../../firmware/model/traversal-program.ts'
import { relayedAddress } from '../../../firmware/wire/relay.ts'
import { addBox, agree, configure, createWorld, peerOf } from '../../sim/session-world.ts'

test('a relay that gives out new channels without end does not keep two ends from a direct session', async () => {
  const world = createWorld(81)
  world.network.setWeather({ ...fairWeather, delayMs: 150 })
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a, { endpoints: [] })])
  // Nothing that goes into this one comes out.
  const local = { address: relayedAddress(Buffer.alloc(4), 0), port: 0 }
  const relay = { name: relayUplinkName, socket: world.network.bind(local) }
  await configure(a, [peerOf(b)], [{ name: 'wan0', socket: a.socket }, relay])
  let tookMs = 0
  for (let channel = 1; !(await agree(world, a, b)); channel++) {
    for (let step = 0; step < 10; step++) {
      a.sessions.setRelayed('b', [
        { address: relayedAddress(Buffer.alloc(4, 7), 10 * channel + step), port: 0 },
      ])
      await world.clock.advance(10)
    }
    tookMs += 100
    assert.ok(tookMs < 15_000, `no session after ${tookMs} ms`)
  }
})
