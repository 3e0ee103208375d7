/**
 * What the local API says about who waits: for a full uplink, for what may come in from the Internet by one, for a segment's limit. Of
 * each class what came, left, was dropped and marked, and how long it waited. Bytes are those on the link, with every header; of a
 * segment those of IP packets. What came is what was sent, what was dropped and what waits.
 */
import Type, { type Static } from 'typebox'
import { TrafficClass } from './device-config-qos.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Quantity = Type.Number({ minimum: 0 })

/** Of the peers for which something ever waited the answer has that many; `peerCount` says how many there are. */
export const mostQueuedPeers = 64

const traffic = {
  offeredPackets: Count,
  sentPackets: Count,
  sentBytes: Count,
  /** They waited too long, and could not be marked instead. */
  droppedByDelay: Count,
  /** There was no room for them. */
  droppedByFull: Count,
  droppedBytes: Count,
  /** Of those that were sent: told that the link is full (ECN, RFC 3168). */
  markedPackets: Count,
  waitingPackets: Count,
  waitingBytes: Count,
} as const

export const QueueTraffic = Type.Object({ class: TrafficClass, ...traffic }, closed)
export type QueueTraffic = Static<typeof QueueTraffic>

/** How long those waited that were sent of late: what so many percent do not exceed, to a quarter of it. */
export const QueueDelay = Type.Object(
  { packets: Count, p50Seconds: Quantity, p95Seconds: Quantity, p99Seconds: Quantity },
  closed,
)
export type QueueDelay = Static<typeof QueueDelay>

const late = {
  /** Of late; null until two readings exist. */
  sentBitsPerSecond: Nullable(Quantity),
  /** Null where nothing was sent of late. */
  delay: Nullable(QueueDelay),
} as const

export const QueuedClass = Type.Object({ class: TrafficClass, ...traffic, ...late }, closed)
export type QueuedClass = Static<typeof QueuedClass>

export const QueuedPeer = Type.Object(
  {
    /** Null: the Internet, and whatever else the box itself sends by the uplink in clear. */
    peer: Nullable(Type.String()),
    /** Those of which something ever came. */
    classes: Type.Array(QueueTraffic),
  },
  closed,
)
export type QueuedPeer = Static<typeof QueuedPeer>

const shaped = {
  /** That is let go, and no more: `up` of an uplink, `limit` of a segment. */
  rateBitsPerSecond: Quantity,
  waitingBytes: Count,
  /** How far back "of late" goes. */
  lateSeconds: Quantity,
  classes: Type.Array(QueuedClass),
} as const

export const UplinkQueue = Type.Object(
  {
    ...shaped,
    peerCount: Count,
    /** For whom most waits first, then for whom most was sent. Counted since the uplink has a rate. */
    peers: Type.Array(QueuedPeer, { maxItems: mostQueuedPeers }),
  },
  closed,
)
export type UplinkQueue = Static<typeof UplinkQueue>

/** What comes from the Internet by an uplink, all of it together. Counted since it is kept to a rate. */
export const IngressQueue = Type.Object(
  {
    /** Of `down` that share that the Internet may have: what other sites send by it is taken from that. */
    rateBitsPerSecond: Quantity,
    lateSeconds: Quantity,
    ...traffic,
    ...late,
  },
  closed,
)
export type IngressQueue = Static<typeof IngressQueue>

/** One direction of a segment. Counted since it has a limit. */
export const LimitQueue = Type.Object(shaped, closed)
export type LimitQueue = Static<typeof LimitQueue>
