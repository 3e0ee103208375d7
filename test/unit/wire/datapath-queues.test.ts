/** What waits, byte by byte as causeway_queues.h has it; and its question as C writes it (native/fuzz/seeds_border.c). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClassQueue, QueueCounters } from '../../../firmware/model/queue-counters.ts'
import { RecordWriter } from '../../../firmware/wire/bytes.ts'
import { interfaceBytes, nameBytes, recordSizes, verbs } from '../../../firmware/wire/datapath.ts'
import { decodeQueues, encodeQueuesAsk } from '../../../firmware/wire/datapath-queues.ts'

const corpus = join(import.meta.dirname, '../../../native/fuzz/corpus/call/queues')

/** Each field is another number. */
function counters(seed: number): QueueCounters {
  return {
    ...{ packets: seed + 1, bytes: seed + 2, waitUs: 2 ** 40 + seed },
    ...{ lostDelay: seed + 4, lostFull: seed + 5, lostBytes: seed + 6, marked: seed + 7 },
    ...{ waitingPackets: seed + 8, waitingBytes: seed + 9 },
  }
}

function put(out: RecordWriter, one: QueueCounters): void {
  out.u64(one.packets).u64(one.bytes).u64(one.waitUs)
  out.u64(one.lostDelay).u64(one.lostFull).u64(one.lostBytes).u64(one.marked)
  out.u32(one.waitingPackets).u32(one.waitingBytes)
}

function classOf(seed: number): ClassQueue {
  const waits = Array.from({ length: 26 }, (_, part) => seed * 10 + part)
  return { ...counters(seed), waits }
}

function putClasses(out: RecordWriter, seeds: readonly number[]): void {
  for (const seed of seeds) {
    put(out, counters(seed))
    for (const count of classOf(seed).waits) out.u64(count)
  }
}

/** One uplink, two peers and a segment; @param next place to ask from for more */
function answer(next: number): Buffer {
  const { queuesHead, queueUplink, queuePeer, queueSegment } = recordSizes
  const out = new RecordWriter(queuesHead + queueUplink + 2 * queuePeer + queueSegment)
  out.u32(1).u32(2).u32(next).u32(1).name('wan0', interfaceBytes).u64(10_000_000)
  putClasses(out, [0, 100, 200, 300])
  out.u64(8_500_000)
  putClasses(out, [400])
  for (const peer of ['', 'lisbon']) {
    out.name('wan0', interfaceBytes).name(peer, nameBytes)
    for (let at = 0; at < 4; at++) put(out, counters(peer.length * 1_000 + at * 100))
  }
  out.name('guests', nameBytes).u64(5_000_000)
  putClasses(out, [500, 600, 700, 800])
  out.u64(20_000_000)
  putClasses(out, [900, 1_000, 1_100, 1_200])
  return out.end()
}

test('an answer is read as its header has it', () => {
  const { uplinks, peers, segments, next } = decodeQueues(answer(0))
  assert.equal(next, null)
  assert.deepEqual(uplinks, [
    {
      uplink: 'wan0',
      bps: 10_000_000,
      classes: [0, 100, 200, 300].map(classOf),
      ingressBps: 8_500_000,
      ingress: classOf(400),
    },
  ])
  assert.deepEqual(segments, [
    {
      segment: 'guests',
      up: { bps: 5_000_000, classes: [500, 600, 700, 800].map(classOf) },
      down: { bps: 20_000_000, classes: [900, 1_000, 1_100, 1_200].map(classOf) },
    },
  ])
  assert.deepEqual(
    peers,
    ['', 'lisbon'].map((peer) => ({
      ...{ uplink: 'wan0', peer },
      classes: [0, 1, 2, 3].map((at) => counters(peer.length * 1_000 + at * 100)),
    })),
  )
  assert.equal(decodeQueues(answer(129)).next, 129)
})

test('one that is cut short is refused', () => {
  assert.throws(() => decodeQueues(answer(0).subarray(0, -1)), { code: 'WIRE_TRUNCATED' })
})

test('the question is written as C writes it', () => {
  const call = (first: number): Buffer => {
    const head = Buffer.from([verbs.queues, 0, 0, 0, 4])
    head.writeUInt16BE(2_000, 1)
    return Buffer.concat([head, encodeQueuesAsk(first)])
  }
  assert.deepEqual(Buffer.concat([call(0), call(5_000)]), readFileSync(corpus))
})
