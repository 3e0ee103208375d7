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
  const samples = [now - 30, now - 1, now].map((at) => sampleOf(status, at))
  const { times, figures } = timelineOf(['wan0', 'lte0'], histories, samples, 'uplinks')
  // The oldest point is ten minutes old by now.
  assert.equal(times.length, 301)
  assert.deepEqual(times.slice(-3), [now - 2, now - 1, now])
  assert.ok(times.every((at, index) => index === 0 || at > times[index - 1]!))
  const { rxBitsPerSecond } = figures.get('wan0')!
  assert.equal(rxBitsPerSecond.length, 301)
  assert.ok(rxBitsPerSecond.every((value) => value !== null))
  // Nothing was kept of lte0.
  assert.deepEqual(
    figures
      .get('lte0')!
      .rxBitsPerSecond.slice(0, 299)
      .filter((one) => one !== null),
    [],
  )
})

test('without a history there are samples alone', () => {
  const { times } = timelineOf(['wan0'], new Map(), [sampleOf(status, now)], 'uplinks')
  assert.deepEqual(times, [now])
})

test('what is older than the last ten minutes leaves as they go on', () => {
  const samples = Array.from({ length: 400 }, (_, index) => sampleOf(status, now + index))
  const { times, figures } = timelineOf(['wan0'], histories, samples, 'uplinks')
  assert.ok(times[0]! > now + 399 - 600, `${times[0]}`)
  assert.equal(times.at(-1), now + 399)
  assert.equal(figures.get('wan0')!.lossRatio.length, times.length)
})

test('where nothing was heard no line is drawn, and times grow all the same', () => {
  const samples = [now, now + 1, now + 60, now + 61].map((at) => sampleOf(status, at))
  const { times, figures } = timelineOf(['wan0'], histories, samples, 'uplinks')
  assert.deepEqual(times.slice(-5), [now, now + 1, now + 2, now + 60, now + 61])
  const values = figures.get('wan0')!.rxBitsPerSecond.slice(-5)
  assert.deepEqual(
    values.map((value) => value === null),
    [false, false, true, false, false],
  )
  // Between what was kept and what is heard, too.
  const late = timelineOf(['wan0'], histories, [sampleOf(status, now + 60)], 'uplinks')
  assert.deepEqual(late.times.slice(-3), [now - 2, now - 1, now + 60])
})

test('a sum takes what is known', () => {
  const sum = sumOf([
    [1, null, null],
    [2, 3, null],
  ])
  assert.deepEqual(sum, [3, 3, null])
})
