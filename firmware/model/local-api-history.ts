/**
 * What the local API says of how uplinks, peers and the box were: figures over time in columns, as a chart takes them, and the
 * live figures of this second.
 */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Quantity = Type.Number({ minimum: 0 })

/** What can be asked for: how long it is, and how long each of its points. */
export const historySpans = {
  minutes: { seconds: 600, stepSeconds: 2 },
  hour: { seconds: 3_600, stepSeconds: 10 },
  day: { seconds: 86_400, stepSeconds: 300 },
  week: { seconds: 7 * 86_400, stepSeconds: 1_800 },
  month: { seconds: 30 * 86_400, stepSeconds: 7_200 },
} as const
export type HistorySpan = keyof typeof historySpans

/** Most points of an answer. */
export const mostHistoryPoints = 400

/** Whose history is kept: so many uplinks and peers in all, in the order of the configuration. */
export const mostHistoryNames = 128

/** `hour`: the last one; `hour-3`: the one that ended three hours ago. `minutes` has no earlier ones. */
export const SpanText = Type.String({
  pattern: '^(minutes|(hour|day|week|month)(-[1-9][0-9]?)?)$',
  maxLength: 8,
})

/** GET /api/v1/history/uplinks/:name/:span and /api/v1/history/peers/:name/:span */
export const HistoryOfNameParams = Type.Object({ name: Name, span: SpanText }, closed)
export type HistoryOfNameParams = Static<typeof HistoryOfNameParams>

/** GET /api/v1/history/box/:span */
export const HistoryOfBoxParams = Type.Object({ span: SpanText }, closed)
export type HistoryOfBoxParams = Static<typeof HistoryOfBoxParams>

/** A value a point, oldest first; null: the box was off, or nothing was known. */
const Column = Type.Array(Nullable(Quantity), { maxItems: mostHistoryPoints })

/** Of one figure within each point's time. All three are of one length. */
export const HistorySeries = Type.Object({ mean: Column, min: Column, max: Column }, closed)
export type HistorySeries = Static<typeof HistorySeries>

/** Figures of an uplink or a peer; what each means, `LiveFigures` says. `upRatio`: for how much of the time it was up. */
export const figureNames = [
  'upRatio',
  'rxBitsPerSecond',
  'txBitsPerSecond',
  'lossRatio',
  'latencySeconds',
  'jitterSeconds',
] as const
export type FigureName = (typeof figureNames)[number]

const times = {
  span: SpanText,
  /** When the first point begins, in seconds since 1970 by the box's clock; the others follow each `stepSeconds`. */
  beginSeconds: Quantity,
  stepSeconds: Quantity,
  points: Type.Integer({ minimum: 0, maximum: mostHistoryPoints }),
}

export const HistoryOfName = Type.Object(
  {
    ...times,
    figures: Type.Object(
      {
        upRatio: HistorySeries,
        rxBitsPerSecond: HistorySeries,
        txBitsPerSecond: HistorySeries,
        lossRatio: HistorySeries,
        latencySeconds: HistorySeries,
        jitterSeconds: HistorySeries,
      },
      closed,
    ),
  },
  closed,
)
export type HistoryOfName = Static<typeof HistoryOfName>

/** `healthyRatio`: for how much of the time all was well. */
export const HistoryOfBox = Type.Object(
  { ...times, figures: Type.Object({ healthyRatio: HistorySeries }, closed) },
  closed,
)
export type HistoryOfBox = Static<typeof HistoryOfBox>

const liveFigures = {
  name: Type.String(),
  /** An uplink: its NIC has a carrier. A peer: there is a session, and a path carries packets. Null: not known. */
  isUp: Nullable(Type.Boolean()),
  /** An uplink: all that crosses its NIC. A peer: inner packets. Null until two readings exist. */
  rxBitsPerSecond: Nullable(Quantity),
  txBitsPerSecond: Nullable(Quantity),
  /**
   * A peer: of its best path, the worse direction. An uplink: the least of the best paths by it, which is what all of them have in
   * common. Null: too little was sent of late to say, or none is up.
   */
  lossRatio: Nullable(Quantity),
  /** Round trip, smoothed (RFC 6298). */
  latencySeconds: Nullable(Quantity),
  jitterSeconds: Nullable(Quantity),
}

export const LiveFigures = Type.Object(liveFigures, closed)
export type LiveFigures = Static<typeof LiveFigures>

/** Uplinks and peers of which a `sample` event tells; of more peers those with most traffic. */
export const mostSampledPeers = 64

/** Each second, as long as somebody follows the events. */
export const SampleEvent = Type.Object(
  {
    kind: Type.Literal('sample'),
    /** Since 1970, by the box's clock. */
    atSeconds: Quantity,
    uplinks: Type.Array(LiveFigures),
    peers: Type.Array(LiveFigures, { maxItems: mostSampledPeers }),
  },
  closed,
)
export type SampleEvent = Static<typeof SampleEvent>
