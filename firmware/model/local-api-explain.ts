/** What the local API takes and says about a flow: what becomes of it, and why. */
import Type, { type Static } from 'typebox'
import { Dscp, Name, Protocol } from './device-config-fields.ts'
import { TrafficClass } from './device-config-qos.ts'
import { type Cause, causes } from './explain-cause.ts'
import { pathVerdicts, peerStandings } from './explanation.ts'
import { QueueDelay } from './local-api-queue.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Quantity = Type.Number({ minimum: 0 })
const Port = Type.Integer({ minimum: 1, maximum: 65_535 })
/** The longest text of an IPv6 address. */
const AddressText = Type.String({ minLength: 2, maxLength: 45 })
/** One of these. */
const Words = <const Word extends string>(list: readonly Word[]) =>
  Type.Unsafe<Word>(Type.Union(list.map((word) => Type.Literal(word))))

/** A flow by its packets. What is left out may be anything, where what befell packets is looked for. */
export const ExplainRequest = Type.Object(
  {
    from: AddressText,
    to: AddressText,
    fromPort: Type.Optional(Port),
    toPort: Type.Optional(Port),
    /** Without it: TCP where a port is given, else a ping. */
    protocol: Type.Optional(Protocol),
    dscp: Type.Optional(Dscp),
    /** What the client calls the server when it begins TLS or QUIC. */
    server: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$',
        maxLength: 63,
      }),
    ),
    /** Where it comes from; without it, that of its source's address. */
    segment: Type.Optional(Name),
  },
  closed,
)
export type ExplainRequest = Static<typeof ExplainRequest>

export const CauseName = Words(Object.keys(causes) as Cause[])

/** A cause, and what it means for this flow. */
export const Finding = Type.Object({ cause: CauseName, sentence: Type.String() }, closed)
export type Finding = Static<typeof Finding>

export const ExplainedFlow = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    /** Null: not told, or none. */
    fromPort: Nullable(Port),
    toPort: Nullable(Port),
    protocol: Type.Integer({ minimum: 0, maximum: 255 }),
    dscp: Type.Integer({ minimum: 0, maximum: 63 }),
    server: Nullable(Type.String()),
  },
  closed,
)

export const ExplainedRoute = Type.Object(
  {
    /** `none`: nowhere; `internet`: by an uplink, in clear. */
    kind: Words(['peer', 'link', 'box', 'internet', 'none']),
    /** The longest configured prefix that has the destination; null without one. */
    prefix: Nullable(Type.String()),
    /** The peer or the LAN that has it. */
    owner: Nullable(Type.String()),
    /** Link by which packets leave, and whom they are handed to there; for a peer, of the path's uplink; for the Internet, of
     * the uplink that the kernel's routes prefer now. */
    link: Nullable(Type.String()),
    nextHop: Nullable(Type.String()),
    /** Whether its link address is known; for the Internet that is the kernel's business, and not asked. */
    isNextHopKnown: Type.Boolean(),
    /** What it leaves with for the Internet (NAT); null elsewhere. */
    source: Nullable(Type.String()),
    /** From one LAN or segment to another: the kernel forwards it. */
    isByKernel: Type.Boolean(),
  },
  closed,
)
export type ExplainedRoute = Static<typeof ExplainedRoute>

export const ExplainedPathAnswer = Type.Object(
  {
    number: Count,
    uplink: Type.String(),
    remoteUplink: Nullable(Count),
    endpoint: Type.String(),
    /** The flow's next packet goes by it, or would if the flow passed; those of its answers, if it comes from the peer. */
    isTaken: Type.Boolean(),
    /** What its policy makes of it for new flows, as a word and as a sentence. */
    verdict: Words(pathVerdicts),
    sentence: Type.String(),
    state: Words(['untried', 'up', 'down']),
    stateSeconds: Quantity,
    /** As it is judged by; null: not known. */
    lossRatio: Nullable(Quantity),
    latencySeconds: Nullable(Quantity),
    jitterSeconds: Nullable(Quantity),
    /** Largest packet that crosses it whole. */
    mtuBytes: Count,
    /** Until it is trusted as any other. */
    trustedInSeconds: Quantity,
  },
  closed,
)
export type ExplainedPathAnswer = Static<typeof ExplainedPathAnswer>

export const ExplainedIncident = Type.Object(
  {
    /** As it is counted among the drops, and what that means. */
    reason: Type.String(),
    meaning: Type.String(),
    of: Words(['flow', 'answers', 'peer']),
    count: Count,
    firstSeconds: Quantity,
    lastSeconds: Quantity,
    /** All that were dropped for this reason since the datapath started; null: not read yet. */
    total: Nullable(Count),
  },
  closed,
)
export type ExplainedIncident = Static<typeof ExplainedIncident>

