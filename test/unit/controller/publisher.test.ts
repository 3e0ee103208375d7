/** A publisher that runs: what one tenant or one box does keeps no other from being told. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Level } from 'level'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import { Fleets } from '../../../firmware/controller/fleets.ts'
import { PublishedBook } from '../../../firmware/controller/published.ts'
import { Publisher } from '../../../firmware/controller/publisher.ts'
import { raiseAbove } from '../../../firmware/controller/raise.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { revisionFloorKey } from '../../../firmware/model/controller-keys.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { voice } from '../gateway/controller-link-world.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** A publisher in a store of its own, whose time stands: what waits for time never comes by itself. */
async function publishing(tenants: readonly string[], table = memoryTable()) {
  const store = await openStore(table)
  const changes = tenants.map((tenant) => ({ key: `tenant/${tenant}`, value: '{}' }))
  await store.commit({ conditions: [], changes })
  const fleets = new Fleets(store)
  const lines: string[] = []
  const log = {
    info: () => {},
    warn: ({ detail = '' }, message: string) => lines.push(`warn ${message} ${detail}`),
    error: ({ detail = '' }, message: string) => lines.push(`error ${message} ${detail}`),
  }
  const clock = virtualClock()
  const book = new PublishedBook()
  const publisher = new Publisher({ fleets, book, clock, log, signingKey: privateKey })
  const revisionOf = async (site: string): Promise<number> => {
    const entry = await store.get(`config/${deviceIdOf(site)}`)
    return entry === null ? 0 : (JSON.parse(entry.value) as { revision: number }).revision
  }
  const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
    const deadlineMs = performance.now() + 5_000
    while (!(await isSo())) {
      assert.ok(performance.now() < deadlineMs, `${what}: ${lines.join('\n')}`)
      await new Promise((passed) => setTimeout(passed, 2))
    }
  }
  return {
    ...{ store, clock, publisher, lines, revisionOf, until },
    put: async (tenant: string, ...documents: readonly FleetDocument[]): Promise<void> => {
      const puts = documents.map((one) => documentChange(tenant, nameOf(one), one))
      await store.commit({ conditions: [], changes: puts })
    },
    own: async (tenant: string, site: string): Promise<void> => {
      const value = JSON.stringify({ ...boxOf(site), tenant, site })
      await store.commit({ conditions: [], changes: [{ key: `edge/${deviceIdOf(site)}`, value }] })
    },
    [Symbol.asyncDispose]: async () => {
      await publisher[Symbol.asyncDispose]()
      await fleets[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

test('a box that was published above what it had is told the next one without a conflict', async () => {
  await using world = await publishing(['t'])
  const { store, revisionOf } = world
  await world.put('t', network, main, office, siteOf('berlin'))
  await world.own('t', 'berlin')
  await world.until('the first', async () => (await revisionOf('berlin')) === 1)
  for (const tried of [40, 90]) {
    assert.ok(await raiseAbove(store, deviceIdOf('berlin'), tried, privateKey))
    await world.put('t', voice(tried))
    await world.until('the next', async () => (await revisionOf('berlin')) === tried + 2)
  }
  assert.deepEqual(world.lines, [])
})

test("a fault that one tenant's documents bring is told in the log and as its problem; others are published, and it is when they change", async () => {
  await using world = await publishing(['broken', 'sound'])
  const broken = { ...siteOf('athens'), lans: undefined } as unknown as FleetDocument
  await world.put('broken', network, main, office, broken)
  await world.until('the fault', () => world.lines.length > 0)
  assert.match(world.lines[0]!, /^error fault broken: TypeError: [\s\S]*\n {4}at /)
  const codes = () => world.publisher.problemsOf('broken').map(({ code }) => code)
  assert.deepEqual(codes(), ['API_INTERNAL'])
  await world.put('sound', network, main, office, siteOf('berlin'))
  await world.own('sound', 'berlin')
  await world.until('the other', async () => (await world.revisionOf('berlin')) === 1)
  // Once as the publisher starts, and once for the change, at most.
  assert.ok(world.lines.length <= 2, world.lines.join('\n'))
  await world.put('broken', siteOf('athens'))
  await world.own('broken', 'athens')
  await world.until('it is mended', async () => (await world.revisionOf('athens')) === 1)
  assert.deepEqual(codes(), [])
})

test('a read that fails is no fault of the documents: what it was for is published a little later', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-publisher-'))
  after(() => rmSync(folder, { recursive: true }))
  await using world = await publishing(['t'], await openLevelTable(folder))
  const { getMany } = Level.prototype
  let failures = 0
  const failing = async function (this: unknown, keys: readonly string[]): Promise<unknown> {
    const isMeant = failures === 0 && keys.some((key) => key.endsWith(revisionFloorKey))
    if (!isMeant) return Reflect.apply(getMany, this, [keys])
    failures++
    throw Object.assign(new Error('IO error: input/output error'), { code: 'LEVEL_IO_ERROR' })
  }
  Object.assign(Level.prototype, { getMany: failing })
  try {
    await world.put('t', network, main, office, siteOf('berlin'))
    await world.own('t', 'berlin')
    await world.until('it fails', () => world.lines.length > 0)
    assert.match(world.lines[0]!, /^warn not published; tried again cannot read the store /)
    assert.deepEqual(world.publisher.problemsOf('t'), [])
    await world.clock.advance(500)
    await world.until('the next try', async () => (await world.revisionOf('berlin')) === 1)
  } finally {
    Level.prototype.getMany = getMany
  }
})

test('a segment that names a pool twice, and a LAN that stands there twice, are problems and no fault', async () => {
  await using world = await publishing(['t'])
  const lan = { name: 'lan0', nic: 'netdev:eth1', segment: 'office' }
  const twice = { ...office, pools: ['main', 'main'] } as FleetDocument
  await world.put('t', network, main, twice, siteOf('berlin', { lans: [lan, lan] }))
  await world.own('t', 'berlin')
  const codes = () => world.publisher.problemsOf('t').map(({ code }) => code)
  await world.until('problems', () => codes().includes('FLEET_DUPLICATE'))
  assert.deepEqual(world.lines, [])
  const given = await world.store.range({ prefix: 't/alloc/lan/' })
  assert.deepEqual(
    given.entries.map(({ value }) => value),
    ['10.0.0.0/24'],
  )
})
