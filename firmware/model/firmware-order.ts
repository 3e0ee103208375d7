/**
 * What a controller orders of a box's firmware, and what the box says of it: parts of the link's language (control-link.ts), of the
 * controller's store and its API. The file itself is fetched beside the link, by HTTPS.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { closed } from './device-config-words.ts'
import { mostUpdateBytes } from './upkeep-limits.ts'

/** As the file says it of itself: `0.2.0`. */
export const FirmwareVersion = Type.String({
  pattern: '^[0-9A-Za-z][0-9A-Za-z.+~-]{0,63}$',
  title: 'a version',
  examples: ['0.2.0'],
})
/** `x86_64`, `arm64` */
export const Architecture = Type.String({ pattern: '^[a-z0-9_]{1,16}$', title: 'an architecture' })
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
/** Of a rollout: another one is another order, whatever it is for. */
export const OrderId = Type.String({ pattern: '^[0-9a-f]{16}$' })
const FileBytes = Type.Integer({ minimum: 1, maximum: mostUpdateBytes })

/** Minutes of the day, UTC; an end before its beginning is on the next day. */
export const Hours = Type.Object(
  {
    fromMinute: Type.Integer({ minimum: 0, maximum: 1_439 }),
    untilMinute: Type.Integer({ minimum: 0, maximum: 1_439 }),
  },
  closed,
)
export type Hours = Static<typeof Hours>

/** A box is to run this version. Whether the file is good is the box's to judge, by the keys of its image. */
export const FirmwareOrder = Type.Object(
  {
    id: OrderId,
    version: FirmwareVersion,
    /** At the controller that the link is to. */
    path: Type.String({ pattern: '^/firmware/v1/[0-9a-f]{64}$' }),
    sha256: Sha256,
    bytes: FileBytes,
    /** In which the box may start anew; null: at once. */
    hours: Type.Union([Hours, Type.Null()]),
  },
  closed,
)
export type FirmwareOrder = Static<typeof FirmwareOrder>

export const firmwareUrl = '/firmware/v1/:sha256'
export const firmwarePath = (sha256: string): string => `/firmware/v1/${sha256}`

/** How far a box is with its order; `none`: it has none. */
export const OrderPhase = Type.Union([
  Type.Literal('none'),
  Type.Literal('downloading'),
  Type.Literal('installing'),
  Type.Literal('installed'),
  Type.Literal('restarting'),
  Type.Literal('proving'),
  Type.Literal('done'),
  Type.Literal('went-back'),
  Type.Literal('refused'),
])
export type OrderPhase = Static<typeof OrderPhase>

/** What a box says of its firmware: by each new link, and when it is another, with how far a download is at most each 10 s. */
export const FirmwareState = Type.Object(
  {
    /** The image that runs; of a machine without slots, the program. */
    running: Type.String({ maxLength: 64 }),
    architecture: Architecture,
    /** There are slots. */
    isSupported: Type.Boolean(),
    /** What runs has proven itself, and is not gone back from. */
    isProven: Type.Boolean(),
    /** The last that it had; null: none. */
    order: Type.Union([OrderId, Type.Null()]),
    phase: OrderPhase,
    /** Of the file, so far. */
    bytes: Type.Integer({ minimum: 0 }),
    /** Why it went back or refused; null: it did not. */
    code: Type.Union([Type.String({ pattern: '^[A-Z0-9_]{1,48}$' }), Type.Null()]),
    message: Type.String({ maxLength: 300 }),
  },
  closed,
)
export type FirmwareState = Static<typeof FirmwareState>

/** firmware.json: what a box remembers of its order while it starts anew, and of what came of it. */
export const OrderRecord = Type.Object(
  {
    version: Type.Literal(1),
    order: FirmwareOrder,
    phase: OrderPhase,
    code: Type.Union([Type.String(), Type.Null()]),
    message: Type.String(),
  },
  closed,
)
export type OrderRecord = Static<typeof OrderRecord>

const recordForm = Compile(OrderRecord)

export function isOrderRecord(value: unknown): value is OrderRecord {
  return recordForm.Check(value)
}
