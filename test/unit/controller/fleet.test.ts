/** What is published follows the documents, for whom it concerns, under revisions that grow; nothing else is signed anew. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { documentChange, readFleet } from '../../../firmware/controller/fleet.ts'
import { PublishedBook, type PublishedConfig } from '../../../firmware/controller/published.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { isSignedConfig } from '../../../firmware/model/signed-config.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { verifyJws } from '../../../firmware/wire/jws.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'
import { publishOnce } from './publishing.ts'

const tenant = 't'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

async function put(store: Store, ...documents: readonly FleetDocument[]): Promise<void> {
  const changes = documents.map((one) => documentChange(tenant, nameOf(one), one))
  await store.commit({ conditions: [], changes })
}

async function own(store: Store, ...sites: readonly string[]): Promise<void> {
  const changes = sites.map((site) => ({
    key: `edge/${deviceIdOf(site)}`,
    value: JSON.stringify({ ...boxOf(site), tenant, site }),
  }))
  await store.commit({ conditions: [], changes })
}

async function published(store: Store, site: string): Promise<PublishedConfig> {
  const deviceId = deviceIdOf(site)
  return new PublishedBook().read(deviceId, (await store.get(`config/${deviceId}`))!.value)
}

async function twoSites(): Promise<Store> {
  const store = await openStore(memoryTable())
  await put(store, network, main, office, siteOf('berlin'), siteOf('lisbon'))
  await own(store, 'berlin', 'lisbon')
  await publishOnce(store, tenant, privateKey)
  return store
}

test('each box gets a configuration that its owner signed, for it alone', async () => {
  const store = await twoSites()
  const { jws, revision } = await published(store, 'berlin')
  const signed = await verifyJws('causeway-config', jws, [publicKey])
  assert.ok(isSignedConfig(signed))
  assert.equal(signed.deviceId, deviceIdOf('berlin'))
  assert.deepEqual([revision, signed.revision, signed.config.revision], [1, 1, 1])
  assert.deepEqual(
    signed.config.peers.map(({ name }) => name),
    ['lisbon'],
  )
})

test('nothing is published anew when nothing has changed', async () => {
  const store = await twoSites()
  const before = await store.revision()
  assert.deepEqual(await publishOnce(store, tenant, privateKey), { changed: 0, problems: [] })
  assert.equal(await store.revision(), before)
})

test('what concerns one site is told to that one alone', async () => {
  const store = await twoSites()
  await put(store, siteOf('berlin', { labels: { kind: 'lab' } }), {
    ...{ kind: 'policy', name: 'bulk', order: 1, sites: { kind: 'lab' } },
    ...{ for: { dscp: ['cs1'] }, latencyMs: 400 },
  } as FleetDocument)
  const { changed, problems } = await publishOnce(store, tenant, privateKey)
  assert.deepEqual([changed, problems], [1, []])
  assert.equal((await published(store, 'berlin')).revision, 2)
  assert.equal((await published(store, 'lisbon')).revision, 1)
})

test('a site with a problem keeps what it was told, and others go on', async () => {
  const store = await twoSites()
  const broken = siteOf('berlin', {
    uplinks: [{ name: 'lo', nic: 'netdev:eth0', address: 'dhcp' }],
  })
  await put(store, broken, siteOf('athens'))
  await own(store, 'athens')
  const { problems } = await publishOnce(store, tenant, privateKey)
  assert.deepEqual(
    problems.map(({ code, document }) => [code, document]),
    [['CONFIG_NAME_RESERVED', 'site/berlin']],
  )
  assert.equal((await published(store, 'berlin')).revision, 1)
  const { config } = await published(store, 'lisbon')
  assert.deepEqual(
    config.peers.map(({ name }) => name),
    ['athens', 'berlin'],
  )
})

test('what pools gave is written down before it is told, and stays', async () => {
  const store = await twoSites()
  const { allocations } = await readFleet(store, tenant)
  assert.equal(allocations.get('lan/berlin/lan0/main'), '10.0.0.0/24')
  await put(store, siteOf('athens'))
  await own(store, 'athens')
  await publishOnce(store, tenant, privateKey)
  assert.deepEqual((await published(store, 'berlin')).config.lans[0]!.address, ['10.0.0.1/24'])
  assert.deepEqual((await published(store, 'athens')).config.lans[0]!.address, ['10.0.2.1/24'])
})

test('boxes of other tenants are not seen', async () => {
  const store = await twoSites()
  await store.commit({
    conditions: [],
    changes: [{ key: 'edge/aa', value: JSON.stringify({ ...boxOf('x'), tenant: 'other' }) }],
  })
  assert.equal((await readFleet(store, tenant)).boxes.length, 2)
})
