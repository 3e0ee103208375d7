/** A box and a controller's desk over a link in memory: what is published runs there, once, if the owner signed it and the link outlives it. */
import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { confirmSeconds } from '../../../firmware/gateway/controller-link.ts'
import { fakeLinks } from '../../../firmware/host/link/fake.ts'
import { makeAuthority, makeRequest } from '../../../firmware/host/pki/certificate.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { signJws } from '../../../firmware/wire/jws.ts'
import { siteOf } from '../plan/fleet-sample.ts'
import { newWorld, pair, tenant, voice, World, wallMs } from './controller-link-world.ts'

test('a box gets what was published, keeps it once the controller has heard that it is in place', async () => {
  await using world = await newWorld()
  world.start()
  await world.confirmedBy(1)
  assert.deepEqual(world.applied, [[1, 120]])
  await world.publish(voice(100))
  await world.confirmedBy(2)
  assert.deepEqual(world.applied, [
    [1, 120],
    [2, confirmSeconds],
  ])
  assert.deepEqual(world.confirmed, [1, 2])
  assert.equal((await world.appliedRecord())?.revision, 2)
})

test('a later configuration crosses as what differs, and is the signed one to the letter', async () => {
  await using world = await newWorld()
  const addresses = Array.from({ length: 8 }, (_, at) => `10.200.${at}.1/24`)
  await world.publish(
    siteOf('berlin', {
      lans: [{ name: 'lan0', nic: 'netdev:eth1', segment: 'office', address: addresses }],
    }),
  )
  world.start()
  await world.confirmedBy(1)
  await world.publish(voice(100))
  await world.confirmedBy(2)
  await world.publish(voice(120))
  await world.confirmedBy(3)
  assert.deepEqual(world.sent, [
    'welcome',
    'config',
    'confirmed',
    'config-delta',
    'confirmed',
    'config-delta',
    'confirmed',
  ])
  assert.deepEqual(
    world.applied.map(([revision]) => revision),
    [2, 3, 4],
  )
})

test('what is published while the link is away comes when it is back, the newest alone', async () => {
  await using world = await newWorld()
  world.start()
  await world.confirmedBy(1)
  world.links!.cut()
  for (const latency of [100, 110, 120]) await world.publish(voice(latency))
  assert.equal(world.applied.length, 1)
  await world.clock.advance(10_000)
  await world.confirmedBy(2)
  assert.deepEqual(
    world.applied.map(([revision]) => revision),
    [1, 4],
  )
})

test('what this box can never run is refused with its code, and not tried again', async () => {
  await using world = await newWorld()
  world.start()
  await world.confirmedBy(1)
  world.failure = new CausewayError('CONFIG_UPLINK_UNKNOWN', 'no such uplink')
  await world.publish(voice(100))
  await world.answered(2)
  assert.equal((await world.appliedRecord())?.code, 'CONFIG_UPLINK_UNKNOWN')
  world.failure = null
  world.links!.cut()
  await world.clock.advance(10_000)
  await world.until('the link is back', () => world.desk.attached.length === 1)
  await world.publish(voice(120))
  await world.confirmedBy(2)
  assert.deepEqual(
    world.applied.map(([revision]) => revision),
    [1, 3],
  )
})

test('what runs and was not kept comes again', async () => {
  await using world = await newWorld()
  const { revision } = await world.published()
  world.start({ had: null, floor: revision })
  await world.confirmedBy(1)
  assert.deepEqual(world.confirmed, [revision])
})

test('a refusal that no link could carry is said by the next one, and the configuration is not sent again', async () => {
  await using world = await newWorld()
  let onApplied = (): void => {}
  const box = world.start({
    apply: async ({ revision }) => {
      world.applied.push([revision, 0])
      onApplied()
    },
  })
  await world.confirmedBy(1)
  onApplied = () => world.links!.cut()
  await world.publish(voice(100))
  await world.until('it is tried', () => world.applied.length === 2)
  await world.until('the link is gone', () => !box.isUp)
  box.onTakenBack(2, 'CONFIG_UNCONFIRMED', 'nobody confirmed it')
  await world.clock.advance(10_000)
  await world.answered(2)
  assert.equal((await world.appliedRecord())?.code, 'CONFIG_UNCONFIRMED')
  assert.deepEqual([world.applied.length, world.sent.at(-1)], [2, 'welcome'])
})

test('what the box was too busy for is tried again by itself, ever more seldom', async () => {
  await using world = await newWorld()
  world.start()
  await world.confirmedBy(1)
  world.failure = new CausewayError('CONFIG_NOT_APPLIED', 'there is no NIC eth7')
  await world.publish(voice(100))
  await world.answered(2)
  await world.clock.advance(31_000)
  world.failure = null
  // After 30 s it failed again: the next time is 90 s later.
  await world.clock.advance(80_000)
  assert.equal(world.applied.length, 1)
  await world.clock.advance(11_000)
  await world.confirmedBy(2)
  assert.deepEqual(world.applied.at(-1), [2, 120])
  assert.equal((await world.appliedRecord())?.code, undefined)
})

test('what comes while another waits for its confirm is taken after it, the newest alone', async () => {
  await using world = await newWorld()
  let isAsked = false
  const go = Promise.withResolvers<void>()
  world.start({
    confirm: async ({ revision }) => {
      isAsked = true
      await go.promise
      world.confirmed.push(revision)
    },
  })
  await world.awhile('that it is confirmed', () => isAsked)
  for (const latencyMs of [100, 110, 120]) await world.publish(voice(latencyMs))
  await world.until('a later one is sent', () => world.sent.length > 3)
  assert.equal(world.applied.length, 1)
  go.resolve()
  await world.awhile('the newest is kept', () => world.confirmed.at(-1) === 4)
  assert.ok(world.applied.every(([revision]) => revision !== 2 || world.applied.length > 2))
})

