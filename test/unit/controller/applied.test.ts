/** What a box said to its owner is that owner's alone: it goes with the box's release, and whoever changes the box otherwise loses nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppliedLog, appliedRecords, gatherMs } from '../../../firmware/controller/applied.ts'
import {
  type Edge,
  keepWireKey,
  lookUpEdge,
  registerEdge,
} from '../../../firmware/controller/edges.ts'
import { releaseEdge } from '../../../firmware/controller/release.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { makeAuthority } from '../../../firmware/host/pki/certificate.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import { pair, silent, wallMs } from '../gateway/controller-link-world.ts'
import { boxOf, deviceIdOf } from '../plan/fleet-sample.ts'
import { interrupted } from './interrupted.ts'

const authority = await makeAuthority(pair(), 'acme', 3_650, wallMs)
const at = new Date(wallMs).toISOString()

async function own(store: Store, tenant: string, site: string): Promise<void> {
  const box = { deviceId: deviceIdOf(site), wireKey: boxOf(site).wireKey }
  const edge: Edge = { ...box, tenant, site, keeping: 'software', claimedAt: at }
  const event = { what: 'edge.list', target: `site/${site}` }
  await registerEdge(store, { who: 'test', tenant }, edge, event, wallMs)
}

async function release(store: Store, tenant: string, site: string): Promise<void> {
  const by = { who: 'test', tenant }
  await releaseEdge(store, authority, by, deviceIdOf(site), wallMs)
}

async function renew(store: Store, site: string): Promise<void> {
  const found = (await lookUpEdge(store, deviceIdOf(site)))!
  await keepWireKey(store, found, boxOf(`another ${site}`).wireKey, 'edge.renew', wallMs)
}

/** Two boxes of acme say what they run; something happens before that is written. @returns who has a record, and who was told */
async function said(
  meanwhile: (store: Store) => Promise<void>,
  beforeCommit: (store: Store) => Promise<void> = async () => {},
) {
  const inside = await openStore(memoryTable())
  const store = interrupted(inside, 'applied/', () => beforeCommit(inside))
  const clock = virtualClock()
  const sites = ['berlin', 'lisbon']
  for (const site of sites) await own(inside, 'acme', site)
  const log = new AppliedLog({ store, clock, log: silent })
  const told: string[] = []
  for (const site of sites) {
    log.note(deviceIdOf(site), 'acme', { revision: 7, at }, () => told.push(site))
  }
  await clock.advance(0)
  await meanwhile(inside)
  await clock.advance(gatherMs)
  await log[Symbol.asyncDispose]()
  const records = await appliedRecords(inside)
  return { kept: sites.filter((site) => records.has(deviceIdOf(site))), told }
}

test('what boxes have applied is kept, and they are told', async () => {
  const both = ['berlin', 'lisbon']
  assert.deepEqual(await said(async () => {}), { kept: both, told: both })
})

test('a box that was released before it is written leaves no record, and is not told that it is confirmed', async () => {
  const { kept, told } = await said((store) => release(store, 'acme', 'berlin'))
  assert.deepEqual([kept, told], [['lisbon'], ['lisbon']])
})

test('the next owner does not see what the box said to the one before', async () => {
  const { kept, told } = await said(async (store) => {
    await release(store, 'acme', 'berlin')
    await own(store, 'other', 'berlin')
  })
  assert.deepEqual([kept, told], [['lisbon'], ['lisbon']])
})

test('a box whose certificate is renewed meanwhile, even more than once, is kept and told', async () => {
  let renewals = 0
  const again = async (store: Store): Promise<void> => {
    if (renewals++ < 3) await renew(store, 'berlin')
  }
  const { kept, told } = await said(again, again)
  assert.ok(renewals > 3)
  assert.deepEqual(
    [kept, told.toSorted()],
    [
      ['berlin', 'lisbon'],
      ['berlin', 'lisbon'],
    ],
  )
})

test('what a box says after the end is not written, for the store may be closed', async () => {
  const store = await openStore(memoryTable())
  await own(store, 'acme', 'berlin')
  const clock = virtualClock()
  const log = new AppliedLog({ store, clock, log: silent })
  await log[Symbol.asyncDispose]()
  log.note(deviceIdOf('berlin'), 'acme', { revision: 7, at }, () => assert.fail('told'))
  await clock.advance(gatherMs)
  await log[Symbol.asyncDispose]()
  assert.equal((await appliedRecords(store)).size, 0)
})

test('a record that was left by whoever had it before goes when a box is claimed', async () => {
  const store = await openStore(memoryTable())
  const key = `applied/${deviceIdOf('berlin')}`
  await store.commit({ conditions: [], changes: [{ key, value: '{"revision":7}' }] })
  await own(store, 'acme', 'berlin')
  assert.equal(await store.get(key), null)
})
