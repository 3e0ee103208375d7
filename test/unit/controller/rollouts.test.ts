/** A rollout goes on where a controller that died has left it; what is said is written down first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { newRollout } from '../../../firmware/controller/rollout-start.ts'
import { Rollouts } from '../../../firmware/controller/rollouts.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { FirmwareState } from '../../../firmware/model/firmware-order.ts'
import type { RolloutBody } from '../../../firmware/model/rollout.ts'
import type { SeenBox } from '../../../firmware/plan/rollout-box.ts'

const tenant = 'acme'
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const startMs = Date.UTC(2026, 0, 1)
const id = 'cd'.repeat(8)
const sha256 = 'ef'.repeat(32)

const state = (more: Partial<FirmwareState> = {}): FirmwareState => ({
  ...{ running: '0.1.0', architecture: 'x86_64', isSupported: true, isProven: true },
  ...{ order: null, phase: 'none', bytes: 0, code: null, message: '', ...more },
})

/** A store with boxes, and links that a test has say what it likes. */
async function newWorld(boxes: readonly string[]) {
  const store = await openStore(memoryTable())
  const clock = virtualClock()
  const changes = boxes.map((deviceId) => {
    const edge = { deviceId, tenant, site: deviceId, wireKey: null, keeping: 'software' }
    return { key: `edge/${deviceId}`, value: JSON.stringify({ ...edge, claimedAt: '' }) }
  })
  await store.commit({ conditions: [], changes })
  const said = new Map<string, FirmwareState>(boxes.map((deviceId) => [deviceId, state()]))
  let told = new Map<string, { order: string | null; atMs: number }>()
  const orders: string[] = []
  const seen = (): Map<string, SeenBox> =>
    new Map(
      [...said].map(([deviceId, one]) => {
        const last = told.get(deviceId)
        const ms = clock.nowMs()
        const by = last === undefined ? null : { order: last.order, ms: ms - last.atMs }
        const health = { isHealthy: true, problems: 0 }
        return [deviceId, { linkMs: ms, said: one, health, healthMs: ms, told: by }]
      }),
    )
  const file = {
    version: '0.2.0',
    architecture: 'x86_64',
    sha256,
    bytes: 10,
    addedMs: 0,
    by: 'ada',
  }
  const open = () =>
    new Rollouts({
      ...{ store, clock, log: silent, wallMs: () => startMs + clock.nowMs() },
      shelf: { answer: async () => ({ files: [{ ...file, isThere: true }] }) },
      links: {
        seen,
        order: (deviceId, order) => {
          told.set(deviceId, { order: order?.id ?? null, atMs: clock.nowMs() })
          orders.push(`${deviceId} ${order?.version ?? 'none'}`)
        },
      },
    })
  const start = (rollouts: Rollouts, body: Omit<RolloutBody, 'version'>) => {
    const edges = boxes.map((deviceId) => ({
      ...{ deviceId, tenant, site: deviceId, wireKey: null, keeping: 'software' as const },
      claimedAt: '',
    }))
    const made = newRollout(
      { version: '0.2.0', ...body },
      { id, by: 'ada', edges, documents: [], nowMs: startMs },
    )
    const event = { who: 'ada', what: 'rollout.start', target: 'rollout/0.2.0', code: null }
    return rollouts.change(tenant, event, async () => made)
  }
  return {
    ...{ store, clock, said, orders, open, start },
    /** All links are new: those of another controller. */
    newLinks: () => {
      told = new Map()
    },
    /** Until nothing more happens. */
    settle: async (ms = 20_000) => {
      await clock.advance(ms)
    },
  }
}

test('another controller goes on where the first one was', async () => {
  const world = await newWorld(['a', 'b', 'c'])
  const first = world.open()
  await world.start(first, { wave: 1, soakMinutes: 0 })
  await world.settle()
  assert.deepEqual(world.orders, ['a 0.2.0'])
  world.said.set('a', state({ order: id, phase: 'installed' }))
  await world.settle()
  await first[Symbol.asyncDispose]()

  world.newLinks()
  await using second = world.open()
  await world.settle()
  // It is told by its new link, without which it would not start anew; nobody else is.
  assert.deepEqual(world.orders, ['a 0.2.0', 'a 0.2.0'])
  world.said.set('a', state({ order: id, phase: 'done', running: '0.2.0' }))
  await world.settle(25_000)
  assert.deepEqual(world.orders.slice(2), ['b 0.2.0'])
  const { boxes } = await second.show(tenant)
  assert.deepEqual(
    boxes.map(({ deviceId, phase }) => `${deviceId} ${phase}`),
    ['a done', 'b told', 'c waits'],
  )
})

test('that a box failed and that all halts is written down at once, or neither', async () => {
  const world = await newWorld(['a', 'b', 'c'])
  await using rollouts = world.open()
  await world.start(rollouts, { wave: 2, soakMinutes: 0 })
  await world.settle()
  assert.deepEqual(world.orders, ['a 0.2.0', 'b 0.2.0'])
  world.said.set('b', state({ order: id, phase: 'installed' }))
  const refusal = { code: 'UPDATE_REFUSED', message: 'it is older' }
  world.said.set('a', state({ order: id, phase: 'refused', ...refusal }))
  const after = await world.store.revision()
  await world.settle()
  const commits: string[][] = []
  using watch = world.store.watch('rollout/', after)
  for await (const { changes } of watch) {
    commits.push(changes.map(({ key }) => key))
    if (commits.some((keys) => keys.includes('rollout/last/acme'))) break
  }
  assert.deepEqual(commits.at(-1)?.slice(0, 2), ['rollout/last/acme', 'rollout/box/acme/a'])
  const { rollout } = await rollouts.show(tenant)
  assert.deepEqual(rollout?.why, { ...refusal, site: 'a' })
  // Who has not started anew is called off, and c is not told.
  assert.deepEqual(world.orders.slice(2), ['b none'])
  const { entries } = await readAudit(world.store, tenant, 0)
  assert.deepEqual(
    entries.map(({ who, what, code }) => `${who} ${what} ${code}`),
    [
      'ada rollout.start null',
      'controller rollout.halt UPDATE_REFUSED',
      'device/a edge.update UPDATE_REFUSED',
    ],
  )
})

test('a box that is away gets it when it comes', async () => {
  const world = await newWorld(['a', 'b'])
  world.said.delete('b')
  await using rollouts = world.open()
  await world.start(rollouts, { wave: 2, soakMinutes: 0 })
  await world.settle()
  assert.deepEqual(world.orders, ['a 0.2.0'])
  world.said.set('a', state({ order: id, phase: 'done', running: '0.2.0' }))
  await world.settle(3_600_000)
  world.said.set('b', state())
  await world.settle()
  assert.ok(world.orders.includes('b 0.2.0'))
})
