/** What was done is told once, in order, with what it tells of; and whoever changes the log is found out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitAudited, readAudit } from '../../../firmware/controller/audit.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import { proveAudit } from '../../lab/audit-proof.ts'

const event = { who: 'ada', what: 'document.put', target: 'site/berlin', code: null }

async function withEntries(count: number): Promise<{ store: Store; rows: Map<string, string> }> {
  const rows = new Map<string, string>()
  const store = await openStore(memoryTable(rows))
  const append = (at: number): Promise<number> =>
    commitAudited(
      store,
      't',
      event,
      { conditions: [], changes: [{ key: `k${at}`, value: '' }] },
      at,
    )
  // All at once: each finds its place.
  await Promise.all(Array.from({ length: count }, (_, at) => append(at)))
  return { store, rows }
}

test('all that was committed at once is in the log, numbered without gaps, with what it tells of', async () => {
  const { store } = await withEntries(20)
  const { entries } = await readAudit(store, 't', 0)
  assert.deepEqual(
    entries.map(({ number }) => number),
    Array.from({ length: 20 }, (_, at) => at + 1),
  )
  assert.deepEqual(await proveAudit(store, 't'), { entries: 20, brokenAt: null })
  const { entries: keys } = await store.range({ prefix: 'k' })
  assert.equal(keys.length, 20)
  assert.equal((await readAudit(store, 't', 18)).entries.length, 2)
})

test('a thousand changes of a tenant at once are all done', async () => {
  const { store } = await withEntries(1_000)
  assert.deepEqual(await proveAudit(store, 't'), { entries: 1_000, brokenAt: null })
})

test('of changes that wait there is a limit, of each tenant its own; once there is room they are done', async () => {
  const store = await openStore(memoryTable())
  const change = (tenant: string) =>
    commitAudited(store, tenant, event, { conditions: [], changes: [] }, 0)
  const all = Array.from({ length: 4_097 }, () => change('t'))
  const other = change('u')
  const results = await Promise.allSettled(all)
  await other
  const refused = results.filter((result) => result.status === 'rejected')
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    ['STORE_BUSY'],
  )
  await change('t')
  assert.deepEqual(await proveAudit(store, 't'), { entries: 4_097, brokenAt: null })
})

test('what cannot be committed is not told of', async () => {
  const { store } = await withEntries(1)
  const commit = { conditions: [{ key: 'k0', revision: 0 }], changes: [{ key: 'k0', value: 'x' }] }
  await assert.rejects(commitAudited(store, 't', event, commit, 0), {
    code: 'STORE_CONFLICT',
    path: 'k0',
  })
  assert.equal((await readAudit(store, 't', 0)).entries.length, 1)
})

const tampers: readonly [what: string, tamper: (rows: Map<string, string>) => void, at: number][] =
  [
    ['an entry is changed', (rows) => set(rows, 4, (text) => text.replace('ada', 'bob')), 5],
    ['the last entry is changed', (rows) => set(rows, 9, (text) => text.replace('ada', 'bob')), 10],
    ['an entry is taken out', (rows) => rows.delete(key(4)), 4],
    ['the last entry is taken out', (rows) => rows.delete(key(9)), 9],
    [
      'two entries are swapped',
      (rows) => {
        const [one, other] = [rows.get(key(4))!, rows.get(key(5))!]
        rows.set(key(4), other).set(key(5), one)
      },
      4,
    ],
    ['an entry is no JSON', (rows) => set(rows, 4, () => '1 {'), 4],
  ]

function key(number: number): string {
  return `d!t/audit/${String(number).padStart(12, '0')}`
}

function set(rows: Map<string, string>, number: number, change: (text: string) => string): void {
  rows.set(key(number), change(rows.get(key(number))!))
}

for (const [what, tamper, at] of tampers) {
  test(`it is found out where: ${what}`, async () => {
    const { store, rows } = await withEntries(9)
    tamper(rows)
    assert.equal((await proveAudit(store, 't')).brokenAt, at)
  })
}
