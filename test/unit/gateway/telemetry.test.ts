/** What is kept of readings: counters and queues of one moment, queues of some seconds ago, and nothing of either that is old. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Telemetry } from '../../../firmware/gateway/telemetry.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import type { Datapath } from '../../../firmware/host/datapath/datapath.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { queueOf, sampleQueues } from '../plan/sample-queue.ts'
import { statusReading } from '../plan/sample-status.ts'

function begin() {
  const clock = virtualClock(0)
  let isBusy = false
  const datapath: Pick<Datapath, 'counters' | 'queues'> = {
    counters: async () => statusReading(clock.nowMs(), 0),
    queues: async () => {
      if (isBusy) throw new CausewayError('DATAPATH_BUSY', 'as the test wants it')
      return sampleQueues(queueOf({ bytes: clock.nowMs() }))
    },
  }
  const telemetry = new Telemetry({
    clock,
    datapath: () => datapath as Datapath,
    uplinks: () => [],
    onCounters: () => {},
  })
  const bytesAt = (when: 'now' | 'before'): number | undefined =>
    telemetry.reading.queues?.[when].queues.uplinks[0]?.classes[3]?.bytes
  const fail = (isNow: boolean): void => {
    isBusy = isNow
  }
  return { clock, telemetry, bytesAt, fail }
}

test('queues are read with the counters, and looked back upon for some seconds', async () => {
  const { clock, telemetry, bytesAt } = begin()
  using _telemetry = telemetry
  assert.equal(telemetry.reading.queues, null)
  for (let second = 0; second < 30; second++) await clock.advance(1_000)
  const [now, before] = [bytesAt('now')!, bytesAt('before')!]
  assert.ok(now >= 29_000 && now - before >= 5_000 && now - before <= 10_000, `${now} ${before}`)
})

test('where they cannot be read the counters are told without them', async () => {
  const { clock, telemetry, fail, bytesAt } = begin()
  using _telemetry = telemetry
  await clock.advance(3_000)
  fail(true)
  await clock.advance(1_500)
  assert.equal(telemetry.reading.queues, null)
  assert.notEqual(telemetry.reading.counters, null)
  fail(false)
  await clock.advance(1_500)
  // What was before is of another time.
  assert.ok(bytesAt('before')! >= 4_500 && bytesAt('now')! >= bytesAt('before')!)
})
