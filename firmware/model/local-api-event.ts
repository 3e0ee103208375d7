/** What the event stream of the local API tells: first how all is, then what changes. */
import Type, { type Static } from 'typebox'
import { PeerState, Status } from './local-api.ts'
import { ErrorPart } from './local-api-config.ts'

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
])
export type ApiEvent = Static<typeof ApiEvent>
