/** What a box forwards as a relay, from the last two readings of its channels. Pure. */
import {
  mostRelayedPairs,
  type RelayedPair,
  type RelayedTraffic,
  type Relaying,
} from '../model/local-api-relaying.ts'
import type { ChannelCounters, ChannelTraffic } from '../model/traversal-program.ts'

/** So often channels are read: each 256 of them are a call to the worker. */
export const readingPeriodMs = 5_000

export interface RelayingFacts {
  readonly rateBps: number
  readonly now: readonly ChannelCounters[]
  readonly before: readonly ChannelCounters[]
  /** Between the two. */
  readonly gapMs: number
}

/** @param facts null: it relays nothing */
export function relayingAnswer(facts: RelayingFacts | null): Relaying | null {
  if (facts === null) return null
  const before = new Map(facts.before.map((channel) => [keyOf(channel), channel]))
  const pairs = facts.now
    .map((channel) => pairOf(channel, before.get(keyOf(channel)), facts.gapMs))
    .toSorted((a, b) => Number(isLimited(b)) - Number(isLimited(a)) || bytesOf(b) - bytesOf(a))
    .slice(0, mostRelayedPairs)
  return { rateBitsPerSecond: facts.rateBps, pairCount: facts.now.length, pairs }
}

/** Null: no channel joins the two. */
export function channelBetween(
  facts: RelayingFacts | null,
  one: string,
  other: string,
): ChannelCounters | null {
  const found = facts?.now.find(({ peer, to }) => {
    return (peer === one && to === other) || (peer === other && to === one)
  })
  return found ?? null
}

export function isLimited({ traffic }: RelayedPair): boolean {
  return traffic.some((way) => way.isLimited)
}

function pairOf(
  now: ChannelCounters,
  before: ChannelCounters | undefined,
  gapMs: number,
): RelayedPair {
  // Of one that was not read before, all that was kept back is of the present only where the channel is.
  const isFresh = before === undefined && now.ageMs < readingPeriodMs
  const kept = ({ limitedPackets }: ChannelTraffic): number => (isFresh ? 0 : limitedPackets)
  return {
    peers: [now.peer, now.to],
    seconds: now.ageMs / 1000,
    unusedSeconds: now.unusedMs / 1000,
    traffic: [
      trafficOf(
        now.peer,
        now.fromPeer,
        before?.fromPeer,
        gapMs,
        kept(before?.fromPeer ?? now.fromPeer),
      ),
      trafficOf(now.to, now.fromTo, before?.fromTo, gapMs, kept(before?.fromTo ?? now.fromTo)),
    ],
  }
}

function trafficOf(
  from: string,
  now: ChannelTraffic,
  before: ChannelTraffic | undefined,
  gapMs: number,
  limitedBefore: number,
): RelayedTraffic {
  const grown = before === undefined ? null : Math.max(0, now.bytes - before.bytes)
  return {
    ...{ from, ...now },
    bitsPerSecond: grown === null || gapMs <= 0 ? null : (grown * 8_000) / gapMs,
    isLimited: now.limitedPackets > limitedBefore,
  }
}

function keyOf({ peer, channel }: ChannelCounters): string {
  return `${peer} ${channel}`
}

function bytesOf({ traffic }: RelayedPair): number {
  return traffic.reduce((sum, { bytes }) => sum + bytes, 0)
}
