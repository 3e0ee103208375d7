/** What the local API says about a box as a relay: for which pairs of peers it forwards, how much, and whom its rate limits. */
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const Count = Type.Integer({ minimum: 0 })
const Quantity = Type.Number({ minimum: 0 })

/** Of these the answer has that many; `pairCount` says how many there are. */
export const mostRelayedPairs = 64

/** Sealed datagrams that came from one of the two, in bytes of UDP payload, since the channel was opened. */
export const RelayedTraffic = Type.Object(
  {
    from: Type.String(),
    packets: Count,
    bytes: Count,
    /** Of the last seconds; null until two readings exist. */
    bitsPerSecond: Type.Union([Quantity, Type.Null()]),
    /** Dropped, since the rate of the channel was used up. */
    limitedPackets: Count,
    limitedBytes: Count,
    /** Some were within the last seconds. */
    isLimited: Type.Boolean(),
  },
  closed,
)
export type RelayedTraffic = Static<typeof RelayedTraffic>

export const RelayedPair = Type.Object(
  {
    peers: Type.Array(Type.String(), { minItems: 2, maxItems: 2 }),
    /** Since when there is the channel, and how long nothing has gone by it. */
    seconds: Quantity,
    unusedSeconds: Quantity,
    /** Of each of the two. */
    traffic: Type.Array(RelayedTraffic, { minItems: 2, maxItems: 2 }),
  },
  closed,
)
export type RelayedPair = Static<typeof RelayedPair>

export const Relaying = Type.Object(
  {
    /** Of a channel, in each direction. */
    rateBitsPerSecond: Quantity,
    pairCount: Count,
    /** Those that are limited first, then by how much goes by them. */
    pairs: Type.Array(RelayedPair, { maxItems: mostRelayedPairs }),
  },
  closed,
)
export type Relaying = Static<typeof Relaying>