/** How one of several peers that have the destination stands; the first in their order that can carries. */
export const ExplainedPeerAnswer = Type.Object(
  {
    peer: Type.String(),
    isHub: Type.Boolean(),
    standing: Words(peerStandings),
    sentence: Type.String(),
  },
  closed,
)
export type ExplainedPeerAnswer = Static<typeof ExplainedPeerAnswer>

/** Who waits for the uplink by which its packets leave, which is kept to a rate. */
export const ExplainedQueue = Type.Object(
  {
    uplink: Type.String(),
    /** Now: of this class, for whom the flow goes. */
    waitingPackets: Count,
    waitingBytes: Count,
    /** Now, for that uplink, of all classes and for whomever. */
    uplinkBytes: Count,
    /** How long packets of this class to there waited of late, on average; null: none was sent. */
    meanSeconds: Nullable(Quantity),
    /** How long those of this class waited of late, whomever for; null: none was sent. */
    classDelay: Nullable(QueueDelay),
  },
  closed,
)
export type ExplainedQueue = Static<typeof ExplainedQueue>

const waiting = {
  rateBitsPerSecond: Quantity,
  /** Now. */
  waitingPackets: Count,
  waitingBytes: Count,
  /** How long such packets waited of late; null: none was sent. */
  delay: Nullable(QueueDelay),
} as const

/** Who waits beside the answers that come from the Internet by an uplink, which is kept to a rate inwards. */
export const ExplainedIngress = Type.Object({ uplink: Type.String(), ...waiting }, closed)
export type ExplainedIngress = Static<typeof ExplainedIngress>

/** Of its class, who waits for the limit of a segment that keeps its packets or its answers to a rate. */
export const ExplainedLimit = Type.Object(
  {
    segment: Type.String(),
    direction: Words(['up', 'down']),
    /** Not its packets, but those that answer them. */
    isOfAnswers: Type.Boolean(),
    ...waiting,
  },
  closed,
)
export type ExplainedLimit = Static<typeof ExplainedLimit>

export const ExplainAnswer = Type.Object(
  {
    cause: CauseName,
    /** Whether its packets pass, as far as this box is concerned. */
    passes: Type.Boolean(),
    sentence: Type.String(),
    /** What else is so, what matters most first. */
    also: Type.Array(Finding),
    flow: ExplainedFlow,
    /** `transit`: from a peer, and on to another one. */
    comesFrom: Words(['lan', 'box', 'peer', 'transit', 'nobody']),
    /** In transit: that it comes from. */
    fromPeer: Nullable(Type.String()),
    segment: Nullable(Type.String()),
    toSegment: Nullable(Type.String()),
    route: ExplainedRoute,
    /** Null: no rule is asked. Name null: none fits, and what holds between the segments decides. */
    rule: Nullable(Type.Object({ name: Nullable(Type.String()), allows: Type.Boolean() }, closed)),
    peer: Nullable(Type.Object({ name: Type.String(), hasSession: Type.Boolean() }, closed)),
    /** Of a flow from a peer: that of its answers. Null: none is asked. */
    policy: Nullable(
      Type.Object({ name: Type.String(), application: Nullable(Type.String()) }, closed),
    ),
    /** Of its packets (from a peer: its answers') where an uplink is full; null: it leaves by none. */
    class: Nullable(TrafficClass),
    /** Null: the uplink by which it leaves is kept to no rate, or there is none. */
    queue: Nullable(ExplainedQueue),
    /** Null: it does not leave to the Internet, or what comes by that uplink from there is kept to no rate. */
    ingress: Nullable(ExplainedIngress),
    /** In the order in which it meets them: what its packets wait for, then what its answers do. */
    limits: Type.Array(ExplainedLimit, { maxItems: 2 }),
    /** `known`: it has a place in the table of flows and keeps its path; null: it needs none. */
    place: Nullable(Words(['new', 'known', 'no-room'])),
    idleSeconds: Nullable(Quantity),
    /** Largest packet that crosses its path whole; null without a path. */
    mtuBytes: Nullable(Count),
    /** None where one peer alone has the destination. */
    peers: Type.Array(ExplainedPeerAnswer),
    paths: Type.Array(ExplainedPathAnswer),
    /** What befell packets within the last ten seconds, the latest first. */
    incidents: Type.Array(ExplainedIncident),
  },
  closed,
)
export type ExplainAnswer = Static<typeof ExplainAnswer>
