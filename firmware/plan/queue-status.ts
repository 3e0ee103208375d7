/** Who waits for an uplink, inwards by one, and for a segment's limit, in the words of the local API. Pure. */
import { trafficClasses } from '../model/device-config-qos.ts'
import {
  type IngressQueue,
  type LimitQueue,
  mostQueuedPeers,
  type QueueDelay,
  type QueuedClass,
  type QueuedPeer,
  type QueueTraffic,
  type UplinkQueue,
} from '../model/local-api-queue.ts'
import {
  type ClassQueue,
  type LimitQueues,
  offeredOf,
  type PeerQueues,
  type QueueCounters,
  type Queues,
  type UplinkQueues,
} from '../model/queue-counters.ts'
import { type QueueWindow, quantileUs, waitsBetween, windowMs } from './queue-window.ts'

/** Null: it is kept to no rate, and nothing waits for it; or that is not known. */
export function uplinkQueue(name: string, window: QueueWindow | null): UplinkQueue | null {
  const uplink = window === null ? undefined : queuesOf(window.now.queues, name)
  if (window === null || uplink === undefined || uplink.bps === 0) return null
  const peers = window.now.queues.peers.filter((peer) => peer.uplink === name)
  return {
    ...shapedAnswer(uplink, queuesOf(window.before.queues, name), windowMs(window)),
    peerCount: peers.length,
    peers: peers.toSorted(byNeed).slice(0, mostQueuedPeers).map(peerAnswer),
  }
}

/** Null: what comes from the Internet by it is kept to no rate, or that is not known. */
export function ingressQueue(name: string, window: QueueWindow | null): IngressQueue | null {
  const uplink = window === null ? undefined : queuesOf(window.now.queues, name)
  if (window === null || uplink === undefined || uplink.ingressBps === 0) return null
  const before = queuesOf(window.before.queues, name)?.ingress
  const gapMs = windowMs(window)
  return {
    rateBitsPerSecond: uplink.ingressBps,
    lateSeconds: gapMs / 1000,
    ...countsOf(uplink.ingress),
    ...lateOf(uplink.ingress, before, gapMs),
  }
}

/** Null: it has no limit that way, or that is not known. */
export function segmentQueue(
  name: string,
  way: 'up' | 'down',
  window: QueueWindow | null,
): LimitQueue | null {
  const now = window === null ? undefined : limitOf(window.now.queues, name, way)
  if (window === null || now === undefined || now.bps === 0) return null
  return shapedAnswer(now, limitOf(window.before.queues, name, way), windowMs(window))
}

/** Undefined: the segment has no limit at all. */
export function limitOf(
  { segments }: Queues,
  name: string,
  way: 'up' | 'down',
): LimitQueues | undefined {
  return segments.find(({ segment }) => segment === name)?.[way]
}

function queuesOf({ uplinks }: Queues, name: string): UplinkQueues | undefined {
  return uplinks.find(({ uplink }) => uplink === name)
}

function shapedAnswer(
  now: LimitQueues,
  before: LimitQueues | undefined,
  gapMs: number,
): LimitQueue {
  return {
    rateBitsPerSecond: now.bps,
    waitingBytes: now.classes.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
    lateSeconds: gapMs / 1000,
    classes: now.classes.map((queue, at) => ({
      ...trafficOf(queue, at),
      ...lateOf(queue, before?.classes[at], gapMs),
    })),
  }
}

function lateOf(
  now: ClassQueue,
  before: ClassQueue | undefined,
  gapMs: number,
): Pick<QueuedClass, 'sentBitsPerSecond' | 'delay'> {
  const grown = now.bytes - (before?.bytes ?? 0)
  return {
    sentBitsPerSecond: gapMs <= 0 || grown < 0 ? null : (grown * 8_000) / gapMs,
    delay: gapMs <= 0 ? null : delayOf(waitsBetween(now, before)),
  }
}

/** Null: nothing left. */
export function delayOf(waits: readonly number[]): QueueDelay | null {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantileUs(waits, share))
  if (p50 == null || p95 == null || p99 == null) return null
  const packets = waits.reduce((sum, count) => sum + count, 0)
  return { packets, p50Seconds: p50 / 1e6, p95Seconds: p95 / 1e6, p99Seconds: p99 / 1e6 }
}

function peerAnswer({ peer, classes }: PeerQueues): QueuedPeer {
  const told = classes
    .map((counters, at) => trafficOf(counters, at))
    .filter(({ offeredPackets }) => offeredPackets > 0)
  return { peer: peer === '' ? null : peer, classes: told }
}

function trafficOf(counters: QueueCounters, at: number): QueueTraffic {
  return { class: trafficClasses[at]!, ...countsOf(counters) }
}

function countsOf(counters: QueueCounters): Omit<QueueTraffic, 'class'> {
  return {
    offeredPackets: offeredOf(counters),
    sentPackets: counters.packets,
    sentBytes: counters.bytes,
    droppedByDelay: counters.lostDelay,
    droppedByFull: counters.lostFull,
    droppedBytes: counters.lostBytes,
    markedPackets: counters.marked,
    waitingPackets: counters.waitingPackets,
    waitingBytes: counters.waitingBytes,
  }
}

function byNeed(one: PeerQueues, other: PeerQueues): number {
  const waiting = ({ classes }: PeerQueues): number =>
    classes.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0)
  const sent = ({ classes }: PeerQueues): number =>
    classes.reduce((sum, { bytes }) => sum + bytes, 0)
  return waiting(other) - waiting(one) || sent(other) - sent(one)
}
