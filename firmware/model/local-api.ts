/**
 * What the local API answers: schemas and the types derived from them. Fields are only ever added. Times are in
 * seconds and rates in bits per second, as in the metrics.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { PendingChange } from './local-api-config.ts'
import { NatAnswer } from './local-api-nat.ts'
import { IngressQueue, LimitQueue, UplinkQueue } from './local-api-queue.ts'
import { PeerReach } from './local-api-reach.ts'
import { Relaying } from './local-api-relaying.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Quantity = Type.Number({ minimum: 0 })

export const Throughput = Type.Object(
  { rxBitsPerSecond: Quantity, txBitsPerSecond: Quantity },
  closed,
)
export type Throughput = Static<typeof Throughput>

export const UplinkStatus = Type.Object(
  {
    name: Type.String(),
    nic: Type.String(),
    /** With `dhcp` what was lent; none: nothing was. */
    address: Type.Array(Type.String()),
    gateway: Nullable(Type.String()),
    /** Whether the NIC has a carrier, as the datapath sees it; null while that is unknown. */
    isUp: Nullable(Type.Boolean()),
    /** Frames as they cross the NIC; null until two readings exist. */
    throughput: Nullable(Throughput),
    /** What stands between it and others, a reading for each family that was tested. */
    nat: Type.Array(NatAnswer),
    /** Who waits for it; null: it is kept to no rate, or that is not known yet. */
    queue: Nullable(UplinkQueue),
    /** What of the Internet's waits that comes by it; null: nothing does, or that is not known yet. */
    ingress: Nullable(IngressQueue),
  },
  closed,
)
export type UplinkStatus = Static<typeof UplinkStatus>

/** What waits for the limit of a segment; null: that direction has none, or it is not known yet. */
export const SegmentStatus = Type.Object(
  { name: Type.String(), up: Nullable(LimitQueue), down: Nullable(LimitQueue) },
  closed,
)
export type SegmentStatus = Static<typeof SegmentStatus>

export const PeerState = Type.Union([
  /** A session exists, the peer was heard within it, and a path carries packets. */
  Type.Literal('up'),
  /** A handshake is under way. */
  Type.Literal('connecting'),
  /** A session exists, but no path carries packets: `reach` says more. */
  Type.Literal('unreached'),
  Type.Literal('down'),
])
export type PeerState = Static<typeof PeerState>

export const PeerStatus = Type.Object(
  {
    name: Type.String(),
    /** What the configuration says it is in the network; who began a handshake is `handshakeRole` of the sessions. */
    role: Type.String(),
    state: PeerState,
    /** `198.51.100.7:51820` as last authenticated, or null. */
    endpoint: Nullable(Type.String()),
    /** Smoothed round trip in seconds (RFC 6298); null before the first reply. */
    rttSeconds: Nullable(Quantity),
    lastHeardSeconds: Nullable(Quantity),
    /** Code of the last handshake that failed (errors.ts), also while the peer is up; null if none did. */
    lastError: Nullable(Type.String()),
    /** Inner packets; null until two readings exist. */
    throughput: Nullable(Throughput),
    /** Of this box, of the path by which flows go of which no policy says more; null while none is up. */
    uplink: Nullable(Type.String()),
    /** Directly, or through a relay and why. */
    reach: PeerReach,
    /** By state; `untried`: nobody has answered by it yet. Which, and why, `/api/v1/paths` says. */
    paths: Type.Object({ up: Count, down: Count, untried: Count }, closed),
  },
  closed,
)
export type PeerStatus = Static<typeof PeerStatus>

export const ConfigSource = Type.Union([
  Type.Literal('file'),
  /** device.yaml was refused; this is the last one that was not. */
  Type.Literal('last-good'),
  /** One that was handed in and is not confirmed yet. */
  Type.Literal('candidate'),
  /** What a blank box runs until it has an owner. */
  Type.Literal('factory'),
  Type.Literal('none'),
])
export type ConfigSource = Static<typeof ConfigSource>

export const Status = Type.Object(
  {
    version: Type.String(),
    instance: Type.String(),
    /** Null without a usable configuration. */
    site: Nullable(Type.String()),
    revision: Nullable(Count),
    configSource: ConfigSource,
    /** What is configured runs: the machine, the datapath and the sessions are as they should be. */
    isApplied: Type.Boolean(),
    /** Those that are configured and that the machine has not. */
    absentNics: Type.Array(Type.String()),
    /** A change that is not confirmed yet; null without one. */
    pendingChange: Nullable(PendingChange),
    isHealthy: Type.Boolean(),
    /** One sentence for people: what is wrong first, or that all is well. */
    health: Type.String(),
    /** All that is wrong, what matters most first; empty when healthy. */
    problems: Type.Array(Type.String()),
    wireKey: Type.String(),
    uptimeSeconds: Quantity,
    /** Null while the datapath cannot be reached. */
    datapathUptimeSeconds: Nullable(Quantity),
    uplinks: Type.Array(UplinkStatus),
    segments: Type.Array(SegmentStatus),
    peers: Type.Array(PeerStatus),
    /** What it forwards between peers; null: it relays nothing. */
    relaying: Nullable(Relaying),
  },
  closed,
)
export type Status = Static<typeof Status>

export const Health = Type.Object(
  { isHealthy: Type.Boolean(), problems: Type.Array(Type.String()) },
  closed,
)
export type Health = Static<typeof Health>

/** Packets dropped by named reason, since the datapath started; every reason is present. */
export const Drops = Type.Object(
  {
    sinceSeconds: Quantity,
    total: Count,
    reasons: Type.Record(Type.String(), Count),
    /** What each reason means: a sentence for people. */
    meanings: Type.Record(Type.String(), Type.String()),
  },
  closed,
)
export type Drops = Static<typeof Drops>

const status = Compile(Status)
const drops = Compile(Drops)

export function isStatus(value: unknown): value is Status {
  return status.Check(value)
}

export function isDrops(value: unknown): value is Drops {
  return drops.Check(value)
}
