/** Certificates against those who move, release and copy boxes: nothing that was released comes back, and each wire key is one box's. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { type Edge, readEdge, registerEdge } from '../../../firmware/controller/edges.ts'
import { releaseEdge } from '../../../firmware/controller/release.ts'
import { attemptEnrol } from '../../../firmware/gateway/enrol/attempt.ts'
import { makeAuthority, makeRequest } from '../../../firmware/host/pki/certificate.ts'
import { deviceIdOf } from '../../../firmware/host/pki/device-key.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import { World, wallMs } from '../gateway/controller-link-world.ts'
import * as enrolling from '../gateway/enrol/desk.ts'
import { interrupted } from './interrupted.ts'

const tenant = 't'
const by = { who: 'ada', tenant }
const event = { what: 'edge.list', target: 'test' }
const makeKey = () => randomBytes(32).toString('base64')

function edgeOf(deviceId: string, site: string, wireKey: string | null = makeKey()): Edge {
  return { deviceId, tenant, site, wireKey, keeping: 'software', claimedAt: '' }
}

/** A box with a link that asks for a new certificate; `meanwhile` happens before its entry is written. */
async function renewing(
  meanwhile: (store: Store, edge: Edge, authority: World['authority']) => Promise<void>,
  wireKey = makeKey(),
  others: readonly Edge[] = [],
) {
  const store = await openStore(memoryTable())
  const keys = enrolling.pair()
  const authority = await makeAuthority(enrolling.pair(), 'acme', 3_650, wallMs)
  const edge = edgeOf(deviceIdOf(keys.publicKey), 'berlin')
  for (const one of [edge, ...others]) await registerEdge(store, by, one, event, wallMs)
  let isDone = false
  const racing = interrupted(store, 'edge/', async () => {
    if (isDone) return
    isDone = true
    await meanwhile(store, edge, authority)
  })
  const world = Object.assign(new World(racing, authority), { deviceId: edge.deviceId })
  const box = world.start({ deviceId: edge.deviceId })
  await world.until('a welcome', () => world.sent.includes('welcome'))
  box.say({ kind: 'renew', request: await makeRequest(keys, wireKey) })
  return { world, store, edge }
}

test('a box that is released while its certificate is renewed stays released, and gets none', async () => {
  const { world, store, edge } = await renewing(async (inside, { deviceId }, authority) => {
    await releaseEdge(inside, authority, by, deviceId, wallMs)
  })
  await using _ = world
  await world.until('the word of its release', () => world.sent.includes('released'))
  assert.equal(await readEdge(store, edge.deviceId), null)
  assert.deepEqual(world.certificates, [])
})

test('a box that is moved while its certificate is renewed stays where it was moved to', async () => {
  const wireKey = makeKey()
  const { world, store, edge } = await renewing(async (inside, before) => {
    await registerEdge(inside, by, { ...before, site: 'lisbon' }, event, wallMs)
  }, wireKey)
  await using _ = world
  await world.until('a certificate', () => world.certificates.length === 1)
  const now = await readEdge(store, edge.deviceId)
  assert.deepEqual([now?.site, now?.wireKey], ['lisbon', wireKey])
})

test('a box that is released while it enrols is not brought back by its first certificate', async () => {
  const world = await enrolling.newWorld(true)
  let isDone = false
  const racing = interrupted(world.store, 'edge/', async () => {
    const edge = await readEdge(world.store, device.key.deviceId)
    if (isDone || edge === null) return
    isDone = true
    await releaseEdge(world.store, world.authority, by, edge.deviceId, world.nowMs)
  })
  const device = enrolling.newDevice(
    { ...world, desk: enrolling.deskOf(world, racing) },
    {
      ownRoots: [world.root.publicKey],
    },
  )
  await registerEdge(
    world.store,
    by,
    edgeOf(device.key.deviceId, 'berlin', null),
    event,
    world.nowMs,
  )
  await assert.rejects(attemptEnrol(device), { code: 'ZTP_CODE_EXPIRED' })
  assert.equal(await readEdge(world.store, device.key.deviceId), null)
})

test('a box that is claimed for another site keeps its wire key', async () => {
  const store = await openStore(memoryTable())
  const edge = edgeOf('ab'.repeat(32), 'berlin')
  await registerEdge(store, by, edge, event, wallMs)
  await registerEdge(store, by, { ...edge, site: 'lisbon', wireKey: null }, event, wallMs)
  const now = await readEdge(store, edge.deviceId)
  assert.deepEqual([now?.site, now?.wireKey], ['lisbon', edge.wireKey])
})

test("a renewal with another box's wire key is denied and in the log, and the link stays", async () => {
  const other = edgeOf('cd'.repeat(32), 'lisbon')
  const { world, store, edge } = await renewing(async () => {}, other.wireKey!, [other])
  await using _ = world
  await world.until('a denial', () => world.sent.includes('denied'))
  assert.equal((await readEdge(store, edge.deviceId))?.wireKey, edge.wireKey)
  assert.equal(world.desk.attached.length, 1)
  const told = (await readAudit(store, tenant, 0)).entries.filter(({ code }) => code !== null)
  assert.deepEqual(
    told.map(({ what, who, code }) => [what, who, code]),
    [['edge.renew', `device/${edge.deviceId}`, 'ZTP_WIRE_KEY_TAKEN']],
  )
})

test("a first certificate with another box's wire key is refused by a code that is in the log; a key that was left is free", async () => {
  const world = await enrolling.newWorld(true)
  const { store, nowMs } = world
  const victim = edgeOf('ab'.repeat(32), 'berlin')
  await registerEdge(store, by, victim, event, nowMs)
  const copy = enrolling.newDevice(world, {
    ...{ ownRoots: [world.root.publicKey], wireKey: victim.wireKey! },
  })
  await registerEdge(store, by, edgeOf(copy.key.deviceId, 'lisbon', null), event, nowMs)
  await assert.rejects(attemptEnrol(copy), { code: 'ZTP_WIRE_KEY_TAKEN' })
  assert.equal((await readEdge(store, copy.key.deviceId))?.wireKey, null)
  const told = async () =>
    (await readAudit(store, tenant, 0)).entries.filter(({ code }) => code === 'ZTP_WIRE_KEY_TAKEN')
  assert.deepEqual(
    (await told()).map(({ what, who }) => `${what} ${who}`),
    [`edge.certify device/${copy.key.deviceId}`],
  )
  for (let round = 0; round < 20; round++) await attemptEnrol(copy).catch(() => {})
  assert.equal((await told()).length, 5)
  await releaseEdge(store, world.authority, by, victim.deviceId, world.nowMs)
  // Who has asked so often waits until they may ask again.
  world.nowMs += 600_000
  await attemptEnrol(copy)
  assert.equal((await readEdge(store, copy.key.deviceId))?.wireKey, victim.wireKey)
})
