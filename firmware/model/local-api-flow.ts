/** What the local API says of flows that pass now: those in the datapath's table, and those that break out by the kernel's NAT. */
import Type, { type Static } from 'typebox'
import { TrafficClass } from './device-config-qos.ts'
import { closed } from './device-config-words.ts'

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const words = <const Word extends string>(list: readonly Word[]) =>
  Type.Unsafe<Word>(Type.Union(list.map((word) => Type.Literal(word))))

/** `held`: no path may carry it now. */
export const flowVerdicts = ['to-peer', 'breaks-out', 'held'] as const

export const FlowAnswer = Type.Object(
  {
    verdict: words(flowVerdicts),
    /** Who begins, as far as is known, and with whom. */
    source: Type.String(),
    destination: Type.String(),
    /** 0 where there are none. */
    sourcePort: Count,
    destinationPort: Count,
    /** IP protocol number. */
    protocol: Count,
    /** Null: the kernel does not know. */
    segment: Nullable(Type.String()),
    peer: Nullable(Type.String()),
    /** By which it leaves; null: it is not known. */
    uplink: Nullable(Type.String()),
    policy: Nullable(Type.String()),
    /** That its policy says; null: its mark does. */
    class: Nullable(TrafficClass),
    /** Since its last packet; null: not told. */
    idleSeconds: Nullable(Type.Number({ minimum: 0 })),
    /** Null: not counted. `isMore`: so many at least. */
    packets: Nullable(Count),
    bytes: Nullable(Count),
    isMore: Type.Boolean(),
  },
  closed,
)
export type FlowAnswer = Static<typeof FlowAnswer>

/** Those of the last minute, the latest first, at most 300. */
export const FlowsAnswer = Type.Object(
  {
    flows: Type.Array(FlowAnswer),
    /** Places of the table that are taken, and that there are; null: not read yet. */
    inUse: Nullable(Count),
    places: Nullable(Count),
    /** What this list covers, and what not. */
    sentence: Type.String(),
  },
  closed,
)
export type FlowsAnswer = Static<typeof FlowsAnswer>
