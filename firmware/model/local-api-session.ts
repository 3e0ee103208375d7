/** What the local API says about sessions: everything but their secrets. */
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Seconds = Type.Number({ minimum: 0 })

export const SessionAnswer = Type.Object(
  {
    peer: Type.String(),
    /** `up` and `rekeying` carry data; `down` means that nothing is being tried either. */
    state: Type.Union([
      Type.Literal('connecting'),
      Type.Literal('up'),
      Type.Literal('rekeying'),
      Type.Literal('down'),
    ]),
    /** In this state; `up` and `rekeying` count as one. */
    stateSeconds: Seconds,
    /** This box's, in the handshake that the current keypair is from; null without one, as all below. */
    handshakeRole: Nullable(Type.Union([Type.Literal('initiator'), Type.Literal('responder')])),
    /** Null also after a restart of the gateway, until the next rekey. */
    suite: Nullable(Type.String()),
    uplink: Nullable(Type.String()),
    endpoint: Nullable(Type.String()),
    /** Age of the current keypair. */
    keypairSeconds: Nullable(Seconds),
    /** Completed since the peer was configured. */
    handshakes: Count,
    rekeys: Count,
    /** Handshakes and rekeys that failed, by reason. */
    failures: Type.Record(Type.String(), Count),
    lastError: Nullable(Type.String()),
  },
  closed,
)
export type SessionAnswer = Static<typeof SessionAnswer>

export const SessionsAnswer = Type.Object({ sessions: Type.Array(SessionAnswer) }, closed)
export type SessionsAnswer = Static<typeof SessionsAnswer>
