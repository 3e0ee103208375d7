/** What is noted each second and who is told: nobody looks, nothing is composed; words survive a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentEvents } from '../../../../firmware/gateway/history/recent-events.ts'
import { openRecorder } from '../../../../firmware/gateway/history/recorder.ts'
import { StatusWatch } from '../../../../firmware/gateway/status-watch.ts'
import { virtualClock } from '../../../../firmware/host/clock/virtual.ts'
import type { Status } from '../../../../firmware/model/local-api.ts'
import type { ApiEvent } from '../../../../firmware/model/local-api-event.ts'
import { noRates } from '../../../../firmware/plan/rates.ts'
import { composeStatus } from '../../../../firmware/plan/status.ts'
import { statusFacts } from '../../plan/sample-status.ts'
import { memoryDisk } from './memory-disk.ts'

const log = { info: () => {}, warn: () => {}, error: () => {} }
const facts = () => ({
  ...{
    config: { uplinks: [{ name: 'wan0' }], peers: [] },
    counters: null,
    rates: noRates,
    uplinks: [],
  },
})

function begin(disk = memoryDisk()) {
  const clock = virtualClock(0)
  let looks = 0
  let isUp = true
  const status = (): Status => {
    looks++
    const whole = composeStatus(statusFacts())
    const [first] = whole.uplinks
    return { ...whole, uplinks: [{ ...first!, name: 'wan0', isUp }] }
  }
  const watch = new StatusWatch({ clock, status })
  const owned = new AsyncDisposableStack()
  owned.use(watch)
  const parts = openRecorder(
    { clock, wallMs: () => 1.78e12 + clock.nowMs(), log, folder: '/history', disk, watch, facts },
    owned,
  )
  const cut = (): void => {
    isUp = !isUp
  }
  return { clock, watch, parts, owned, disk, cut, looks: () => looks }
}

test('samples come once a second while somebody listens, and none when nobody does', async () => {
  const { clock, watch, owned, looks } = begin()
  await using _ = owned
  await clock.advance(20_000)
  assert.ok(looks() <= 5, `nobody looks: ${looks()} looks in 20 s`)
  const events: ApiEvent[] = []
  const stop = watch.listen((event) => events.push(event))
  const before = looks()
  await clock.advance(10_000)
  assert.ok(looks() - before >= 9)
  assert.equal(events[0]!.kind, 'status')
  const samples = events.filter(({ kind }) => kind === 'sample')
  assert.equal(samples.length, 10)
  stop()
  await clock.advance(10_000)
  assert.equal(events.filter(({ kind }) => kind === 'sample').length, 10)
})

test('what happens is told in words to whoever listens, and to who asks later', async () => {
  const { clock, watch, owned, parts, cut } = begin()
  await using _ = owned
  await clock.advance(1_000)
  cut()
  await clock.advance(6_000)
  const events: ApiEvent[] = []
  watch.listen((event) => events.push(event))
  cut()
  await clock.advance(1_500)
  const told = events.flatMap((event) => (event.kind === 'told' ? event.event.sentence : []))
  assert.deepEqual(told, ['uplink wan0 is up'])
  assert.deepEqual(
    (await parts.recent()).map(({ sentence }) => sentence.replace(/\(.*/, '')),
    [
      'uplink wan0 is up',
      'uplink wan0 is down: its NIC has no carrier',
      'the gateway has started ',
    ],
  )
  const { figures } = await parts.ofBox('minutes')
  assert.ok(figures.healthyRatio.mean.some((value) => value !== null))
})

test('words survive a restart, what was written when the power went too; a broken disk hurts nobody', async () => {
  const disk = memoryDisk()
  const open = (version: string) => {
    const clock = virtualClock(0)
    const recent = new RecentEvents({
      ...{ clock, wallMs: () => 1.78e12, log, folder: '/history', disk, version, onTold: () => {} },
    })
    return { clock, recent }
  }
  const first = open('1')
  first.recent.take({ kind: 'uplink', uplink: 'wan0', isUp: false })
  await first.clock.advance(11_000)
  first.recent.take({ kind: 'uplink', uplink: 'lte0', isUp: false })
  // The power goes: what came within the last ten seconds is lost.
  const second = open('2')
  const sentences = async ({ recent }: typeof second) =>
    (await recent.recent()).map(({ sentence }) => sentence.slice(0, 24))
  const kept = ['uplink wan0 is down: its', 'the gateway has started ']
  assert.deepEqual(await sentences(second), ['the gateway has started ', ...kept])
  await second.recent[Symbol.asyncDispose]()
  for (const [path, bytes] of disk.files) disk.files.set(path, bytes.subarray(0, -3))
  disk.leftBytes = 0
  const third = open('3')
  assert.deepEqual(await sentences(third), ['the gateway has started ', ...kept])
  await third.recent[Symbol.asyncDispose]()
})
