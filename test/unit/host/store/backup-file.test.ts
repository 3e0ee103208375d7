/** A restore that is cut off, wherever, leaves nothing that a store opens: what must not be good again was not taken away yet. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { restoreBackup, writeBackup } from '../../../../firmware/host/store/backup-file.ts'
import { openLevelTable } from '../../../../firmware/host/store/level-table.ts'
import { memoryTable } from '../../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-restore-'))
after(() => rmSync(root, { recursive: true }))
const file = join(root, 'backup')

async function backedUp(): Promise<void> {
  await using store = await openStore(memoryTable())
  const changes = ['token/a', 'token/b', 'other'].map((key) => ({ key, value: 'x' }))
  await store.commit({ conditions: [], changes })
  rmSync(file, { force: true })
  assert.equal(await writeBackup(file, store.backup()), 3)
}

test('a cut before it is settled, or in the middle of that, leaves no store', async () => {
  await backedUp()
  const folder = join(root, 'cut')
  const cuts: string[] = []
  /** What is on the disk at this moment. */
  const cut = (): void => {
    const copy = join(root, `cut-${cuts.length}`)
    cpSync(folder, copy, { recursive: true })
    cuts.push(copy)
  }
  await restoreBackup(file, folder, async (store) => {
    cut()
    for (const key of ['token/a', 'token/b']) {
      await store.commit({ conditions: [], changes: [{ key, value: null }] })
      cut()
    }
  })
  assert.equal(cuts.length, 3)
  for (const copy of cuts) {
    const table = await openLevelTable(copy)
    await assert.rejects(openStore(table), { code: 'STORE_CORRUPT' })
    await table.close()
  }
  await using store = await openStore(await openLevelTable(folder))
  assert.deepEqual([await store.get('token/a'), (await store.get('other'))?.value], [null, 'x'])
})

test('what cannot be settled is not there at all', async () => {
  await backedUp()
  const folder = join(root, 'unsettled')
  const failing = restoreBackup(file, folder, async () => {
    throw new Error('no')
  })
  await assert.rejects(failing)
  assert.equal(await restoreBackup(file, folder, async () => {}), 3)
})
