/** The records of native/dataplane/include/causeway_queues.h as bytes. See datapath.ts. */
import { trafficClasses } from '../model/device-config-qos.ts'
import {
  type ClassQueue,
  type LimitQueues,
  type PeerQueues,
  type QueueCounters,
  type Queues,
  type SegmentQueues,
  type UplinkQueues,
  waitBoundsUs,
} from '../model/queue-counters.ts'
import { RecordReader, RecordWriter } from './bytes.ts'
import { interfaceBytes, nameBytes } from './datapath.ts'

/** @param first the place to tell from; 0 at first */
export function encodeQueuesAsk(first: number): Buffer {
  return new RecordWriter(4).u32(first).end()
}

/** A part of what there is: uplinks with the first. And from which place on there is more; null: this was the last. */
export function decodeQueues(bytes: Uint8Array): Queues & { readonly next: number | null } {
  const from = new RecordReader(bytes)
  const uplinkCount = from.u32()
  const peerCount = from.u32()
  const next = from.u32()
  const segmentCount = from.u32()
  const uplinks = Array.from({ length: uplinkCount }, () => decodeUplink(from))
  const peers = Array.from({ length: peerCount }, () => decodePeer(from))
  const segments = Array.from({ length: segmentCount }, () => decodeSegment(from))
  return { uplinks, peers, segments, next: next === 0 ? null : next }
}

function decodeUplink(from: RecordReader): UplinkQueues {
  return {
    uplink: from.name(interfaceBytes),
    ...decodeLimit(from),
    ingressBps: from.u64(),
    ingress: decodeClass(from),
  }
}

function decodeSegment(from: RecordReader): SegmentQueues {
  return { segment: from.name(nameBytes), up: decodeLimit(from), down: decodeLimit(from) }
}

function decodeLimit(from: RecordReader): LimitQueues {
  return { bps: from.u64(), classes: trafficClasses.map(() => decodeClass(from)) }
}

function decodeClass(from: RecordReader): ClassQueue {
  const sum = decodeCounters(from)
  return { ...sum, waits: Array.from({ length: waitBoundsUs.length + 1 }, () => from.u64()) }
}

function decodePeer(from: RecordReader): PeerQueues {
  return {
    uplink: from.name(interfaceBytes),
    peer: from.name(nameBytes),
    classes: trafficClasses.map(() => decodeCounters(from)),
  }
}

function decodeCounters(from: RecordReader): QueueCounters {
  return {
    packets: from.u64(),
    bytes: from.u64(),
    waitUs: from.u64(),
    lostDelay: from.u64(),
    lostFull: from.u64(),
    lostBytes: from.u64(),
    marked: from.u64(),
    waitingPackets: from.u32(),
    waitingBytes: from.u32(),
  }
}
