/** Where the secrets of a session are not: in memory once the datapath has them, in what is told or logged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFreshness } from '../../../firmware/gateway/sessions/freshness.ts'
import { openIndices } from '../../../firmware/gateway/sessions/indices.ts'
import { installKeypair } from '../../../firmware/gateway/sessions/keypairs.ts'
import { nobody } from '../../../firmware/gateway/sessions/listener.ts'
import { openRotatingSecret } from '../../../firmware/gateway/sessions/rotating-secret.ts'
import { type Context, newSession } from '../../../firmware/gateway/sessions/session.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { wireTiming } from '../../../firmware/plan/session.ts'
import { cookieKey } from '../../../firmware/wire/cookie.ts'
import { mac1Key } from '../../../firmware/wire/handshake.ts'
import {
  addBox,
  agree,
  type Box,
  configure,
  createWorld,
  peerOf,
  type World,
} from '../../sim/session-world.ts'

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

test('what the handshake left is wiped, whether the datapath takes the keypair, refuses it or is gone', async () => {
  for (const outcome of ['taken', 'refused', 'gone'] as const) {
    const world = createWorld(35)
    const a = addBox(world, 'a', '192.0.2.1')
    if (outcome === 'refused') {
      a.datapath.install = async () => {
        throw new CausewayError('DATAPATH_REFUSED', 'refused')
      }
    }
    const context = contextOf(world, a)
    context.datapath = outcome === 'gone' ? null : a.datapath
    const session = newSession(context, { name: 'b', wireKey: Buffer.alloc(32, 9), endpoints: [] })
    const ck = Buffer.alloc(32, 7)
    const isUsable = await installKeypair(session, {
      transcript: { ck, h: Buffer.alloc(32, 8) },
      localIndex: context.indices.take(),
      remoteIndex: 2,
      suite: 'chacha20-poly1305',
      role: 'responder',
      origin: 'raw',
      uplink: 'wan0',
      localPort: 51_820,
      remote: { address: '198.51.100.1', port: 51_820 },
    })
    assert.equal(isUsable, outcome === 'taken')
    assert.equal(session.next === null, outcome !== 'taken')
    assert.ok(
      ck.every((byte) => byte === 0),
      outcome,
    )
    a.datapath.kill('the end')
  }
})

function contextOf({ clock, randomBytes, tenant }: World, { wireKey }: Box): Context {
  return {
    clock,
    random: randomBytes,
    log: { info: () => {}, warn: () => {} },
    tenant,
    local: wireKey,
    ownMac1Key: mac1Key(wireKey.publicKey),
    timing: wireTiming,
    indices: openIndices(clock, randomBytes, wireTiming.lifetimeMs),
    admission: { admit: () => {}, end: () => {} },
    ownCookieKey: cookieKey(wireKey.publicKey),
    cookieSecret: openRotatingSecret(clock, randomBytes, wireTiming.cookieMs),
    freshness: openFreshness(clock, randomBytes, wireTiming.challengeMs),
    byKey: new Map(),
    bySenderIndex: new Map(),
    strays: {
      malformed: 0,
      mac1: 0,
      limited: 0,
      cookie: 0,
      unauthentic: 0,
      unknown: 0,
      stale: 0,
    },
    ...{ uplinks: [], otherPorts: [], whereabouts: () => [] },
    numbers: { numberOf: () => 0, nameOf: () => null },
    datapath: null,
    suites: ['chacha20-poly1305'],
    listener: nobody,
    steer: () => {},
    resync: () => {},
  }
}
