/** How the status reads of what is kept to a rate, an uplink, what comes by it, a segment: a row for each class of which something came. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queueText } from '../../../firmware/cli/queue-text.ts'
import type { Queues } from '../../../firmware/model/queue-counters.ts'
import { ingressQueue, segmentQueue, uplinkQueue } from '../../../firmware/plan/queue-status.ts'
import { slide } from '../../../firmware/plan/queue-window.ts'
import { idle, keptQueues, queueOf, sampleQueues } from '../plan/sample-queue.ts'

const bulk = queueOf(
  { lostDelay: 20, lostFull: 3, waitingPackets: 12, waitingBytes: 15_000 },
  { 16: 200 },
)

function textOf(...readings: readonly ReturnType<typeof queueOf>[]): string {
  return textOfQueues(readings.map(sampleQueues))
}

function textOfQueues(readings: readonly Queues[]): string {
  const window = readings.reduce<Parameters<typeof slide>[0]>(
    (before, queues, at) => slide(before, { atMs: at * 1_000, queues }),
    null,
  )
  return queueText(
    ['wan0', 'lte0'].map((name) => ({
      ...{ name, queue: uplinkQueue(name, window), ingress: ingressQueue(name, window) },
    })),
    ['office', 'cameras', 'guests'].map((name) => ({
      name,
      ...{ up: segmentQueue(name, 'up', window), down: segmentQueue(name, 'down', window) },
    })),
  )
}

test('who waited, what was dropped, and how long it took of late', () => {
  assert.equal(
    textOf(idle, bulk),
    [
      'QUEUE OF  RATE         CLASS  SENT  DROPPED  MARKED  WAITING  DELAY P95',
      'wan0      10.0 Mbit/s  bulk   200   23       –       15.0 kB  65 ms',
      '',
    ].join('\n'),
  )
})

test('a class that sent nothing of late has no delay; an idle uplink has a row without class; none has no table', () => {
  assert.match(textOf(bulk), /bulk {3}200 {3}23 {7}– {7}15\.0 kB {2}–\n$/)
  assert.match(textOf(idle), /^wan0 {6}10\.0 Mbit\/s {2}– /m)
  assert.equal(queueText([{ name: 'wan0', queue: null, ingress: null }], []), '')
})

test('what comes from the Internet has one row and no class; a segment has those of each way that is limited', () => {
  assert.equal(
    textOfQueues([keptQueues(idle), keptQueues(bulk)]),
    [
      'QUEUE OF      RATE         CLASS  SENT  DROPPED  MARKED  WAITING  DELAY P95',
      'wan0          10.0 Mbit/s  –      –     –        –       –        –',
      'wan0 ingress  8.5 Mbit/s   –      200   23       –       15.0 kB  65 ms',
      'office up     5.0 Mbit/s   bulk   200   23       –       15.0 kB  65 ms',
      'office down   8.0 Mbit/s   bulk   200   23       –       15.0 kB  65 ms',
      'cameras down  1.0 Mbit/s   –      –     –        –       –        –',
      '',
    ].join('\n'),
  )
})
