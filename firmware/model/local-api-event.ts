/** What the event stream of the local API tells: first how all is, then what changes. */
import Type, { type Static } from 'typebox'
import { PeerState, Status } from './local-api.ts'
import { PendingChange } from './local-api-config.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

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
  Type.Object(
    {
      kind: Type.Literal('config'),
      revision: Nullable(Type.Integer({ minimum: 0 })),
      source: Type.String(),
      pendingChange: Nullable(PendingChange),
    },
    closed,
  ),
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
