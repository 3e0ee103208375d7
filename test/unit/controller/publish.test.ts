/** Rounds of a publisher that others cross: whom they concern is left out, others are told, and nothing counts as told that was not. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type Edge, registerEdge } from '../../../firmware/controller/edges.ts'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import { Fleets } from '../../../firmware/controller/fleets.ts'
import { Ledger } from '../../../firmware/controller/ledger.ts'
import { publishFleet } from '../../../firmware/controller/publish.ts'
import { PublishedBook, type PublishedConfig } from '../../../firmware/controller/published.ts'
import { releaseEdge } from '../../../firmware/controller/release.ts'
import { makeAuthority } from '../../../firmware/host/pki/certificate.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { voice } from '../gateway/controller-link-world.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'
import { interrupted } from './interrupted.ts'

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const nowMs = Date.UTC(2026, 0, 1)
const authority = await makeAuthority(keys, 'acme', 3_650, nowMs)
const by = { who: 'test', tenant: 't' }

async function put(store: Store, ...documents: readonly FleetDocument[]): Promise<void> {
  const changes = documents.map((one) => documentChange('t', nameOf(one), one))
  await store.commit({ conditions: [], changes })
}

/** A publisher of two boxes; `before` happens ahead of each commit of configurations. */
async function twoBoxes(before: (store: Store) => Promise<void>) {
  const inside = await openStore(memoryTable())
  await put(inside, network, main, office, siteOf('berlin'), siteOf('lisbon'))
  for (const site of ['berlin', 'lisbon']) {
    const box = { deviceId: deviceIdOf(site), wireKey: boxOf(site).wireKey }
    const edge: Edge = { ...box, tenant: 't', site, keeping: 'software', claimedAt: '' }
    await registerEdge(inside, by, edge, { what: 'edge.list', target: site }, nowMs)
  }
  const store = interrupted(inside, 'config/', () => before(inside))
  const fleets = new Fleets(store)
  const book = new PublishedBook()
  return {
    store: inside,
    fleets,
    signingKey: keys.privateKey,
    book,
    ledger: new Ledger(store, book),
  }
}

test('a box that is released while it is published is left out, with its first configuration or a later one', async () => {
  let before = async (_store: Store): Promise<void> => {}
  const parts = await twoBoxes((store) => before(store))
  await using _fleets = parts.fleets
  assert.equal((await publishFleet(parts, 't')).changed, 2)
  await put(parts.store, voice(100))
  let isReleased = false
  before = async (store) => {
    if (isReleased) return
    isReleased = true
    await releaseEdge(store, authority, by, deviceIdOf('berlin'), nowMs)
  }
  assert.equal((await publishFleet(parts, 't')).changed, 1)
  assert.equal(await parts.store.get(`config/${deviceIdOf('berlin')}`), null)
  assert.equal(await parts.book.revisionOf(parts.store, deviceIdOf('lisbon')), 2)
})

test('what was left out, or could not be written, does not count as published', async () => {
  let isReleased = false
  const parts = await twoBoxes(async (store) => {
    if (isReleased) throw new CausewayError('STORE_BUSY', 'not now')
    isReleased = true
    await releaseEdge(store, authority, by, deviceIdOf('berlin'), nowMs)
  })
  await using _fleets = parts.fleets
  await assert.rejects(publishFleet(parts, 't'), { code: 'STORE_BUSY' })
  for (const site of ['berlin', 'lisbon']) {
    assert.equal(parts.book.known(deviceIdOf(site)), null, site)
    assert.equal(await parts.book.revisionOf(parts.store, deviceIdOf(site)), 0, site)
  }
})

test('what could not be written leaves what is published as it was', async () => {
  let isFull = false
  const parts = await twoBoxes(async () => {
    if (isFull) throw new CausewayError('STORE_BUSY', 'not now')
  })
  await using _fleets = parts.fleets
  await publishFleet(parts, 't')
  const berlin = deviceIdOf('berlin')
  const first = parts.book.known(berlin)
  isFull = true
  await put(parts.store, voice(100))
  await assert.rejects(publishFleet(parts, 't'), { code: 'STORE_BUSY' })
  assert.equal(parts.book.known(berlin), first)
  isFull = false
  assert.equal((await publishFleet(parts, 't')).changed, 2)
  assert.equal(parts.book.known(berlin)?.revision, 2)
})

test('whoever hears of a commit reads the very objects that were published, and those that did not change are the same', async () => {
  const parts = await twoBoxes(async () => {})
  await using _fleets = parts.fleets
  const berlin = deviceIdOf('berlin')
  const heard: PublishedConfig[] = []
  using watch = parts.store.watch(`config/${berlin}`, 0)
  const hearing = (async () => {
    for await (const { changes } of watch) {
      heard.push(...changes.map(({ value }) => parts.book.read(berlin, value!)))
      if (heard.length === 2) return
    }
  })()
  await publishFleet(parts, 't')
  await put(parts.store, voice(100))
  await publishFleet(parts, 't')
  await hearing
  assert.equal(parts.book.known(berlin), heard[1])
  assert.equal(heard[1]!.config.lans, heard[0]!.config.lans)
  assert.notEqual(heard[1]!.config.policies, heard[0]!.config.policies)
})

/** As the store, but that something happens behind the first page of what is published. */
function readingSlowly(store: Store, meanwhile: () => Promise<void>): Store {
  let isFirst = true
  const range: Store['range'] = async (asked) => {
    const page = await store.range(asked)
    if (!asked.prefix.startsWith('config/') || !isFirst) return page
    isFirst = false
    await meanwhile()
    return page
  }
  return Object.assign(
    interrupted(store, 'none/', async () => {}),
    { range },
  )
}

test('a box that is released while it is read what is published, and claimed again, is told anew', async () => {
  const { store, fleets, signingKey, book, ledger: before } = await twoBoxes(async () => {})
  await using _fleets = fleets
  await publishFleet({ fleets, signingKey, book, ledger: before }, 't')
  const [key, site] = [`config/${deviceIdOf('berlin')}`, 'berlin']
  const slow = readingSlowly(store, async () => {
    await releaseEdge(store, authority, by, deviceIdOf(site), nowMs)
    ledger.follow({ key, value: null }, await store.revision())
  })
  const ledger = new Ledger(slow, book)
  const parts = { fleets, signingKey, book, ledger }
  assert.equal((await publishFleet(parts, 't')).changed, 0)
  const box = { deviceId: deviceIdOf(site), wireKey: boxOf(site).wireKey }
  const edge: Edge = { ...box, tenant: 't', site, keeping: 'software', claimedAt: '' }
  await registerEdge(store, by, edge, { what: 'edge.list', target: site }, nowMs)
  assert.equal((await publishFleet(parts, 't')).changed, 1)
  assert.ok(await store.get(key))
})

test('what is published is read again where nobody followed it while it was read', async () => {
  const { store, fleets, signingKey, book, ledger: before } = await twoBoxes(async () => {})
  await using _fleets = fleets
  await publishFleet({ fleets, signingKey, book, ledger: before }, 't')
  const slow = readingSlowly(store, async () => {
    await releaseEdge(store, authority, by, deviceIdOf('berlin'), nowMs)
    ledger.forget()
  })
  const ledger = new Ledger(slow, book)
  assert.deepEqual([...(await ledger.read()).keys()], [deviceIdOf('lisbon')])
})
