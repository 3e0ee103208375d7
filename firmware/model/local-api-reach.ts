/** What the local API says about how a peer is reached: directly, or through a relay and why. */
import Type, { type Static } from 'typebox'
import { type RelayedReason, relayedReasons } from './relayed-reason.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Quantity = Type.Number({ minimum: 0 })
/** One of these. */
const Words = <const Word extends string>(list: readonly Word[]) =>
  Type.Unsafe<Word>(Type.Union(list.map((word) => Type.Literal(word))))

/** `none`: no path carries packets. */
export const reachKinds = ['direct', 'relayed', 'none'] as const
export type ReachKind = (typeof reachKinds)[number]

/** What came of asking a relay for a channel to the peer. `absent`: the peer has no session with it. */
export const channelStates = ['open', 'asked', 'refused', 'absent', 'full', 'no-session'] as const
export type ChannelState = (typeof channelStates)[number]

export const PeerReach = Type.Object(
  {
    how: Words(reachKinds),
    seconds: Quantity,
    /** The peer that forwards, where it is relayed. */
    relay: Nullable(Type.String()),
    /** Why a relayed one is not reached directly, as a word and as a sentence. */
    reason: Nullable(Words(Object.keys(relayedReasons) as RelayedReason[])),
    explanation: Nullable(Type.String()),
    /** Until a direct way is looked for again; null: that is under way, or not needed. */
    nextTrySeconds: Nullable(Quantity),
    /** Of those that were asked, or would be. */
    channels: Type.Array(
      Type.Object({ relay: Type.String(), state: Words(channelStates) }, closed),
    ),
  },
  closed,
)
export type PeerReach = Static<typeof PeerReach>