test('a link that breaks by what is tried confirms it only once there is one again', async () => {
  await using world = await newWorld()
  let onApplied = (): void => {}
  world.start({
    apply: async ({ revision }) => {
      world.applied.push([revision, 0])
      onApplied()
    },
  })
  await world.confirmedBy(1)
  onApplied = () => world.links!.cut()
  await world.publish(voice(100))
  await world.until('it is tried', () => world.applied.length === 2)
  assert.deepEqual(world.confirmed, [1])
  onApplied = () => {}
  await world.clock.advance(10_000)
  await world.confirmedBy(2)
  assert.deepEqual(world.confirmed, [1, 2])
})

test('a configuration of another device, of another owner, or an older one is refused, each by its name', async () => {
  await using world = await newWorld()
  world.start()
  await world.confirmedBy(1)
  const { config } = await world.published()
  const send = async (
    deviceId: string,
    revision: number,
    key = world.authority.privateKey,
  ): Promise<string | undefined> => {
    const before = await world.store.revision()
    const payload = { version: 1, deviceId, revision, config: { ...config, revision } }
    world.links!.controller.send(
      JSON.stringify({
        kind: 'config',
        revision,
        jws: await signJws('causeway-config', payload, key),
      }),
    )
    const answer = async () => (await world.store.get(`applied/${world.deviceId}`))!
    await world.awhile('an answer', async () => (await answer()).revision > before)
    return (await world.appliedRecord())?.code
  }
  assert.equal(await send('aa'.repeat(32), 5), 'ZTP_VOUCHER_FOREIGN')
  assert.equal(await send(world.deviceId, 5, pair().privateKey), 'WIRE_UNAUTHENTIC')
  assert.equal(await send(world.deviceId, 1), 'ZTP_CONFIG_OLD')
  assert.deepEqual(world.applied, [[1, 120]])
})

test('a box whose certificate has expired renews it, and is then told what is new', async () => {
  await using world = await newWorld()
  world.expiresMs = wallMs - 1
  const box = world.start()
  await world.until('a welcome', () => world.sent.length === 1)
  assert.deepEqual(world.applied, [])
  const keys = pair()
  // The id of this box is made up; a request of another key is of another device.
  box.say({ kind: 'renew', request: await makeRequest(keys, randomBytes(32).toString('base64')) })
  await world.until('an answer', () => world.sent.length === 2)
  assert.deepEqual(world.sent, ['welcome', 'denied'])
  assert.deepEqual(world.certificates, [])
})

test('a device that was released, and one that says nothing or nonsense, has no link', async () => {
  await using world = await newWorld()
  const ends: number[] = []
  const link = () => {
    const links = fakeLinks()
    links.box.onClose(({ code }) => ends.push(code))
    return links
  }
  const identity = {
    ...{ deviceId: 'bb'.repeat(32), wireKey: '', expiresMs: world.expiresMs, isReleased: false },
  }
  const released = link()
  world.desk.onLink(released.controller, identity)
  released.box.send(
    JSON.stringify({ kind: 'hello', protocol: 1, firmware: '', revision: 0, tried: 0 }),
  )
  await world.until('it is released', () => ends.length === 1)
  const nonsense = link()
  world.desk.onLink(nonsense.controller, identity)
  nonsense.box.send('{')
  await world.until('it ends', () => ends.length === 2)
  world.desk.onLink(link().controller, identity)
  await world.clock.advance(10_000)
  await world.until('it ends', () => ends.length === 3)
  assert.deepEqual(ends, [4_003, 4_004, 4_004])
  assert.equal(world.desk.attached.length, 0)
})

test('the second link of a box takes the place of the first', async () => {
  await using world = await newWorld()
  world.start()
  await world.confirmedBy(1)
  const first = world.links!
  let code = 0
  first.box.onClose((end) => {
    code = end.code
  })
  const second = world.connect()
  second.send(
    JSON.stringify({ kind: 'hello', protocol: 1, firmware: 'other', revision: 1, tried: 1 }),
  )
  await world.until('the first ends', () => code > 0)
  assert.equal(code, 4_001)
  assert.deepEqual(
    world.desk.attached.map(({ firmware }) => firmware),
    ['other'],
  )
})

test('a certificate that the controller hands out is of the device that asked', async () => {
  const keys = pair()
  const store = await openStore(memoryTable())
  const authority = await makeAuthority(pair(), 'acme', 3_650, wallMs)
  await using world = new World(store, authority)
  const deviceId = (await import('../../../firmware/host/pki/device-key.ts')).deviceIdOf(
    keys.publicKey,
  )
  Object.assign(world, { deviceId })
  const edge = {
    deviceId,
    wireKey: null,
    tenant,
    site: 'berlin',
    keeping: 'software',
    claimedAt: '',
  }
  await store.commit({
    conditions: [],
    changes: [{ key: `edge/${deviceId}`, value: JSON.stringify(edge) }],
  })
  const box = world.start()
  await world.until('a welcome', () => world.sent.length === 1)
  box.say({ kind: 'renew', request: await makeRequest(keys, randomBytes(32).toString('base64')) })
  await world.until('a certificate', () => world.certificates.length === 1)
  assert.ok(new X509Certificate(world.certificates[0]!).checkPrivateKey(keys.privateKey))
})
