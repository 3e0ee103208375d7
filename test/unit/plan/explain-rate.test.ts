/** Who waits beside a flow's answers from the Internet, and for the limit of its segment, up and down. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainText } from '../../../firmware/cli/explain-text.ts'
import { answerTo, fromHub, inward, nowhere } from './explain-answer.ts'
import { keptQueues, queueOf, sampleQueues } from './sample-queue.ts'

const before = keptQueues(queueOf({}, { 4: 1_000 }))
const now = keptQueues(queueOf({ waitingPackets: 12, waitingBytes: 15_000 }, { 4: 1_000, 10: 100 }))
const queues = { now, before }
const bulk = { class: 'bulk' } as const
const away = { ...nowhere, ...bulk, from: 'lan', toSegment: '' } as const
const toInternet = { ask: { to: '8.8.8.8' }, queues }
const wait = '12 packets of bulk wait (15.0 kB); 95 % waited up to 8.1 ms of late'

/** The rows of that name. */
function rows(name: string, ...asked: Parameters<typeof answerTo>): string[] {
  const lines = explainText(answerTo(...asked)).split('\n')
  return lines.filter((line) => line.startsWith(name.padEnd(9))).map((line) => line.slice(9))
}

test('a flow to the Internet: its answers wait inwards by its uplink, and both for its segment', () => {
  const { ingress, limits } = answerTo(away, toInternet)
  const { delay, ...rest } = ingress!
  const waiting = { waitingPackets: 12, waitingBytes: 15_000 }
  assert.deepEqual(rest, { uplink: 'wan0', rateBitsPerSecond: 8_500_000, ...waiting })
  assert.equal(delay!.packets, 100)
  const office = { segment: 'office', ...waiting, delay }
  assert.deepEqual(limits, [
    { ...office, direction: 'up', isOfAnswers: false, rateBitsPerSecond: 5_000_000 },
    { ...office, direction: 'down', isOfAnswers: true, rateBitsPerSecond: 8_000_000 },
  ])
  assert.deepEqual(rows('ingress', away, toInternet), [
    'its answers, by wan0 at 8.5 Mbit/s: 12 packets from the Internet wait (15.0 kB); 95 % waited up to 8.1 ms of late',
  ])
  assert.deepEqual(rows('limit', away, toInternet), [
    `office, up 5.0 Mbit/s: ${wait}`,
    `office, down 8.0 Mbit/s (of its answers): ${wait}`,
  ])
})

test('to a peer nothing comes from the Internet; up counts where it leaves, down where its answers arrive', () => {
  const { ingress, limits } = answerTo(bulk, { queues })
  assert.equal(ingress, null)
  assert.deepEqual(
    limits.map(({ segment, direction, isOfAnswers }) => [segment, direction, isOfAnswers]),
    [
      ['office', 'up', false],
      ['office', 'down', true],
    ],
  )
  // cameras has no limit up.
  const across = { ...bulk, toSegment: 'cameras' }
  assert.deepEqual(rows('limit', across, { queues }), [
    `office, down 8.0 Mbit/s (of its answers): ${wait}`,
  ])
  assert.deepEqual(rows('limit', { ...bulk, from: 'box' }, { queues }), [
    `office, up 5.0 Mbit/s: ${wait}`,
  ])
  const transit = { ...bulk, from: 'transit', fromPeer: 'lisbon' } as const
  assert.deepEqual(rows('limit', transit, { queues }), [])
})

test('from a peer it is the other way round', () => {
  assert.deepEqual(rows('limit', { ...inward, ...bulk }, { ...fromHub, queues }), [
    `office, down 8.0 Mbit/s: ${wait}`,
    `office, up 5.0 Mbit/s (of its answers): ${wait}`,
  ])
  const across = { ...inward, ...bulk, toSegment: 'cameras' }
  assert.deepEqual(rows('limit', across, { ...fromHub, queues }), [
    'cameras, down 1.0 Mbit/s: nothing of bulk waits',
    `office, up 5.0 Mbit/s (of its answers): ${wait}`,
  ])
})

test('of a class of which nothing waits; and where nothing is kept to a rate, or read', () => {
  assert.deepEqual(rows('limit', { class: 'voice' }, { queues }), [
    'office, up 5.0 Mbit/s: nothing of voice waits',
    'office, down 8.0 Mbit/s (of its answers): nothing of voice waits',
  ])
  const free = sampleQueues(queueOf({}))
  for (const none of [null, { now: free, before: free }]) {
    const { ingress, limits } = answerTo(away, { ...toInternet, queues: none })
    assert.deepEqual([ingress, limits], [null, []])
  }
  const home = { hop: 'box', peer: '', ...bulk, paths: [], path: null, port: '' } as const
  assert.deepEqual(answerTo(home, { ask: { to: '10.1.0.1' }, queues }).limits, [])
})
