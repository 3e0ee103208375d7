/** A box that renews its certificate while the controller has too much to do is told so, and keeps its link. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { makeAuthority, makeRequest } from '../../../firmware/host/pki/certificate.ts'
import { deviceIdOf } from '../../../firmware/host/pki/device-key.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { tenant, World, wallMs } from '../gateway/controller-link-world.ts'
import { boxOf } from '../plan/fleet-sample.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

test('a renewal that finds the store busy is denied for now; the link stays, and the next one is granted', async () => {
  const store = await openStore(memoryTable())
  const commitNow = store.commit.bind(store)
  let isBusy = false
  const commit: Store['commit'] = async (asked) => {
    if (isBusy) throw new CausewayError('STORE_BUSY', 'too many changes at once')
    return commitNow(asked)
  }
  Object.assign(store, { commit })
  const authority = await makeAuthority(pair(), 'acme', 3_650, wallMs)
  await using world = new World(store, authority)
  const keys = pair()
  const deviceId = deviceIdOf(keys.publicKey)
  Object.assign(world, { deviceId })
  const edge = { ...boxOf('berlin'), deviceId, tenant, site: 'berlin', keeping: 'software' }
  const change = { key: `edge/${deviceId}`, value: JSON.stringify(edge) }
  await store.commit({ conditions: [], changes: [change] })
  const box = world.start()
  await world.until('a welcome', () => world.sent.length === 1)
  const request = await makeRequest(keys, randomBytes(32).toString('base64'))
  isBusy = true
  box.say({ kind: 'renew', request })
  await world.until('an answer', () => world.sent.length === 2)
  isBusy = false
  box.say({ kind: 'renew', request })
  await world.until('another', () => world.sent.length === 3)
  assert.deepEqual(world.sent, ['welcome', 'denied', 'certificate'])
})
