/** The figures of this second, of uplinks and peers, out of the counters. Pure. What they mean stands in local-api-history.ts. */
import {
  type LiveFigures,
  mostHistoryNames,
  mostSampledPeers,
  type SampleEvent,
} from '../model/local-api-history.ts'
import type { DirectionQuality, PathCounters } from '../model/path-program.ts'
import type { Counters } from '../model/program.ts'
import { type NumberedUplinks, uplinkName } from './path-status.ts'
import type { Rates } from './rates.ts'

export interface SampleFacts {
  /** Those that are configured; null: there is no configuration. */
  readonly config: {
    readonly uplinks: readonly { readonly name: string }[]
    readonly peers: readonly { readonly name: string }[]
  } | null
  /** Null: the datapath does not answer. */
  readonly counters: Counters | null
  readonly rates: Rates
  /** By number, as the counters have them. */
  readonly uplinks: NumberedUplinks
}

export interface Sample {
  readonly uplinks: readonly LiveFigures[]
  readonly peers: readonly LiveFigures[]
}

type Quality = Pick<LiveFigures, 'lossRatio' | 'latencySeconds' | 'jitterSeconds'>

const unknown: Quality = { lossRatio: null, latencySeconds: null, jitterSeconds: null }

export function sampleOf({ config, counters, rates, uplinks }: SampleFacts): Sample {
  const ports = new Map(counters?.ports.map(({ twin, isUp }) => [twin, isUp]))
  const inSession = new Set<string>()
  for (const { peer, localIndex } of counters?.peers ?? []) {
    if (localIndex !== 0) inSession.add(peer)
  }
  const reached = new Set<string>()
  const ofPeer = new Map<string, Quality>()
  const ofUplink = new Map<string, Quality>()
  for (const path of counters?.paths ?? []) {
    if (path.state !== 'up' || !inSession.has(path.peer)) continue
    reached.add(path.peer)
    const quality = qualityOf(path)
    if (path.isBest) ofPeer.set(path.peer, quality)
    if (path.isRelayed) continue
    const name = uplinkName(uplinks, path.uplink)
    ofUplink.set(name, leastOf(ofUplink.get(name) ?? unknown, quality))
  }
  const isUp = (peer: string): boolean | null => (counters === null ? null : reached.has(peer))
  return {
    uplinks: (config?.uplinks ?? []).map(({ name }) => ({
      name,
      isUp: ports.get(name) ?? null,
      ...throughputOf(rates.ports.get(name)),
      ...(ofUplink.get(name) ?? unknown),
    })),
    peers: (config?.peers ?? []).map(({ name }) => ({
      name,
      isUp: isUp(name),
      ...throughputOf(rates.peers.get(name)),
      ...(ofPeer.get(name) ?? unknown),
    })),
  }
}

/** As it is told: of many peers those with most traffic, in the order of the configuration; figures with four digits. */
export function sampleEvent({ uplinks, peers }: Sample, atSeconds: number): SampleEvent {
  const busiest = new Set(
    peers.length <= mostSampledPeers
      ? peers
      : [...peers]
          .sort((one, other) => trafficOf(other) - trafficOf(one))
          .slice(0, mostSampledPeers),
  )
  return {
    kind: 'sample',
    atSeconds,
    uplinks: uplinks.slice(0, mostHistoryNames).map(rounded),
    peers: peers.filter((peer) => busiest.has(peer)).map(rounded),
  }
}

function throughputOf(rates: { rxBitsPerSecond: number; txBitsPerSecond: number } | undefined) {
  return {
    rxBitsPerSecond: rates?.rxBitsPerSecond ?? null,
    txBitsPerSecond: rates?.txBitsPerSecond ?? null,
  }
}

function qualityOf({ in: rx, out: tx, rttUs }: PathCounters): Quality {
  const loss = worse(rx, tx, 'lossPpm')
  const jitter = worse(rx, tx, 'jitterUs')
  return {
    lossRatio: loss === null ? null : loss / 1e6,
    latencySeconds: rttUs === null ? null : rttUs / 1e6,
    jitterSeconds: jitter === null ? null : jitter / 1e6,
  }
}

function worse(
  one: DirectionQuality,
  other: DirectionQuality,
  what: 'lossPpm' | 'jitterUs',
): number | null {
  const [here, there] = [one[what], other[what]]
  if (here === null || there === null) return here ?? there
  return Math.max(here, there)
}

function leastOf(one: Quality, other: Quality): Quality {
  return {
    lossRatio: least(one.lossRatio, other.lossRatio),
    latencySeconds: least(one.latencySeconds, other.latencySeconds),
    jitterSeconds: least(one.jitterSeconds, other.jitterSeconds),
  }
}

function least(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}

function trafficOf({ rxBitsPerSecond, txBitsPerSecond }: LiveFigures): number {
  return (rxBitsPerSecond ?? 0) + (txBitsPerSecond ?? 0)
}

function rounded(figures: LiveFigures): LiveFigures {
  return {
    name: figures.name,
    isUp: figures.isUp,
    rxBitsPerSecond: digits(figures.rxBitsPerSecond),
    txBitsPerSecond: digits(figures.txBitsPerSecond),
    lossRatio: digits(figures.lossRatio),
    latencySeconds: digits(figures.latencySeconds),
    jitterSeconds: digits(figures.jitterSeconds),
  }
}

/** Four of them: more than a chart shows. */
export function digits(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4))
}
