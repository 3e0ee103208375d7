/** Who waits for an uplink, in the words of the local API. Pure. */
import { trafficClasses } from '../model/device-config-qos.ts'
import {
  mostQueuedPeers,
  type QueueDelay,
  type QueuedClass,
  type QueuedPeer,
  type QueueTraffic,
  type UplinkQueue,
} from '../model/local-api-queue.ts'
import {
  type ClassQueue,
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
  const before = queuesOf(window.before.queues, name)
  const gapMs = windowMs(window)
  const peers = window.now.queues.peers.filter((peer) => peer.uplink === name)
  return {
    rateBitsPerSecond: uplink.bps,
    waitingBytes: uplink.classes.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
    lateSeconds: gapMs / 1000,
    classes: uplink.classes.map((queue, at) => classAnswer(queue, before?.classes[at], at, gapMs)),
    peerCount: peers.length,
    peers: peers.toSorted(byNeed).slice(0, mostQueuedPeers).map(peerAnswer),
  }
}

function queuesOf({ uplinks }: Queues, name: string): UplinkQueues | undefined {
  return uplinks.find(({ uplink }) => uplink === name)
}

function classAnswer(
  now: ClassQueue,
  before: ClassQueue | undefined,
  at: number,
  gapMs: number,
): QueuedClass {
  const grown = now.bytes - (before?.bytes ?? 0)
  return {
    ...trafficOf(now, at),
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
  return {
    class: trafficClasses[at]!,
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
