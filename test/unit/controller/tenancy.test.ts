/** Tenants share a controller and nothing else: what one says of another's box changes nothing at it, and a box that changes hands takes nothing along. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type Edge, registerEdge } from '../../../firmware/controller/edges.ts'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import { releaseEdge } from '../../../firmware/controller/release.ts'
import { makeAuthority } from '../../../firmware/host/pki/certificate.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'
import { interrupted } from './interrupted.ts'
import { publishOnce } from './publishing.ts'

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { privateKey } = keys
const nowMs = Date.UTC(2026, 0, 1)

async function put(store: Store, tenant: string, ...sites: readonly FleetDocument[]) {
  const documents = [network, main, office, ...sites]
  const changes = documents.map((one) => documentChange(tenant, nameOf(one), one))
  await store.commit({ conditions: [], changes })
}

async function own(store: Store, tenant: string, site: string): Promise<void> {
  const edge: Edge = {
    ...{ deviceId: deviceIdOf(site), wireKey: boxOf(site).wireKey, tenant, site },
    ...{ keeping: 'software', claimedAt: new Date(nowMs).toISOString() },
  }
  const event = { what: 'edge.list', target: `site/${site}` }
  await registerEdge(store, { who: 'test', tenant }, edge, event, nowMs)
}

async function tenantOf(store: Store, site: string): Promise<string | null> {
  const entry = await store.get(`config/${deviceIdOf(site)}`)
  return entry === null ? null : (JSON.parse(entry.value) as { tenant: string }).tenant
}

test("a document that names another tenant's box is no way to that box", async () => {
  const store = await openStore(memoryTable())
  await put(store, 'acme', siteOf('berlin'))
  await own(store, 'acme', 'berlin')
  await publishOnce(store, 'acme', privateKey)
  await put(store, 'evil', siteOf('trap', { edge: deviceIdOf('berlin') }))
  const { changed, problems } = await publishOnce(store, 'evil', privateKey)
  assert.deepEqual(
    [changed, problems.map(({ code, document, path }) => [code, document, path])],
    [0, [['FLEET_BOX_FOREIGN', 'site/trap', '/edge']]],
  )
  assert.equal(await tenantOf(store, 'berlin'), 'acme')
})

test('a box that has not been claimed yet is told nothing, and naming it is no problem', async () => {
  const store = await openStore(memoryTable())
  await put(store, 'acme', siteOf('berlin'))
  assert.deepEqual(await publishOnce(store, 'acme', privateKey), { changed: 0, problems: [] })
  assert.equal(await tenantOf(store, 'berlin'), null)
})

test('a box that is released while its configuration is made gets none, and others get theirs', async () => {
  const store = await openStore(memoryTable())
  const authority = await makeAuthority(keys, 'acme', 3_650, nowMs)
  await put(store, 'acme', siteOf('berlin'), siteOf('lisbon'))
  for (const site of ['berlin', 'lisbon']) await own(store, 'acme', site)
  let isReleased = false
  const racing = interrupted(store, 'config/', async () => {
    if (isReleased) return
    isReleased = true
    const by = { who: 'ada', tenant: 'acme' }
    await releaseEdge(store, authority, by, deviceIdOf('berlin'), nowMs)
  })
  const { changed } = await publishOnce(racing, 'acme', privateKey)
  assert.equal(changed, 1)
  assert.equal(await tenantOf(store, 'berlin'), null)
  assert.equal(await tenantOf(store, 'lisbon'), 'acme')
})

test('what was left behind for a box by one tenant is not what the next one tells it', async () => {
  const store = await openStore(memoryTable())
  await put(store, 'acme', siteOf('berlin'))
  await own(store, 'acme', 'berlin')
  await publishOnce(store, 'acme', privateKey)
  const left = (await store.get(`config/${deviceIdOf('berlin')}`))!.value
  const authority = await makeAuthority(keys, 'acme', 3_650, nowMs)
  const by = { who: 'ada', tenant: 'acme' }
  await releaseEdge(store, authority, by, deviceIdOf('berlin'), nowMs)
  const change = { key: `config/${deviceIdOf('berlin')}`, value: left }
  await store.commit({ conditions: [], changes: [change] })
  await put(store, 'other', siteOf('berlin'))
  await own(store, 'other', 'berlin')
  assert.equal((await publishOnce(store, 'other', privateKey)).changed, 1)
  assert.equal(await tenantOf(store, 'berlin'), 'other')
})
