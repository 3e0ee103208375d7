/** What waits for uplinks in the status: counts by class, delays of late by their histogram, and for whom. By table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStatus } from '../../../firmware/model/local-api.ts'
import { mostQueuedPeers } from '../../../firmware/model/local-api-queue.ts'
import { waitBoundsUs } from '../../../firmware/model/queue-counters.ts'
import { ingressQueue, segmentQueue, uplinkQueue } from '../../../firmware/plan/queue-status.ts'
import {
  type QueueWindow,
  quantileUs,
  slide,
  waitsBetween,
} from '../../../firmware/plan/queue-window.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { idle, keptQueues, noCount, queueOf, sampleQueues, waitsOf } from './sample-queue.ts'
import { statusFacts } from './sample-status.ts'

const first = queueOf({ bytes: 1_000_000, waitUs: 5 }, { 4: 1_000 })
const then = queueOf(
  {
    bytes: 2_250_000,
    lostDelay: 20,
    lostFull: 3,
    lostBytes: 34_500,
    marked: 9,
    waitingPackets: 12,
  },
  { 4: 1_000, 10: 900, 12: 100 },
)

function windowOf(...readings: readonly [atMs: number, bulk: typeof first][]): QueueWindow {
  const all = readings.reduce<QueueWindow | null>(
    (window, [atMs, bulk]) => slide(window, { atMs, queues: sampleQueues(bulk) }),
    null,
  )
  return all!
}

test('an uplink that is kept to a rate says who waits for it', () => {
  const waiting = { ...then, waitingBytes: 15_000 }
  const queues = windowOf([0, first], [1_000, waiting])
  const status = composeStatus(statusFacts({ queues }))
  assert.ok(isStatus(status))
  const [wan, lte] = status.uplinks
  assert.equal(lte!.queue, null)
  const { classes, peers, ...rest } = wan!.queue!
  assert.deepEqual(rest, {
    ...{ rateBitsPerSecond: 10_000_000, waitingBytes: 15_000, lateSeconds: 1, peerCount: 2 },
  })
  const bulk = {
    ...{ class: 'bulk', offeredPackets: 2_035, sentPackets: 2_000, sentBytes: 2_250_000 },
    ...{ droppedByDelay: 20, droppedByFull: 3, droppedBytes: 34_500, markedPackets: 9 },
    ...{ waitingPackets: 12, waitingBytes: 15_000 },
  }
  const { delay, ...counted } = classes[3]!
  assert.deepEqual(counted, { ...bulk, sentBitsPerSecond: 10_000_000 })
  // Of 1,000 packets 900 waited 6,144 to 8,192 µs and 100 waited 12,288 to 16,384 µs.
  assert.equal(delay!.packets, 1_000)
  assert.equal(delay!.p50Seconds, (6_144 + (2_048 * 500) / 900) / 1e6)
  assert.equal(delay!.p95Seconds, (12_288 + 4_096 / 2) / 1e6)
  assert.ok(delay!.p99Seconds > delay!.p95Seconds && delay!.p99Seconds <= 0.016384)
  assert.equal(classes[0]!.delay, null)
  assert.deepEqual(peers, [
    { peer: 'hub-1', classes: [bulk] },
    { peer: null, classes: [{ ...peers[1]!.classes[0], class: 'normal', sentPackets: 7 }] },
  ])
})

test('without a reading, and without a rate, there is nothing to tell; with one there are no rates', () => {
  assert.equal(uplinkQueue('wan0', null), null)
  const once = windowOf([0, then])
  assert.equal(uplinkQueue('lte0', once), null)
  assert.equal(uplinkQueue('gone0', once), null)
  const { classes } = uplinkQueue('wan0', once)!
  assert.deepEqual([classes[3]!.sentBitsPerSecond, classes[3]!.delay], [null, null])
})

test('of late is five to ten seconds, once they have passed', () => {
  let window: QueueWindow | null = null
  for (let second = 0; second <= 60; second++) {
    window = slide(window, { atMs: second * 1_000, queues: sampleQueues(first) })
    const late = window.now.atMs - window.before.atMs
    const isWhole = late === second * 1_000 || late >= 5_000
    assert.ok(isWhole && late <= 10_000, `${second}: ${late}`)
  }
})

test('counters that went back began anew', () => {
  assert.deepEqual(waitsBetween(first, then), first.waits)
  const { classes } = uplinkQueue('wan0', windowOf([0, then], [1_000, first]))!
  assert.equal(classes[3]!.sentBitsPerSecond, null)
  assert.equal(classes[3]!.delay!.packets, 1_000)
})

test('a quantile lies within its part, at its end for all of it, and at the last bound above that', () => {
  assert.equal(waitBoundsUs.length, 25)
  assert.deepEqual(waitBoundsUs.slice(0, 5), [256, 384, 512, 768, 1024])
  assert.equal(waitBoundsUs.at(-1), 1_048_576)
  assert.equal(quantileUs(waitsOf({}), 0.5), null)
  assert.equal(quantileUs(waitsOf({ 0: 10 }), 0.5), 128)
  assert.equal(quantileUs(waitsOf({ 0: 10 }), 1), 256)
  assert.equal(quantileUs(waitsOf({ 3: 1, 5: 1 }), 0.5), 768)
  assert.equal(quantileUs(waitsOf({ 25: 1 }), 0.5), 1_048_576)
})

test('of many peers those for whom most waits are told, and how many there are', () => {
  const peers = Array.from({ length: 100 }, (_, at) => ({
    uplink: 'wan0',
    peer: `site-${at}`,
    classes: [{ ...noCount, packets: 1, bytes: at, waitingBytes: at === 3 ? 1 : 0 }],
  }))
  const queues = { ...sampleQueues(idle), peers }
  const answer = uplinkQueue('wan0', slide(null, { atMs: 0, queues }))!
  assert.deepEqual([answer.peerCount, answer.peers.length], [100, mostQueuedPeers])
  assert.deepEqual(
    answer.peers.slice(0, 3).map(({ peer }) => peer),
    ['site-3', 'site-99', 'site-98'],
  )
})

test('what comes from the Internet is told as a class is, and so is each class of a limited segment', () => {
  const waiting = { ...then, waitingBytes: 15_000 }
  const window = [first, waiting].reduce<QueueWindow | null>(
    (before, one, at) => slide(before, { atMs: at * 1_000, queues: keptQueues(one) }),
    null,
  )!
  const status = composeStatus(statusFacts({ queues: window }))
  assert.ok(isStatus(status))
  const [wan, lte] = status.uplinks
  const figures = {
    ...{ offeredPackets: 2_035, sentPackets: 2_000, sentBytes: 2_250_000 },
    ...{ droppedByDelay: 20, droppedByFull: 3, droppedBytes: 34_500, markedPackets: 9 },
    ...{ waitingPackets: 12, waitingBytes: 15_000, sentBitsPerSecond: 10_000_000 },
  }
  const { delay, ...ingress } = wan!.ingress!
  assert.deepEqual(ingress, { rateBitsPerSecond: 8_500_000, lateSeconds: 1, ...figures })
  assert.deepEqual([delay!.packets, delay!.p95Seconds], [1_000, (12_288 + 4_096 / 2) / 1e6])
  assert.equal(lte!.ingress, null)
  const [office, cameras] = status.segments
  for (const [way, rate] of [
    ['up', 5_000_000],
    ['down', 8_000_000],
  ] as const) {
    const { classes, ...rest } = office![way]!
    assert.deepEqual(rest, { rateBitsPerSecond: rate, waitingBytes: 15_000, lateSeconds: 1 })
    assert.deepEqual(classes[3], { class: 'bulk', ...figures, delay })
    assert.equal(classes[0]!.delay, null)
  }
  assert.deepEqual([cameras!.name, cameras!.up], ['cameras', null])
  assert.equal(cameras!.down!.rateBitsPerSecond, 1_000_000)
})

test('without a reading, and where nothing is kept to a rate, neither is told; anew is from nothing', () => {
  assert.deepEqual([ingressQueue('wan0', null), segmentQueue('office', 'up', null)], [null, null])
  const free = slide(null, { atMs: 0, queues: sampleQueues(then) })
  assert.equal(ingressQueue('wan0', free), null)
  assert.deepEqual(composeStatus(statusFacts({ queues: free })).segments[0], {
    ...{ name: 'office', up: null, down: null },
  })
  // It has a rate since the reading before.
  const since = slide(free, { atMs: 1_000, queues: keptQueues(first) })
  assert.equal(ingressQueue('wan0', since)!.delay!.packets, 1_000)
  assert.equal(segmentQueue('office', 'down', since)!.classes[3]!.sentBitsPerSecond, 8_000_000)
})
