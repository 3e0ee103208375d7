/** A change of a whole fleet is there or it is not: for whoever watches, for who is in its way, and after a kill in its midst. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { applyChange } from '../../../firmware/controller/change.ts'
import { documentChange, readFleet } from '../../../firmware/controller/fleet.ts'
import { Fleets } from '../../../firmware/controller/fleets.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { mostChanges, mostCommitBytes, mostKeyBytes } from '../../../firmware/host/store/store.ts'
import { fleetBodyBytes } from '../../../firmware/model/controller-api.ts'
import { type FleetDocument, mostOfKind } from '../../../firmware/model/fleet.ts'

const tenant = 't'
const root = mkdtempSync(join(tmpdir(), 'causeway-change-'))
after(() => rmSync(root, { recursive: true }))

const segments = (count: number, round: string): FleetDocument[] =>
  Array.from({ length: count }, (_, at) => {
    return { kind: 'segment', name: `${round}-${at}`, breakout: false }
  })

test('a change of all documents is one commit, and there is room for the largest', async () => {
  await using store = await openStore(memoryTable())
  await using fleets = new Fleets(store)
  await applyChange(fleets, tenant, { documents: segments(256, 'a'), isWhole: true }, 'ada', 0)
  const before = await store.revision()
  await applyChange(fleets, tenant, { documents: segments(256, 'b'), isWhole: true }, 'ada', 0)
  assert.equal(await store.revision(), before + 1)
  assert.equal((await readFleet(store, tenant)).documents.length, 256)
  // All that a tenant can have in the place of as many others, with a condition for each; and the log of who did what.
  const most = Object.values(mostOfKind).reduce((sum, count) => sum + count, 0)
  assert.ok(4 * most + 3 <= mostChanges)
  assert.ok(fleetBodyBytes + 2 * most * mostKeyBytes <= mostCommitBytes)
})

test('a change of which one document was changed meanwhile changes none', async () => {
  await using store = await openStore(memoryTable())
  await using fleets = new Fleets(store)
  await applyChange(fleets, tenant, { documents: segments(200, 'a'), isWhole: true }, 'ada', 0)
  const change = { documents: segments(200, 'b'), isWhole: true }
  const last = change.documents.at(-1)
  const commit = store.commit.bind(store)
  store.commit = async (asked) => {
    store.commit = commit
    await commit({ conditions: [], changes: [documentChange(tenant, 'segment/b-199', last!)] })
    return commit(asked)
  }
  await assert.rejects(applyChange(fleets, tenant, change, 'bob', 0), { code: 'STORE_CONFLICT' })
  const { documents } = await readFleet(store, tenant)
  assert.equal(documents.length, 201)
})

test('a controller that is killed in the midst of a change leaves the fleet before it or the one after it', async () => {
  const folder = join(root, 'store')
  let round = 0
  for (let kill = 0; kill < 4; kill++) {
    const writer = join(import.meta.dirname, 'change-writer.ts')
    const child = spawn(process.execPath, [writer, folder, String(round + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    for await (const line of createInterface({ input: child.stdout })) {
      round = Number(line)
      // In the midst of one of the next, later each time.
      setTimeout(() => child.kill('SIGKILL'), 2 + 10 * kill)
    }
    await ended
    await using store = await openStore(await openLevelTable(folder))
    const { documents } = await readFleet(store, tenant)
    const rounds = new Set(documents.map(({ name }) => name.split('-')[0]))
    assert.deepEqual([documents.length, rounds.size], [200, 1], [...rounds].join(' '))
    round = Number([...rounds][0]!.slice(1))
  }
})
