/**
 * Receiver indices: random, not zero, unique on the box, and at rest for a keypair's life before they are used
 * again, so that no late packet meets a stranger's keypair. wire.md, "Sealed data".
 */
import type { Clock } from '../../host/clock/clock.ts'

export interface Indices {
  take(): number
  /** Marks an index of the datapath as taken: a restarted gateway finds keypairs installed. */
  claim(index: number): void
  /** Idempotent. */
  release(index: number): void
}

/** More resting indices than any honest use produces; beyond, the longest rested ones are freed early. */
const restingLimit = 65_536

export function openIndices(
  clock: Clock,
  random: (bytes: number) => Uint8Array,
  restMs: number,
): Indices {
  const taken = new Set<number>()
  const resting = new Map<number, number>()

  const wake = (nowMs: number): void => {
    for (const [index, sinceMs] of resting) {
      if (nowMs - sinceMs < restMs && resting.size <= restingLimit) return
      resting.delete(index)
    }
  }
  return {
    take: () => {
      wake(clock.nowMs())
      for (;;) {
        const bytes = random(4)
        const index = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
        if (index === 0 || taken.has(index) || resting.has(index)) continue
        taken.add(index)
        return index
      }
    },
    claim: (index) => {
      resting.delete(index)
      taken.add(index)
    },
    release: (index) => {
      if (taken.delete(index)) resting.set(index, clock.nowMs())
    },
  }
}
