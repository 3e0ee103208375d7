/** What the local API takes and says about tests that send packets of the box's own: ping, traceroute, path MTU, speed, DNS, an uplink. */
import Type, { type Static } from 'typebox'
import { InterfaceName, Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
/** One of these. */
const words = <const Word extends string>(list: readonly Word[]) =>
  Type.Unsafe<Word>(Type.Union(list.map((word) => Type.Literal(word))))

/** An address, or a host's name (RFC 1123), which the box's resolver is asked for. */
export const Target = Type.String({
  pattern: '^[A-Za-z0-9_:]([A-Za-z0-9_.:-]{0,251}[A-Za-z0-9_:])?$',
  title: 'an address or the name of a host',
})
const AddressText = Type.String({ minLength: 2, maxLength: 45 })

/** Whence the packets come, one at most; without it, as the kernel's routes say. */
const from = {
  /** By this uplink, and no other. */
  uplink: Type.Optional(InterfaceName),
  /** With the box's address there. */
  lan: Type.Optional(InterfaceName),
  /** With the box's address in its first LAN. */
  segment: Type.Optional(Name),
}
export const RunFrom = Type.Object(from, closed)
export type RunFrom = Static<typeof RunFrom>

const Family = Type.Union([Type.Literal(4), Type.Literal(6)])
/** Of a name with addresses of both: 4 unless told. */
const to = { to: Target, family: Type.Optional(Family) }

export const PingRequest = Type.Object(
  {
    ...to,
    ...from,
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 30 })),
    /** Of the payload. */
    bytes: Type.Optional(Type.Integer({ minimum: 16, maximum: 9000 })),
  },
  closed,
)
export type PingRequest = Static<typeof PingRequest>

export const TraceRequest = Type.Object(
  {
    ...to,
    ...from,
    hops: Type.Optional(Type.Integer({ minimum: 1, maximum: 30 })),
    by: Type.Optional(words(['icmp', 'udp'])),
  },
  closed,
)
export type TraceRequest = Static<typeof TraceRequest>

/** To an address, or to a peer: then the datapath knows. */
export const MtuRequest = Type.Object(
  { to: Type.Optional(Target), family: Type.Optional(Family), ...from, peer: Type.Optional(Name) },
  closed,
)
export type MtuRequest = Static<typeof MtuRequest>

export const dnsTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SRV', 'TXT'] as const
export type DnsType = (typeof dnsTypes)[number]
export const DnsRequest = Type.Object(
  {
    /** Of PTR: an address. */
    name: Target,
    type: Type.Optional(words(dnsTypes)),
    /** Without it: whom the box asks itself. */
    server: Type.Optional(AddressText),
    uplink: Type.Optional(InterfaceName),
  },
  closed,
)
export type DnsRequest = Static<typeof DnsRequest>

/** Answers 204 and nothing else, wherever nobody stands between. */
export const portalUrl = 'http://connectivitycheck.gstatic.com/generate_204'
export const LinkRequest = Type.Object(
  {
    uplink: InterfaceName,
    /** What answers HTTP 204 on the Internet. */
    portalUrl: Type.Optional(
      Type.String({
        pattern: '^http://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?$',
      }),
    ),
  },
  closed,
)
export type LinkRequest = Static<typeof LinkRequest>

/** Each way. */
export const speedMostSeconds = 10
export const speedUsualSeconds = 5
/** What one TCP transfer gets through the overlay to a peer, and from it. */
export const SpeedRequest = Type.Object(
  {
    peer: Name,
    /** Without it: the first in which both have a LAN. */
    segment: Type.Optional(Name),
    seconds: Type.Optional(Type.Integer({ minimum: 2, maximum: speedMostSeconds })),
  },
  closed,
)
export type SpeedRequest = Static<typeof SpeedRequest>

export const runKinds = ['ping', 'trace', 'mtu', 'speed', 'dns', 'link'] as const
export type RunKind = (typeof runKinds)[number]

/** `info`: neither good nor bad. `unknown`: it cannot be told from here. */
export const stepVerdicts = ['good', 'bad', 'info', 'unknown'] as const

/** One answer, hop, size, record or check. */
export const RunStep = Type.Object(
  {
    verdict: words(stepVerdicts),
    /** Of the ping, the hop's distance, bytes, or the second; null: it has none. */
    number: Nullable(Type.Integer({ minimum: 0 })),
    address: Nullable(Type.String()),
    seconds: Nullable(Type.Number({ minimum: 0 })),
    sentence: Type.String(),
    /** What to do about it. */
    remedy: Nullable(Type.String()),
  },
  closed,
)
export type RunStep = Static<typeof RunStep>

export const RunAnswer = Type.Object(
  {
    id: Type.String(),
    kind: words(runKinds),
    isDone: Type.Boolean(),
    /** Since it began. */
    seconds: Type.Number({ minimum: 0 }),
    /** All together, once there is something to say. */
    verdict: words(stepVerdicts),
    sentence: Nullable(Type.String()),
    steps: Type.Array(RunStep, { maxItems: 64 }),
  },
  closed,
)
export type RunAnswer = Static<typeof RunAnswer>

/** What a test or a recording can be told to be of: names of the configuration that runs. */
export const PlacesAnswer = Type.Object(
  {
    uplinks: Type.Array(Type.String()),
    lans: Type.Array(Type.String()),
    segments: Type.Array(Type.String()),
    peers: Type.Array(Type.String()),
  },
  closed,
)
export type PlacesAnswer = Static<typeof PlacesAnswer>

export const RunParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }, closed)
export type RunParams = Static<typeof RunParams>
