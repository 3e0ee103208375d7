/** The store in memory keeps to what every store keeps to; what is large is bounded in bytes as well. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entriesBelow } from '../../../../firmware/host/store/entries-below.ts'
import { memoryTable } from '../../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'
import {
  mostKeyBytes,
  mostPage,
  mostValueBytes,
  type Store,
} from '../../../../firmware/host/store/store.ts'
import { storeContract, take } from './contract.ts'

storeContract('in memory', () => openStore(memoryTable()))

test('commits of the greatest size are told to watches, and no more of them wait than there is room for', async () => {
  await using store = await openStore(memoryTable())
  const value = 'v'.repeat(mostValueBytes - mostKeyBytes)
  const large = (): Promise<number> => {
    const changes = Array.from({ length: 48 }, (_, at) => ({ key: `k${at}`, value }))
    return store.commit({ conditions: [], changes })
  }
  using slow = store.watch('', 0)
  using watch = store.watch('', 0)
  const told = take(watch, 1)
  const results = await Promise.allSettled([large(), large(), large(), large()])
  const codes = results.map((one) => (one.status === 'rejected' ? one.reason.code : null))
  assert.deepEqual(codes, [null, null, null, 'STORE_BUSY'])
  assert.equal((await told)[0]!.changes.length, 48)
  await assert.rejects(take(slow, 3), { code: 'STORE_COMPACTED' })
})

test('what is below a prefix comes whole and in order, however many pages it has, and nothing beside it', async () => {
  await using store = await openStore(memoryTable())
  for (const count of [0, mostPage, 1, 1]) {
    const before = await keysBelow(store, 'k/')
    const keys = Array.from({ length: count }, (_, at) => {
      return `k/${String(before.length + at).padStart(6, '0')}`
    })
    const changes = [...keys, `j/${before.length}`, `k0${before.length}`].map((key) => ({
      ...{ key, value: '' },
    }))
    await store.commit({ conditions: [], changes })
    assert.deepEqual(await keysBelow(store, 'k/'), [...before, ...keys])
  }
})

async function keysBelow(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of entriesBelow(store, prefix)) keys.push(key)
  return keys
}
