/** A box that renews its certificate while the controller has too much to do, or too often, is told so, and keeps its link. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { CertificateDesk } from '../../../firmware/controller/certificate-desk.ts'
import { makeAuthority, makeRequest, readRequest } from '../../../firmware/host/pki/certificate.ts'
import { deviceIdOf } from '../../../firmware/host/pki/device-key.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { tenant, World, wallMs } from '../gateway/controller-link-world.ts'
import { boxOf } from '../plan/fleet-sample.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

const requestOf = (keys: ReturnType<typeof pair>): Promise<string> =>
  makeRequest(keys, randomBytes(32).toString('base64'))

/** A device that stands somewhere. */
async function owned(store: Store) {
  const authority = await makeAuthority(pair(), 'acme', 3_650, wallMs)
  const keys = pair()
  const deviceId = deviceIdOf(keys.publicKey)
  const edge = { ...boxOf('berlin'), deviceId, tenant, site: 'berlin', keeping: 'software' }
  const change = { key: `edge/${deviceId}`, value: JSON.stringify(edge) }
  await store.commit({ conditions: [], changes: [change] })
  return { authority, keys, deviceId }
}

test('a renewal that finds the store busy is denied for now; the link stays, and the next one is granted', async () => {
  const store = await openStore(memoryTable())
  const commitNow = store.commit.bind(store)
  let isBusy = false
  const commit: Store['commit'] = async (asked) => {
    if (isBusy) throw new CausewayError('STORE_BUSY', 'too many changes at once')
    return commitNow(asked)
  }
  Object.assign(store, { commit })
  const { authority, keys, deviceId } = await owned(store)
  await using world = new World(store, authority)
  Object.assign(world, { deviceId })
  const box = world.start()
  await world.until('a welcome', () => world.sent.length === 1)
  const request = await requestOf(keys)
  isBusy = true
  box.say({ kind: 'renew', request })
  await world.until('an answer', () => world.sent.length === 2)
  isBusy = false
  box.say({ kind: 'renew', request })
  await world.until('another', () => world.sent.length === 3)
  assert.deepEqual(world.sent, ['welcome', 'denied', 'certificate'])
})

test('a box that renews and renews is denied soon, keeps its link, and fills no log', async () => {
  const store = await openStore(memoryTable())
  const { authority, keys, deviceId } = await owned(store)
  await using world = new World(store, authority)
  Object.assign(world, { deviceId })
  const box = world.start()
  await world.until('a welcome', () => world.sent.length === 1)
  for (let count = 2; count <= 30; count++) {
    box.say({ kind: 'renew', request: await requestOf(keys) })
    await world.until('an answer', () => world.sent.length === count)
  }
  assert.deepEqual([world.certificates.length, world.sent.at(-1), box.isUp], [5, 'denied', true])
  const audit = JSON.parse((await store.get(`${tenant}/audit-head`))!.value) as { number: number }
  assert.equal(audit.number, 5)
})

test('each box has certificates of its own, and gets another one ten minutes later', async () => {
  await using store = await openStore(memoryTable())
  const { authority, keys } = await owned(store)
  let nowMs = wallMs
  const desk = new CertificateDesk({ store, authority, nowMs: () => nowMs })
  const ask = async (who = keys) =>
    desk.certify(await readRequest(await requestOf(who)), 'edge.renew')
  const busy = { code: 'ZTP_BUSY' }
  for (let count = 0; count < 5; count++) assert.ok(await ask())
  await assert.rejects(ask(), busy)
  assert.equal(await ask(pair()), null)
  // A clock that is set back costs nobody anything.
  nowMs -= 86_400_000
  await assert.rejects(ask(), busy)
  nowMs += 601_000
  assert.ok(await ask())
  await assert.rejects(ask(), busy)
})
