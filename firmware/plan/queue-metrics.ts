/**
 * What waits for uplinks, inwards by them and for limits of segments, as metrics. Pure. The delay is a histogram of each class; of peers
 * there are counters alone. Of peers and segments there are only those classes of which something ever came. The label `peer` is
 * `(internet)`, which no peer can be called, of what leaves in clear.
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
    ...shapedFamilies(
      'queue',
      {
        rate: 'What the uplink is kept to; 0: no rate is known now.',
        ...{ of: 'a class of the uplink', sizes: onLink },
      },
      uplinks.map(({ uplink, bps }) => [{ ...site, uplink }, bps]),
      byClass,
    ),
    ...trafficFamilies(
      'queue_peer',
      { of: 'a class of one peer by the uplink', sizes: onLink },
      byPeer,
    ),
    ...ingressFamilies(site, queues?.uplinks ?? []),
    ...segmentFamilies(site, queues?.segments ?? []),
  ]
}

function ingressFamilies(site: Labels, all: Queues['uplinks']): string[] {
  const kept = all.filter(({ ingressBps }) => ingressBps > 0)
  return shapedFamilies(
    'queue_ingress',
    {
      rate: 'What the Internet has of the uplink inwards, less what other sites send by it.',
      ...{ of: 'what comes from the Internet by the uplink', sizes: onLink },
    },
    kept.map(({ uplink, ingressBps }) => [{ ...site, uplink }, ingressBps]),
    kept.map(({ uplink, ingress }) => ({ labels: { ...site, uplink }, queue: ingress })),
  )
}

function segmentFamilies(site: Labels, all: Queues['segments']): string[] {
  const limits = all
    .flatMap(({ segment, up, down }) => [
      { labels: { ...site, segment, direction: 'up' }, ...up },
      { labels: { ...site, segment, direction: 'down' }, ...down },
    ])
    .filter(({ bps }) => bps > 0)
  return shapedFamilies(
    'queue_segment',
    {
      rate: 'The limit of the segment in that direction.',
      ...{ of: 'a class of the segment', sizes: 'of IP packets' },
    },
    limits.map(({ labels, bps }) => [labels, bps]),
    limits.flatMap(({ labels, classes }) =>
      classes.flatMap((queue, at) =>
        offeredOf(queue) === 0
          ? []
          : [{ labels: { ...labels, class: trafficClasses[at]! }, queue }],
      ),
    ),
  )
}

interface Counted {
  readonly labels: Labels
  readonly queue: QueueCounters
}

interface Words {
  /** Whose packets. */
  readonly of: string
  /** What bytes are counted. */
  readonly sizes: string
}

const onLink = 'on the link'

/** Of what is kept to a rate of its own. */
function shapedFamilies(
  prefix: string,
  { rate, ...words }: Words & { readonly rate: string },
  rates: readonly (readonly [Labels, bps: number])[],
  counted: readonly (Counted & { readonly queue: ClassQueue })[],
): string[] {
  return [
    family(
      `${prefix}_rate_bits_per_second`,
      'gauge',
      rate,
      rates.map(([labels, bps]) => sample(labels, bps)),
    ),
    family(
      `${prefix}_waiting_bytes`,
      'gauge',
      `What waits, of ${words.of}.`,
      counted.map(({ labels, queue }) => sample(labels, queue.waitingBytes)),
    ),
    ...trafficFamilies(prefix, words, counted),
    family(`${prefix}_delay_seconds`, 'histogram', 'How long packets waited that were sent.', [
      ...counted.flatMap(({ labels, queue }) => histogram(labels, queue)),
    ]),
  ]
}

function trafficFamilies(
  prefix: string,
  { of: what, sizes }: Words,
  counted: readonly Counted[],
): string[] {
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
      `The same in bytes ${sizes}.`,
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
      `The same in bytes ${sizes}, for either reason.`,
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
