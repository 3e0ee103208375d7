/** A store on LevelDB: what every store keeps to; and what is there after a kill, a second opener, a foreign schema. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { openLevelTable } from '../../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../../firmware/host/store/store.ts'
import { storeContract, take } from './contract.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-store-'))
after(() => rmSync(root, { recursive: true }))
let count = 0
const freshFolder = (): string => join(root, String(++count))
const open = async (folder: string): Promise<Store> => openStore(await openLevelTable(folder))

storeContract('on LevelDB', () => open(freshFolder()))

test('what was committed is there after it is opened again, and watches go on from where they were', async () => {
  const folder = freshFolder()
  {
    await using store = await open(folder)
    for (const value of ['1', '2', '3'])
      await store.commit({ conditions: [], changes: [{ key: 'k', value }] })
  }
  await using store = await open(folder)
  assert.equal(await store.revision(), 3)
  const told = await take(store.watch('', 1), 2)
  assert.deepEqual(
    told.map(({ revision }) => revision),
    [2, 3],
  )
})

test('a store has one process', async () => {
  const folder = freshFolder()
  await using _store = await open(folder)
  await assert.rejects(open(folder), { code: 'STORE_LOCKED' })
})

test('what cannot be read is said to be that, one row or many', async () => {
  const folder = freshFolder()
  const table = await openLevelTable(folder)
  await table.write([['key', 'value']])
  const rows = table.rows('')
  await table.close()
  const reads = [() => table.getMany(['key']), () => table.scan('', null, 1)]
  for (const read of [...reads, () => Array.fromAsync(rows)]) {
    await assert.rejects(read, { code: 'STORE_READ_FAILED', message: /^cannot read the store / })
  }
})

test('a store of a later release is not touched', async () => {
  const folder = freshFolder()
  const table = await openLevelTable(folder)
  await table.write([['m!schema', '2']])
  await table.close()
  await assert.rejects(open(folder), { code: 'STORE_SCHEMA' })
})

test('a folder that is none is said to be that', async () => {
  const path = freshFolder()
  writeFileSync(path, '')
  await assert.rejects(open(path), { code: 'STORE_WRITE_FAILED' })
})

test('a log whose end was torn off is read up to there', async () => {
  const folder = freshFolder()
  {
    await using store = await open(folder)
    for (let at = 1; at <= 100; at++) {
      await store.commit({ conditions: [], changes: [{ key: `k${at}`, value: 'v'.repeat(100) }] })
    }
  }
  const log = readdirSync(folder).find((name) => name.endsWith('.log'))!
  truncateSync(join(folder, log), 9_000)
  await using store = await open(folder)
  const last = await store.revision()
  assert.ok(last > 10 && last < 100)
  // Commits are whole: the last one is there, the next one is not.
  assert.ok(await store.get(`k${last}`))
  assert.equal(await store.get(`k${last + 1}`), null)
  assert.equal(
    await store.commit({ conditions: [], changes: [{ key: 'on', value: '' }] }),
    last + 1,
  )
})

test('nothing that was acknowledged is lost when the process is killed in the midst of commits', async () => {
  const folder = freshFolder()
  let acknowledged = 0
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'level-writer.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line))
      if (acknowledged >= (round + 1) * 200) child.kill('SIGKILL')
    }
    await exited
    await using store = await open(folder)
    const revision = await store.revision()
    assert.ok(revision >= acknowledged, `${revision} of ${acknowledged}`)
    for (let at = 1; at <= acknowledged; at++)
      assert.equal((await store.get(`k${at}`))?.revision, at)
  }
})
