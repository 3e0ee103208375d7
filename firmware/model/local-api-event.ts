/** What the event stream of the local API tells: first how all is, then what changes. */
import Type, { type Static } from 'typebox'
import { PeerState, Status } from './local-api.ts'
import { ErrorPart } from './local-api-config.ts'
import { SampleEvent } from './local-api-history.ts'
import { PathFaultName } from './local-api-path.ts'
import { PeerReach } from './local-api-reach.ts'
import { ToldEvent } from './local-api-recent.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** One that was handed in, on its way. */
export const ConfigChangeEvent = Type.Object(
  {
    kind: Type.Literal('change'),
    revision: Type.Integer({ minimum: 0 }),
    step: Type.Union([
      Type.Literal('begun'),
      /** It runs, and waits for its confirm. */
      Type.Literal('in-place'),
      Type.Literal('confirmed'),
      Type.Literal('taken-back'),
    ]),
    /** Of one in place: until it is taken back. */
    remainingSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Why it was taken back. */
    reason: Type.Optional(ErrorPart),
  },
  closed,
)
export type ConfigChangeEvent = Static<typeof ConfigChangeEvent>

const somePath = {
  peer: Type.String(),
  /** Of this box, by name. */
  uplink: Type.String(),
  /** The peer's, by its number; null: it has not said. */
  remoteUplink: Nullable(Type.Integer({ minimum: 0 })),
  endpoint: Type.String(),
}

/** One went up or down. */
export const PathChangeEvent = Type.Object(
  {
    kind: Type.Literal('path'),
    ...somePath,
    state: Type.Union([Type.Literal('up'), Type.Literal('down')]),
    /** Why it is down, as a word and as a sentence; null of one that is up. */
    reason: Nullable(PathFaultName),
    explanation: Nullable(Type.String()),
  },
  closed,
)
export type PathChangeEvent = Static<typeof PathChangeEvent>

/** Flows of which no policy says more go by this one from now on. */
export const BestPathEvent = Type.Object({ kind: Type.Literal('best-path'), ...somePath }, closed)
export type BestPathEvent = Static<typeof BestPathEvent>

/** A peer is reached in another way than before. */
export const ReachEvent = Type.Object(
  {
    kind: Type.Literal('reach'),
    peer: Type.String(),
    how: PeerReach.properties.how,
    relay: Nullable(Type.String()),
    reason: PeerReach.properties.reason,
    explanation: Nullable(Type.String()),
  },
  closed,
)
export type ReachEvent = Static<typeof ReachEvent>

export const ApiEvent = Type.Union([
  /** The first one on every stream. */
  Type.Object({ kind: Type.Literal('status'), status: Status }, closed),
  Type.Object(
    {
      kind: Type.Literal('health'),
      isHealthy: Type.Boolean(),
      problems: Type.Array(Type.String()),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('datapath'), isConnected: Type.Boolean() }, closed),
  /** Another one runs than before, for good. */
  Type.Object(
    {
      kind: Type.Literal('config'),
      revision: Nullable(Type.Integer({ minimum: 0 })),
      source: Type.String(),
    },
    closed,
  ),
  ConfigChangeEvent,
  Type.Object(
    { kind: Type.Literal('uplink'), uplink: Type.String(), isUp: Nullable(Type.Boolean()) },
    closed,
  ),
  /** State null: it is configured no more. */
  Type.Object(
    { kind: Type.Literal('peer'), peer: Type.String(), state: Nullable(PeerState) },
    closed,
  ),
  PathChangeEvent,
  BestPathEvent,
  ReachEvent,
  /** What became of an update: it proved itself, or was gone back from. */
  Type.Object(
    {
      kind: Type.Literal('firmware'),
      version: Type.String(),
      isProven: Type.Boolean(),
      reason: Nullable(Type.String()),
    },
    closed,
  ),
  ToldEvent,
  SampleEvent,
])
export type ApiEvent = Static<typeof ApiEvent>
