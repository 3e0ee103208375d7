/**
 * What waits for uplinks, as metrics. Pure. The delay is a histogram of each class of an uplink; of peers there are counters alone, of
 * those classes of which something ever came. The label `peer` is `(internet)`, which no peer can be called, of what leaves in clear.
 */
import { trafficClasses } from '../model/device-config-qos.ts'
import {
  type ClassQueue,
  offeredOf,
  type QueueCounters,
  type Queues,
  waitBoundsUs,
} from '../model/queue-counters.ts'
import { family, type Labels, sample } from './exposition.ts'

export const internetLabel = '(internet)'

/** @param queues null while they cannot be read: there are then no metrics of them */
export function queueFamilies(site: Labels, queues: Queues | null): string[] {
  // One that never was kept to a rate has nothing to tell.
  const uplinks = (queues?.uplinks ?? []).filter(
    ({ bps, classes }) => bps > 0 || classes.some((queue) => offeredOf(queue) > 0),
  )
  const byClass = uplinks.flatMap(({ uplink, classes }) =>
    classes.map((queue, at) => ({
      labels: { ...site, uplink, class: trafficClasses[at]! },
      queue,
    })),
  )
  const byPeer = (queues?.peers ?? []).flatMap(({ uplink, peer, classes }) =>
    classes.flatMap((queue, at) => {
      const name = peer === '' ? internetLabel : peer
      const labels = { ...site, uplink, peer: name, class: trafficClasses[at]! }
      return offeredOf(queue) === 0 ? [] : [{ labels, queue }]
    }),
  )
  return [
    family(
      'queue_rate_bits_per_second',
      'gauge',
      'What the uplink is kept to; 0: no rate is known now.',
      uplinks.map(({ uplink, bps }) => sample({ ...site, uplink }, bps)),
    ),
    family(
      'queue_waiting_bytes',
      'gauge',
      'What waits for the uplink.',
      byClass.map(({ labels, queue }) => sample(labels, queue.waitingBytes)),
    ),
    ...trafficFamilies('queue', 'a class of the uplink', byClass),
    family('queue_delay_seconds', 'histogram', 'How long packets waited that were sent.', [
      ...byClass.flatMap(({ labels, queue }) => histogram(labels, queue)),
    ]),
    ...trafficFamilies('queue_peer', 'a class of one peer by the uplink', byPeer),
  ]
}

interface Counted {
  readonly labels: Labels
  readonly queue: QueueCounters
}

function trafficFamilies(prefix: string, what: string, counted: readonly Counted[]): string[] {
  const each = (pick: (queue: QueueCounters) => number, more: Labels = {}): string[] =>
    counted.map(({ labels, queue }) => sample({ ...labels, ...more }, pick(queue)))
  return [
    family(
      `${prefix}_offered_packets_total`,
      'counter',
      `Packets that came to wait, of ${what}.`,
      each(offeredOf),
    ),
    family(
      `${prefix}_sent_packets_total`,
      'counter',
      `Packets that left, of ${what}.`,
      each(({ packets }) => packets),
    ),
    family(
      `${prefix}_sent_bytes_total`,
      'counter',
      'The same in bytes on the link.',
      each(({ bytes }) => bytes),
    ),
    family(
      `${prefix}_dropped_packets_total`,
      'counter',
      `Packets dropped, of ${what}: they waited too long (delay), or there was no room (full).`,
      [
        ...each(({ lostDelay }) => lostDelay, { reason: 'delay' }),
        ...each(({ lostFull }) => lostFull, { reason: 'full' }),
      ],
    ),
    family(
      `${prefix}_dropped_bytes_total`,
      'counter',
      'The same in bytes on the link, for either reason.',
      each(({ lostBytes }) => lostBytes),
    ),
    family(
      `${prefix}_marked_packets_total`,
      'counter',
      `Packets that left with a mark that the link is full (ECN), of ${what}.`,
      each(({ marked }) => marked),
    ),
  ]
}

/** Each doubling is one bucket. A wait of just that bound is in the next one. */
function histogram(labels: Labels, { waits, waitUs, packets }: ClassQueue): string[] {
  let sum = 0
  const buckets = waits.slice(0, -1).flatMap((count, part) => {
    sum += count
    const le = String(waitBoundsUs[part]! / 1e6)
    return part % 2 === 0 ? [`_bucket${sample({ ...labels, le }, sum)}`] : []
  })
  return [
    ...buckets,
    `_bucket${sample({ ...labels, le: '+Inf' }, packets)}`,
    `_sum${sample(labels, waitUs / 1e6)}`,
    `_count${sample(labels, packets)}`,
  ]
}
