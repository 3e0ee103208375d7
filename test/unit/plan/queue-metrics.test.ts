/** What waits for uplinks as metrics: a real histogram, counters by class and peer, and labels that traffic cannot make more of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internetLabel, queueFamilies } from '../../../firmware/plan/queue-metrics.ts'
import { idle, keptQueues, queueOf, sampleQueues } from './sample-queue.ts'

const bulk = queueOf(
  {
    ...{ bytes: 9_000, waitUs: 2_500_000, lostDelay: 2, lostFull: 3, lostBytes: 4_000 },
    ...{ marked: 4, waitingPackets: 5, waitingBytes: 6_000 },
  },
  { 0: 1, 1: 2, 2: 3, 25: 4 },
)
const text = queueFamilies({ site: 'berlin' }, sampleQueues(bulk)).join('')
const lines = text.split('\n')
const ofBulk = 'site="berlin",uplink="wan0",class="bulk"'
const ofHub = 'site="berlin",uplink="wan0",peer="hub-1",class="bulk"'

test('each figure is a counter of its class, and of its peer', () => {
  for (const [prefix, labels] of [
    ['queue', ofBulk],
    ['queue_peer', ofHub],
  ]) {
    for (const line of [
      `causeway_${prefix}_offered_packets_total{${labels}} 20`,
      `causeway_${prefix}_sent_packets_total{${labels}} 10`,
      `causeway_${prefix}_sent_bytes_total{${labels}} 9000`,
      `causeway_${prefix}_dropped_packets_total{${labels},reason="delay"} 2`,
      `causeway_${prefix}_dropped_packets_total{${labels},reason="full"} 3`,
      `causeway_${prefix}_dropped_bytes_total{${labels}} 4000`,
      `causeway_${prefix}_marked_packets_total{${labels}} 4`,
    ]) {
      assert.ok(lines.includes(line), line)
    }
  }
  assert.ok(lines.includes(`causeway_queue_waiting_bytes{${ofBulk}} 6000`))
  assert.ok(
    lines.includes('causeway_queue_rate_bits_per_second{site="berlin",uplink="wan0"} 10000000'),
  )
})

test('the delay is a histogram: buckets add up to the count, and end with all', () => {
  assert.ok(lines.includes('# TYPE causeway_queue_delay_seconds histogram'))
  const buckets = lines.flatMap((line) => {
    const match = /^causeway_queue_delay_seconds_bucket\{(.*),le="(.*)"\} (\d+)$/.exec(line)
    return match?.[1] === ofBulk ? [[match[2]!, Number(match[3])] as const] : []
  })
  assert.equal(buckets.length, 14)
  assert.deepEqual(buckets.slice(0, 3), [
    ['0.000256', 1],
    ['0.000512', 6],
    ['0.001024', 6],
  ])
  assert.deepEqual(buckets.at(-2), ['1.048576', 6])
  assert.deepEqual(buckets.at(-1), ['+Inf', 10])
  assert.ok(buckets.every(([, count], at) => at === 0 || count >= buckets[at - 1]![1]))
  assert.ok(lines.includes(`causeway_queue_delay_seconds_sum{${ofBulk}} 2.5`))
  assert.ok(lines.includes(`causeway_queue_delay_seconds_count{${ofBulk}} 10`))
})

test('there are none of an uplink without a rate, nor of a class that nobody sent to a peer', () => {
  assert.doesNotMatch(text, /lte0/)
  assert.equal(text.match(/queue_peer_sent_packets_total\{/g)!.length, 2)
  const internet = `site="berlin",uplink="wan0",peer="${internetLabel}",class="normal"`
  assert.ok(lines.includes(`causeway_queue_peer_sent_packets_total{${internet}} 7`))
  assert.equal(queueFamilies({ site: 'berlin' }, null).join(''), '')
})

test('an uplink that lost its rate keeps what it has counted', () => {
  const queues = sampleQueues(bulk)
  const [wan, lte] = queues.uplinks
  const uplinks = [{ ...wan!, bps: 0 }, lte!]
  const after = queueFamilies({ site: 'x' }, { ...queues, peers: [], uplinks })
  assert.match(after.join(''), /queue_rate_bits_per_second\{site="x",uplink="wan0"\} 0\n/)
  assert.match(
    after.join(''),
    /queue_sent_packets_total\{site="x",uplink="wan0",class="bulk"\} 10\n/,
  )
})

test('what comes from the Internet, and for the limit of a segment, is told in the same words', () => {
  const kept = queueFamilies({ site: 'x' }, keptQueues(bulk)).join('').split('\n')
  for (const [prefix, labels] of [
    ['queue_ingress', 'site="x",uplink="wan0"'],
    ['queue_segment', 'site="x",segment="office",direction="up",class="bulk"'],
    ['queue_segment', 'site="x",segment="office",direction="down",class="bulk"'],
  ]) {
    for (const line of [
      `causeway_${prefix}_waiting_bytes{${labels}} 6000`,
      `causeway_${prefix}_offered_packets_total{${labels}} 20`,
      `causeway_${prefix}_sent_bytes_total{${labels}} 9000`,
      `causeway_${prefix}_dropped_packets_total{${labels},reason="delay"} 2`,
      `causeway_${prefix}_dropped_packets_total{${labels},reason="full"} 3`,
      `causeway_${prefix}_marked_packets_total{${labels}} 4`,
      `causeway_${prefix}_delay_seconds_bucket{${labels},le="0.000512"} 6`,
      `causeway_${prefix}_delay_seconds_count{${labels}} 10`,
    ]) {
      assert.ok(kept.includes(line), line)
    }
  }
  for (const line of [
    'causeway_queue_ingress_rate_bits_per_second{site="x",uplink="wan0"} 8500000',
    'causeway_queue_segment_rate_bits_per_second{site="x",segment="office",direction="up"} 5000000',
    'causeway_queue_segment_rate_bits_per_second{site="x",segment="cameras",direction="down"} 1000000',
  ]) {
    assert.ok(kept.includes(line), line)
  }
  // Of what has no rate, and of classes of which nothing came, there are none.
  assert.ok(kept.every((line) => !/queue_ingress.*lte0/.test(line)))
  assert.ok(kept.every((line) => !/cameras.*(direction="up"|class=)/.test(line)))
  assert.ok(kept.every((line) => !/queue_segment.*class="voice"/.test(line)))
  assert.doesNotMatch(queueFamilies({ site: 'x' }, sampleQueues(idle)).join(''), /ingress|segment/)
})
