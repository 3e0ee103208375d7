/** A backup holds all of one moment; half of one, or another file, is refused before a store opens it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markWhole, restoreTable } from '../../../../firmware/host/store/backup.ts'
import { memoryTable } from '../../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'
import { take } from './contract.ts'

const put = (key: string, value: string | null) => ({ conditions: [], changes: [{ key, value }] })

async function backedUp(): Promise<string[]> {
  await using store = await openStore(memoryTable())
  for (let at = 0; at < 1_200; at++) await store.commit(put(`k${at}`, `"${at}"\n`))
  await store.commit(put('k3', null))
  const lines: string[] = []
  for await (const line of store.backup()) {
    lines.push(line.slice(0, -1))
    // What comes meanwhile is not of that moment.
    if (lines.length === 10) await store.commit(put('k7', 'late'))
  }
  return lines
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

test('what was there at the moment of the backup is restored, each with its revision', async () => {
  const table = memoryTable()
  assert.equal(await restoreTable(table, each(await backedUp())), 1_199)
  await assert.rejects(openStore(table), { code: 'STORE_CORRUPT' })
  await markWhole(table)
  await using store = await openStore(table)
  assert.deepEqual(await store.get('k7'), { key: 'k7', value: '"7"\n', revision: 8 })
  assert.equal(await store.get('k3'), null)
})

test('who saw what was committed after the backup is told to read again', async () => {
  const table = memoryTable()
  await restoreTable(table, each(await backedUp()))
  await markWhole(table)
  await using store = await openStore(table)
  await store.commit(put('other', 'history'))
  await assert.rejects(take(store.watch('', 1_202), 1), { code: 'STORE_COMPACTED' })
})

test('a backup is restored into nothing only', async () => {
  const table = memoryTable()
  await restoreTable(table, each(await backedUp()))
  await assert.rejects(restoreTable(table, each(await backedUp())), { code: 'STORE_NOT_EMPTY' })
})

const damages: readonly [what: string, damage: (lines: string[]) => string[], code?: string][] = [
  ['nothing', () => []],
  ['cut off between lines', (lines) => lines.slice(0, 700)],
  ['cut off in a line', (lines) => [...lines.slice(0, 700), lines[700]!.slice(0, 5)]],
  ['a line is missing', (lines) => lines.toSpliced(5, 1)],
  ['a line is changed', (lines) => lines.with(5, lines[5]!.replace('k', 'K'))],
  ['two backups in one', (lines) => [...lines, ...lines]],
  ['another file', () => ['{"name":"causeway"}']],
  [
    'of a later release',
    (lines) => lines.with(0, lines[0]!.replace('"schema":1', '"schema":2')),
    'STORE_SCHEMA',
  ],
]

for (const [what, damage, code = 'STORE_CORRUPT'] of damages) {
  test(`a backup that is not whole is refused, and no store opens what came of it: ${what}`, async () => {
    const table = memoryTable()
    await assert.rejects(restoreTable(table, each(damage(await backedUp()))), { code })
    const [row] = await table.scan('', null, 1)
    if (row !== undefined) await assert.rejects(openStore(table), { code: 'STORE_CORRUPT' })
  })
}
