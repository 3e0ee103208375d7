/** What the log says of calls by keys that no peer has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mac1Key, withMacs, writeInitiation } from '../../../firmware/wire/handshake.ts'
import { rawPrologue } from '../../../firmware/wire/keys.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import { addBox, configure, createWorld } from '../../sim/session-world.ts'

test('who calls with a key that no peer has is told in the log, with key and address, once in ten seconds', async () => {
  const world = createWorld(4)
  const hub = addBox(world, 'hub', '198.51.100.1')
  await configure(hub, [])
  const from = { address: '203.0.113.9', port: 1 }
  const stranger = world.network.bind(from)
  const call = async (tenant = world.tenant) => {
    const local = x25519Pair(world.randomBytes(32))
    const { message } = writeInitiation({
      ...{ prologue: rawPrologue(tenant), local, remoteStatic: hub.wireKey.publicKey },
      ...{ ephemeral: x25519Pair(world.randomBytes(32)), senderIndex: 1 },
      payload: {
        ...{ challenge: new Uint8Array(16), suites: ['chacha20-poly1305'] },
        ...{ pskNumber: 0, uplink: 0 },
      },
    })
    stranger.send(withMacs(message, mac1Key(hub.wireKey.publicKey)), hub.local)
    await world.clock.advance(1_000)
    return Buffer.from(local.publicKey).toString('base64')
  }
  const line = (key: string, suppressed: number) => {
    const detail = `no peer has the wireKey ${key}`
    return { source: from.address, sourcePort: from.port, suppressed, detail }
  }
  // What proves no key says nothing.
  await call(Buffer.alloc(16))
  assert.deepEqual(hub.logged, [])
  const first = await call()
  await call()
  await call()
  assert.deepEqual(hub.logged, [line(first, 0)])
  await world.clock.advance(10_000)
  const later = await call()
  assert.deepEqual(hub.logged, [line(first, 0), line(later, 2)])
  assert.equal(hub.messages[0], 'call by an unknown key')
  assert.equal(hub.sessions.strays().unknown, 4)
})
