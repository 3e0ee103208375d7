/** What was kept and what is heard since are one line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sumOf, timelineOf } from '../../../webui/live/timeline.ts'
import { historyOf, sampleOf } from '../../browser/canned/history.ts'
import { statusOf } from '../../browser/canned/site.ts'

const status = statusOf({ site: 'well' })
const now = 1_800_000_000
const histories = new Map([['wan0', historyOf('wan0', 'minutes', now)]])

test('samples go on behind the history, and none of its time comes twice', () => {
  const samples = [now - 30, now + 1, now + 2].map((at) => sampleOf(status, at))
  const { times, figures } = timelineOf(['wan0', 'lte0'], histories, samples, 'uplinks')
  assert.equal(times.length, 302)
  assert.deepEqual(times.slice(-3), [now - 2, now + 1, now + 2])
  assert.ok(times.every((at, index) => index === 0 || at > times[index - 1]!))
  const { rxBitsPerSecond } = figures.get('wan0')!
  assert.equal(rxBitsPerSecond.length, 302)
  assert.ok(rxBitsPerSecond.every((value) => value !== null))
  // Nothing was kept of lte0.
  assert.deepEqual(
    figures
      .get('lte0')!
      .rxBitsPerSecond.slice(0, 300)
      .filter((one) => one !== null),
    [],
  )
})

test('without a history there are samples alone', () => {
  const { times } = timelineOf(['wan0'], new Map(), [sampleOf(status, now)], 'uplinks')
  assert.deepEqual(times, [now])
})

test('a sum takes what is known', () => {
  const sum = sumOf([
    [1, null, null],
    [2, 3, null],
  ])
  assert.deepEqual(sum, [3, 3, null])
})
