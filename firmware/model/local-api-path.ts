/** What the local API says about paths: of each peer every pair of an uplink here and an address there that is known. */
import Type, { type Static } from 'typebox'
import { Throughput } from './local-api.ts'
import { PeerReach } from './local-api-reach.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Quantity = Type.Number({ minimum: 0 })

export const PathStateName = Type.Union([
  /** Nobody has answered by it yet. */
  Type.Literal('untried'),
  Type.Literal('up'),
  Type.Literal('down'),
])

/** Why a path is not up: path-reason.ts has the sentences. */
export const PathFaultName = Type.Union([
  Type.Literal('untried'),
  Type.Literal('silent'),
  Type.Literal('unanswered'),
  Type.Literal('deaf'),
  Type.Literal('no-uplink'),
  Type.Literal('no-relay'),
  Type.Literal('no-session'),
])

/** Null where too little was sent of late to say. */
export const PathQuality = Type.Object(
  {
    lossRatio: Nullable(Quantity),
    /** Overtaken by others on the way. */
    lateRatio: Nullable(Quantity),
    /** Mean delay above the least. */
    jitterSeconds: Nullable(Quantity),
  },
  closed,
)
export type PathQuality = Static<typeof PathQuality>

export const PathAnswer = Type.Object(
  {
    /** On the wire, with what leaves by it; 255: it has none before somebody answered. */
    number: Count,
    /** Of this box, by name. */
    uplink: Type.String(),
    /** The peer's, by its number; null: it has not said. */
    remoteUplink: Nullable(Count),
    /** `relay hub-1` where it goes through a relay. */
    endpoint: Type.String(),
    /** The peer that forwards; null of a direct one. */
    relay: Nullable(Type.String()),
    state: PathStateName,
    stateSeconds: Quantity,
    /** Why it is not up, as a word and as a sentence; null of one that is. */
    reason: Nullable(PathFaultName),
    explanation: Nullable(Type.String()),
    lastHeardSeconds: Nullable(Quantity),
    /** At either end. */
    isMetered: Type.Boolean(),
    isBackup: Type.Boolean(),
    /** Flows of which no policy says more go by it. */
    isBest: Type.Boolean(),
    /** No endpoint of the configuration: the peer was heard from there. */
    isLearned: Type.Boolean(),
    /** Round trip: smoothed (RFC 6298), and what so many percent do not exceed. Null before the first answer. */
    rttSeconds: Nullable(Quantity),
    rttP50Seconds: Nullable(Quantity),
    rttP95Seconds: Nullable(Quantity),
    rttP99Seconds: Nullable(Quantity),
    /** Of what comes, as counted here; of what leaves, as the far end reports. */
    rx: PathQuality,
    tx: PathQuality,
    /** Largest inner packet that it takes whole; null before one went. */
    mtuBytes: Nullable(Count),
    /** Inner packets; null until two readings exist. */
    throughput: Nullable(Throughput),
    /** How often it went down since the datapath knows it. */
    failures: Count,
  },
  closed,
)
export type PathAnswer = Static<typeof PathAnswer>

export const PeerPaths = Type.Object(
  { peer: Type.String(), reach: PeerReach, paths: Type.Array(PathAnswer) },
  closed,
)
export type PeerPaths = Static<typeof PeerPaths>

export const PathsAnswer = Type.Object({ peers: Type.Array(PeerPaths) }, closed)
export type PathsAnswer = Static<typeof PathsAnswer>
