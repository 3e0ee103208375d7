/** What waited for uplinks of late: the last reading of its counters, beside one that is some seconds older. Pure. */
import type { ClassQueue, Queues } from '../model/queue-counters.ts'
import { waitBoundsUs } from '../model/queue-counters.ts'

/** The older one is replaced by one of that age at least; so it is at most twice as old. */
const stepMs = 5_000

export interface QueueReading {
  readonly atMs: number
  readonly queues: Queues
}

/** The same reading thrice at first. */
export interface QueueWindow {
  readonly now: QueueReading
  readonly middle: QueueReading
  readonly before: QueueReading
}

export function slide(window: QueueWindow | null, now: QueueReading): QueueWindow {
  if (window === null) return { now, middle: now, before: now }
  const { middle, before } = window
  const isDue = now.atMs - middle.atMs >= stepMs
  return isDue ? { now, middle: now, before: middle } : { now, middle, before }
}

export function windowMs({ now, before }: QueueWindow): number {
  return now.atMs - before.atMs
}

/** Packets that left of late, by how long they had waited. Counters that went back began anew: then it is all they have. */
export function waitsBetween(
  now: Pick<ClassQueue, 'waits'>,
  before: Pick<ClassQueue, 'waits'> | undefined,
): readonly number[] {
  const grown = now.waits.map((count, part) => count - (before?.waits[part] ?? 0))
  return grown.some((count) => count < 0) ? now.waits : grown
}

/** What that share of waits does not exceed, evenly spread within its part; null: there are none. */
export function quantileUs(waits: readonly number[], share: number): number | null {
  const total = waits.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let left = share * total
  for (const [part, count] of waits.entries()) {
    const least = part === 0 ? 0 : waitBoundsUs[part - 1]!
    const most = waitBoundsUs[part] ?? least
    if (count > 0 && left <= count) return least + (most - least) * (left / count)
    left -= count
  }
  return waitBoundsUs.at(-1)!
}
