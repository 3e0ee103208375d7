/**
 * What waits, for uplinks and for limits, and what has become of what did, at the native border:
 * native/dataplane/include/causeway_queues.h. Classes are in the order of their numbers. A part of program.ts.
 */

/** All but what waits only grows. What came is what left, what was lost and what waits. A train counts each of its packets. */
export interface QueueCounters {
  /** That left, and what they are on the link; of a segment: as IP packets. */
  readonly packets: number
  readonly bytes: number
  /** That these have waited, all together. */
  readonly waitUs: number
  /** Packets that waited too long, and such as there was no room for. */
  readonly lostDelay: number
  readonly lostFull: number
  readonly lostBytes: number
  /** Of those that left, instead of being lost. */
  readonly marked: number
  readonly waitingPackets: number
  readonly waitingBytes: number
}

export interface ClassQueue extends QueueCounters {
  /** Packets that left, by how long they had waited: a part for each of `waitBoundsUs`, and one for all longer waits. */
  readonly waits: readonly number[]
}

/** Since the port was opened, whatever its rate was meanwhile. */
export interface UplinkQueues {
  readonly uplink: string
  /** That it is kept to; 0: nothing waits for it now. */
  readonly bps: number
  readonly classes: readonly ClassQueue[]
  /** What comes from the Internet by it, since that is kept to a rate; 0: it is not, and all of this is 0. It has no classes. */
  readonly ingressBps: number
  readonly ingress: ClassQueue
}

/** Of one by an uplink, since there is something that keeps that to a rate. Nothing of those for whom nothing ever waited. */
export interface PeerQueues {
  readonly uplink: string
  /** '': what the kernel sends, to the Internet above all. */
  readonly peer: string
  readonly classes: readonly QueueCounters[]
}

/** Of one direction; all 0 without a limit. */
export interface LimitQueues {
  readonly bps: number
  readonly classes: readonly ClassQueue[]
}

/** Of a segment that has a limit, since then. */
export interface SegmentQueues {
  readonly segment: string
  readonly up: LimitQueues
  readonly down: LimitQueues
}

export interface Queues {
  readonly uplinks: readonly UplinkQueues[]
  readonly peers: readonly PeerQueues[]
  readonly segments: readonly SegmentQueues[]
}

export const noQueues: Queues = { uplinks: [], peers: [], segments: [] }

/** What a wait of a part is below: two parts in each doubling, from 256 µs to 1,048,576 µs. */
export const waitBoundsUs: readonly number[] = Array.from(
  { length: 25 },
  (_, part) => (part % 2 === 0 ? 256 : 384) * 2 ** Math.floor(part / 2),
)

/** Pairs of an uplink and a peer, at most, and segments: 8 of 1,024 peers and the kernel, and 64. */
export const mostQueues = 8 * 1_025 + 64

/** Packets that came. */
export function offeredOf({ packets, lostDelay, lostFull, waitingPackets }: QueueCounters): number {
  return packets + lostDelay + lostFull + waitingPackets
}
