/** What the local API takes and says about recordings of packets (pcapng): where, which ones, how long, and how they stand. */
import Type, { type Static } from 'typebox'
import { InterfaceName, Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const AddressText = Type.String({ minLength: 2, maxLength: 45 })

export const captureLimits = { seconds: 60, bytes: 10_000_000, packets: 100_000 } as const

/** Packets of both directions; all that is said must be so. */
export const CaptureFilter = Type.Object(
  {
    /** At either end. */
    host: Type.Optional(AddressText),
    /** At the other one. */
    otherHost: Type.Optional(AddressText),
    /** At either end: a prefix. */
    net: Type.Optional(Type.String({ minLength: 2, maxLength: 49 })),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    protocol: Type.Optional(
      Type.Union([
        Type.Literal('tcp'),
        Type.Literal('udp'),
        Type.Literal('icmp'),
        Type.Literal('arp'),
        Type.Integer({ minimum: 1, maximum: 255 }),
      ]),
    ),
  },
  closed,
)
export type CaptureFilter = Static<typeof CaptureFilter>

/** Of one place: an uplink's or a LAN's NIC, or the kernel's end of a segment. */
export const CaptureRequest = Type.Object(
  {
    uplink: Type.Optional(InterfaceName),
    lan: Type.Optional(InterfaceName),
    segment: Type.Optional(Name),
    filter: Type.Optional(CaptureFilter),
    /** 10 unless told. */
    seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: captureLimits.seconds })),
    /** Of the file; the most that there may be unless told. */
    bytes: Type.Optional(Type.Integer({ minimum: 4096, maximum: captureLimits.bytes })),
  },
  closed,
)
export type CaptureRequest = Static<typeof CaptureRequest>

export const CaptureAnswer = Type.Object(
  {
    id: Type.String(),
    isDone: Type.Boolean(),
    /** `uplink wan0` */
    place: Type.String(),
    /** Of the kernel, where it listens. */
    device: Type.String(),
    /** As pcap-filter(7) has it; empty: all packets. */
    filter: Type.String(),
    /** Payloads too, and not headers alone. */
    isFull: Type.Boolean(),
    packets: Count,
    /** Of the file. */
    bytes: Count,
    /** Lost by the kernel, as nobody took them in time; null: not known yet. */
    lostPackets: Nullable(Count),
    /** Since it began; of one that is over, as long as it took. */
    seconds: Type.Number({ minimum: 0 }),
    mostSeconds: Count,
    /** Until the file is removed; null while it is written. */
    removedInSeconds: Nullable(Type.Number({ minimum: 0 })),
    /** Why it ended, or what was left out. */
    sentence: Nullable(Type.String()),
  },
  closed,
)
export type CaptureAnswer = Static<typeof CaptureAnswer>

/** Newest first. */
export const CapturesAnswer = Type.Object({ captures: Type.Array(CaptureAnswer) }, closed)
export type CapturesAnswer = Static<typeof CapturesAnswer>

export const CaptureParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }, closed)
export type CaptureParams = Static<typeof CaptureParams>
