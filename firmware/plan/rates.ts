/**
 * Rates out of two readings of the counters. Pure. A counter that went back was reset (the datapath restarted):
 * then there is no rate, rather than a wrong one.
 */
import type { Throughput } from '../model/local-api.ts'
import type { PathCounters } from '../model/path-program.ts'
import type { Counters } from '../model/program.ts'

export interface Rates {
  /** Inner bits per second, by peer. */
  readonly peers: ReadonlyMap<string, Throughput>
  /** Bits per second on the NIC, by twin. */
  readonly ports: ReadonlyMap<string, Throughput>
  /** Inner bits per second, by `pathKey()`. */
  readonly paths: ReadonlyMap<string, Throughput>
}

export const noRates: Rates = { peers: new Map(), ports: new Map(), paths: new Map() }

/** One path of all: a number is another's only once its counters have begun anew. */
export function pathKey({ peer, number }: Pick<PathCounters, 'peer' | 'number'>): string {
  return `${peer} ${number}`
}

/** Two readings closer than this say more about their own timing than about traffic. */
const leastElapsedMs = 100

/** The datapath's own clock measures the distance: a late reading is no burst. */
export function ratesBetween(earlier: Counters, later: Counters): Rates {
  const elapsedMs = later.uptimeMs - earlier.uptimeMs
  if (elapsedMs < leastElapsedMs) return noRates
  return {
    peers: each(earlier.peers, later.peers, ({ peer }) => peer, elapsedMs),
    ports: each(earlier.ports, later.ports, ({ twin }) => twin, elapsedMs),
    paths: each(earlier.paths, later.paths, pathKey, elapsedMs),
  }
}

interface Bytes {
  readonly rxBytes: number
  readonly txBytes: number
}

function each<Item extends Bytes>(
  earlier: readonly Item[],
  later: readonly Item[],
  keyOf: (item: Item) => string,
  elapsedMs: number,
): Map<string, Throughput> {
  const before = new Map(earlier.map((item) => [keyOf(item), item]))
  const rates = new Map<string, Throughput>()
  for (const item of later) {
    const from = before.get(keyOf(item))
    if (from === undefined || item.rxBytes < from.rxBytes || item.txBytes < from.txBytes) continue
    rates.set(keyOf(item), {
      rxBitsPerSecond: ((item.rxBytes - from.rxBytes) * 8000) / elapsedMs,
      txBitsPerSecond: ((item.txBytes - from.txBytes) * 8000) / elapsedMs,
    })
  }
  return rates
}
