/** Where the secrets of a session are not: in memory once the datapath has them, in what is told or logged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addBox, agree, configure, createWorld, peerOf } from '../../sim/session-world.ts'

test('the gateway forgets the traffic keys once the datapath has them', async () => {
  const world = createWorld(34)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const given: Uint8Array[] = []
  for (const { datapath } of [a, b]) {
    const { install } = datapath
    datapath.install = (keypair) => {
      const { seal, open, chain } = keypair
      const secrets = [seal.key, seal.iv, seal.time, open.key, open.iv, open.time, chain]
      assert.ok(secrets.every((secret) => secret.some((byte) => byte !== 0)))
      given.push(...secrets)
      return install(keypair)
    }
  }
  await configure(a, [peerOf(b)])
  await configure(b, [peerOf(a)])
  await world.clock.advance(2_000)
  assert.ok(await agree(world, a, b))
  assert.ok(given.length >= 14)
  assert.ok(given.every((secret) => secret.every((byte) => byte === 0)))
})

test('no secret is in the status, in a log or in an error', async () => {
  const world = createWorld(33)
  const psk = Buffer.alloc(32, 0xa5)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(a, [peerOf(b, { psk })])
  await configure(b, [peerOf(a, { psk })])
  await world.clock.advance(200_000)
  const [keypair] = await a.datapath.keypairs()
  const told = JSON.stringify([a.sessions.status(), a.logged, a.sessions.strays(), b.logged])
  const secrets = [psk, keypair!.chain, keypair!.h]
  for (const secret of secrets) {
    const bytes = Buffer.from(secret)
    for (const text of [bytes.toString('hex'), bytes.toString('base64'), [...bytes].join(',')]) {
      assert.ok(!told.includes(text))
    }
  }
  assert.ok(a.logged.length > 0)
})
