/** What happened of late, in words: the last events of a box as sentences for people, kept across restarts. */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const SecondsOf1970 = Type.Number({ minimum: 0 })

/** How many are kept. */
export const mostRecentEvents = 500

export const EventSeverity = Type.Union([
  /** Something is well again. */
  Type.Literal('good'),
  Type.Literal('info'),
  /** Something is worse than it should be, and works. */
  Type.Literal('warning'),
  /** Something does not work. */
  Type.Literal('bad'),
])
export type EventSeverity = Static<typeof EventSeverity>

export const RecentEvent = Type.Object(
  {
    /** Grows; one that is told again with the same number is the same event, which has gone on: see `times`. */
    number: Type.Integer({ minimum: 1 }),
    /** What it is about: `box` for the start of the gateway. */
    kind: Type.Union([
      Type.Literal('box'),
      Type.Literal('datapath'),
      Type.Literal('health'),
      Type.Literal('config'),
      Type.Literal('uplink'),
      Type.Literal('peer'),
      Type.Literal('path'),
      Type.Literal('reach'),
    ]),
    /** Name of the uplink or the peer; null where it is about neither. */
    subject: Nullable(Type.String({ maxLength: 64 })),
    severity: EventSeverity,
    /** One sentence, complete: `wan0 is down`, `wan0 went down and came back 7 times in 5 minutes`. */
    sentence: Type.String({ maxLength: 400 }),
    /** When it happened; of one that repeats, last. By the box's clock as it was then. */
    atSeconds: SecondsOf1970,
    /** Of one that repeats: how often, and when it began. Else 1 and `atSeconds`. */
    times: Type.Integer({ minimum: 1 }),
    sinceSeconds: SecondsOf1970,
  },
  closed,
)
export type RecentEvent = Static<typeof RecentEvent>

/** GET /api/v1/events/recent: newest first. */
export const RecentEventsAnswer = Type.Object(
  { events: Type.Array(RecentEvent, { maxItems: mostRecentEvents }) },
  closed,
)
export type RecentEventsAnswer = Static<typeof RecentEventsAnswer>

/** On the stream of events: one is new, or one of before has gone on. */
export const ToldEvent = Type.Object({ kind: Type.Literal('told'), event: RecentEvent }, closed)
export type ToldEvent = Static<typeof ToldEvent>

const kept = Compile(Type.Array(RecentEvent))

export function isRecentEvents(value: unknown): value is RecentEvent[] {
  return kept.Check(value)
}
