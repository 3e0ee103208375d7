/** What waits for uplinks, for tests that change something of it: wan0 at 10 Mbit/s, of which bulk for hub-1 has all. */
import type { ClassQueue, QueueCounters, Queues } from '../../../firmware/model/queue-counters.ts'

export const noCount: QueueCounters = {
  ...{ packets: 0, bytes: 0, waitUs: 0 },
  ...{ lostDelay: 0, lostFull: 0, lostBytes: 0, marked: 0 },
  ...{ waitingPackets: 0, waitingBytes: 0 },
}

/** @param parts packets by how long they waited: `{ 4: 100 }` */
export function waitsOf(parts: Readonly<Record<number, number>>): number[] {
  return Array.from({ length: 26 }, (_, part) => parts[part] ?? 0)
}

export function queueOf(
  change: Partial<QueueCounters>,
  parts: Readonly<Record<number, number>> = {},
): ClassQueue {
  const waits = waitsOf(parts)
  const packets = waits.reduce((sum, count) => sum + count, 0)
  return { ...noCount, packets, ...change, waits }
}

export const idle = queueOf({})

const noIngress = { ingressBps: 0, ingress: idle }

/** @param bulk that wan0 has of it, and hub-1 too */
export function sampleQueues(bulk: ClassQueue): Queues {
  const { waits: _, ...counters } = bulk
  return {
    uplinks: [
      { uplink: 'wan0', bps: 10_000_000, classes: [idle, idle, idle, bulk], ...noIngress },
      { uplink: 'lte0', bps: 0, classes: [idle, idle, idle, idle], ...noIngress },
    ],
    peers: [
      {
        uplink: 'wan0',
        peer: '',
        classes: [noCount, noCount, { ...noCount, packets: 7 }, noCount],
      },
      { uplink: 'wan0', peer: 'hub-1', classes: [noCount, noCount, noCount, counters] },
    ],
    segments: [],
  }
}

/** The same, where what comes from the Internet by wan0 is kept to 8.5 Mbit/s, office to 5 and 8 Mbit/s, and cameras to 1 Mbit/s down. */
export function keptQueues(bulk: ClassQueue): Queues {
  const { uplinks, ...rest } = sampleQueues(idle)
  const limitOf = (bps: number, last: ClassQueue) => ({ bps, classes: [idle, idle, idle, last] })
  return {
    ...rest,
    uplinks: uplinks.map((one) =>
      one.uplink === 'wan0' ? { ...one, ingressBps: 8_500_000, ingress: bulk } : one,
    ),
    segments: [
      { segment: 'office', up: limitOf(5_000_000, bulk), down: limitOf(8_000_000, bulk) },
      { segment: 'cameras', up: limitOf(0, idle), down: limitOf(1_000_000, idle) },
    ],
  }
}
