/** After a restore, what a box is told is above whatever it can have had. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import type { Published } from '../../../firmware/controller/published.ts'
import { raiseAbove } from '../../../firmware/controller/raise.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { revisionFloorKey } from '../../../firmware/model/controller-keys.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'
import { publishOnce } from './publishing.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = `config/${deviceIdOf('berlin')}`

async function berlin(floor: string | null) {
  const store = await openStore(memoryTable())
  const documents = [network, main, office, siteOf('berlin')]
  const edge = { ...boxOf('berlin'), tenant: 't', site: 'berlin' }
  const changes = [
    ...documents.map((one) => documentChange('t', nameOf(one), one)),
    { key: `edge/${edge.deviceId}`, value: JSON.stringify(edge) },
    ...(floor === null ? [] : [{ key: revisionFloorKey, value: floor }]),
  ]
  await store.commit({ conditions: [], changes })
  await publishOnce(store, 't', privateKey)
  const revision = async () => (JSON.parse((await store.get(key))!.value) as Published).revision
  return { store, revision }
}

test('the first that is published is above the floor', async () => {
  assert.equal(await (await berlin(null)).revision(), 1)
  assert.equal(await (await berlin('1000007')).revision(), 1_000_008)
})

test('what a box has had is passed once, and never gone below', async () => {
  const { store, revision } = await berlin(null)
  const raise = (tried: number) => raiseAbove(store, deviceIdOf('berlin'), tried, privateKey)
  assert.deepEqual([await raise(1), await revision()], [false, 1])
  assert.deepEqual([await raise(9), await revision()], [true, 10])
  assert.deepEqual([await raise(9), await revision()], [false, 10])
  assert.equal(await raise(Number.MAX_SAFE_INTEGER), false)
  assert.equal(await raiseAbove(store, 'f'.repeat(64), 9, privateKey), false)
})
