/**
 * What a box and its controller tell each other over a link, once they trust each other. Both say the highest version of this
 * language that they know; the lower one is spoken. Whoever does not know a kind of message passes over it.
 *
 * 1  2026-11  hello, welcome, config (whole and delta), resend, applied, confirmed, refused, renew, certificate, denied, report,
 *             released; places, peer-places, firmware, firmware-state (boxes and controllers of before pass over these)
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { closed } from './device-config-words.ts'
import { FirmwareOrder, FirmwareState } from './firmware-order.ts'

export const linkProtocol = 1
/** Where links are asked for. */
export const linkPath = '/link/v1'

const Revision = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Code = Type.String({ pattern: '^[A-Z0-9_]{1,48}$' })
const Words = Type.String({ maxLength: 300 })
const Pem = Type.String({ minLength: 1, maxLength: 4_096 })
const Protocol = Type.Integer({ minimum: 1, maximum: 1_000 })

/** The box's first message. */
export const LinkHello = Type.Object(
  {
    kind: Type.Literal('hello'),
    protocol: Protocol,
    firmware: Type.String({ maxLength: 64 }),
    /** Of the signed configuration that it kept last; 0: none. */
    revision: Revision,
    /** The highest that it has tried, whatever came of it: nothing below is sent to it. */
    tried: Revision,
  },
  closed,
)

/** The configuration runs; it is kept once the controller has confirmed that it heard this. */
export const LinkApplied = Type.Object(
  { kind: Type.Literal('applied'), revision: Revision },
  closed,
)

/** The box does not run it, and says why; it goes on with what it had. */
export const LinkRefused = Type.Object(
  { kind: Type.Literal('refused'), revision: Revision, code: Code, message: Words },
  closed,
)

/** Asks for a new certificate: PKCS #10. */
export const LinkRenew = Type.Object({ kind: Type.Literal('renew'), request: Pem }, closed)

/** How the box is, at most once in ten seconds. */
export const LinkReport = Type.Object(
  {
    kind: Type.Literal('report'),
    isHealthy: Type.Boolean(),
    problems: Type.Array(Words, { maxItems: 16 }),
    peersUp: Type.Integer({ minimum: 0, maximum: 4_096 }),
    peers: Type.Integer({ minimum: 0, maximum: 4_096 }),
    rxBytes: Type.Number({ minimum: 0 }),
    txBytes: Type.Number({ minimum: 0 }),
  },
  closed,
)

/** Addresses of one box. */
export const mostPlaces = 16
/** Peers whom a box asks for at once: as many as a mesh has. */
export const mostWanted = 512
/** Peers of whom a box is told at once. */
export const mostToldPeers = 64

const LinkPlace = Type.Object(
  {
    /** As text, canonical; whoever reads it looks whether it can be anybody's. */
    address: Type.String({ minLength: 2, maxLength: 39 }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  },
  closed,
)
const Places = Type.Array(LinkPlace, { maxItems: mostPlaces })
const WireKey = Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' })

/**
 * Where the box can be called from outside, the best first: as its NATs show it, or its own global addresses. And with whom it
 * has neither a session nor an endpoint for one: both are told where the other is. When either has changed, at most once in 2 s.
 */
export const LinkPlaces = Type.Object(
  {
    kind: Type.Literal('places'),
    places: Places,
    wanted: Type.Array(WireKey, { maxItems: mostWanted }),
  },
  closed,
)

/** How it is with the box's firmware. */
export const LinkFirmwareState = Type.Object(
  { kind: Type.Literal('firmware-state'), ...FirmwareState.properties },
  closed,
)

/** The controller's first message. */
export const LinkWelcome = Type.Object(
  {
    kind: Type.Literal('welcome'),
    protocol: Protocol,
    /** Milliseconds since 1970: for a box whose clock knows less. */
    nowMs: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
)

/** A whole signed configuration: JWS. */
export const LinkConfig = Type.Object(
  {
    kind: Type.Literal('config'),
    revision: Revision,
    jws: Type.String({ maxLength: 2 * 1024 * 1024 }),
  },
  closed,
)

/** More steps than that are no delta: the whole is sent. */
export const mostSteps = 1_000
/** Names on the way to what differs: a configuration has less than half of them. */
export const mostDepth = 16
/** Lists and objects in each other within what a step brings: a configuration has less than half of them. */
export const mostNesting = 16
const Index = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const StepPlace = Type.Array(Type.Union([Type.String(), Index]), { maxItems: mostDepth })

export const DeltaStep = Type.Union([
  /** A field is this now; without `value` it is gone. */
  Type.Object({ at: StepPlace, value: Type.Optional(Type.Unknown()) }, closed),
  /** In the list: from `from`, `remove` entries go and these come. */
  Type.Object(
    { at: StepPlace, from: Index, remove: Index, insert: Type.Array(Type.Unknown()) },
    closed,
  ),
])
export type DeltaStep = Static<typeof DeltaStep>

/** What differs from the one of revision `base`, with head and signature of the new one (`plan/json-delta.ts`). */
export const LinkConfigDelta = Type.Object(
  {
    kind: Type.Literal('config-delta'),
    revision: Revision,
    base: Revision,
    steps: Type.Array(DeltaStep, { maxItems: mostSteps }),
    head: Type.String({ maxLength: 256 }),
    signature: Type.String({ maxLength: 128 }),
  },
  closed,
)

/** The controller has heard that it is applied, by the very link: what was tried is kept from now on. */
export const LinkConfirmed = Type.Object(
  { kind: Type.Literal('confirmed'), revision: Revision },
  closed,
)

/** Asked for by a box that could not put a delta together: the whole, please. */
export const LinkResend = Type.Object({ kind: Type.Literal('resend') }, closed)

export const LinkCertificate = Type.Object(
  { kind: Type.Literal('certificate'), certificate: Pem },
  closed,
)

/** The controller does not do what was asked. */
export const LinkDenied = Type.Object(
  {
    kind: Type.Literal('denied'),
    what: Type.String({ maxLength: 32 }),
    code: Code,
    message: Words,
  },
  closed,
)

/** Peers of the box's own configuration, and where they say that they can be called: now, since they call as well. */
export const LinkPeerPlaces = Type.Object(
  {
    kind: Type.Literal('peer-places'),
    peers: Type.Array(Type.Object({ wireKey: WireKey, places: Places }, closed), {
      maxItems: mostToldPeers,
    }),
  },
  closed,
)

/** The owner lets the box go (model/voucher.ts, `Release`): JWS. The link ends with it. */
export const LinkReleased = Type.Object(
  { kind: Type.Literal('released'), release: Type.String({ maxLength: 4_096 }) },
  closed,
)

/** What the box is to run; null: what was ordered is called off, as far as the box has not started anew for it. */
export const LinkFirmware = Type.Object(
  { kind: Type.Literal('firmware'), order: Type.Union([FirmwareOrder, Type.Null()]) },
  closed,
)

const fromEdge = [
  LinkHello,
  LinkApplied,
  LinkRefused,
  LinkRenew,
  LinkReport,
  LinkResend,
  LinkPlaces,
  LinkFirmwareState,
] as const
const fromController = [
  LinkWelcome,
  LinkConfig,
  LinkConfigDelta,
  LinkConfirmed,
  LinkCertificate,
  LinkDenied,
  LinkReleased,
  LinkPeerPlaces,
  LinkFirmware,
] as const

export type EdgeMessage = Static<(typeof fromEdge)[number]>
export type ControllerMessage = Static<(typeof fromController)[number]>

const edgeForms = fromEdge.map((one) => Compile(one))
const controllerForms = fromController.map((one) => Compile(one))

/** Null for what is none; `unknown`: of a kind that this version does not know. */
export type ReadMessage<Message> = Message | { readonly kind: 'unknown' } | null

export function readEdgeMessage(text: string): ReadMessage<EdgeMessage> {
  return read<EdgeMessage>(text, fromEdge, edgeForms)
}

export function readControllerMessage(text: string): ReadMessage<ControllerMessage> {
  return read<ControllerMessage>(text, fromController, controllerForms)
}

interface Form {
  Check(value: unknown): boolean
}

function read<Message>(
  text: string,
  schemas: readonly { readonly properties: { readonly kind: { readonly const: string } } }[],
  forms: readonly Form[],
): ReadMessage<Message> {
  const value = parsed(text)
  const kind = (value as { kind?: unknown } | null)?.kind
  if (typeof kind !== 'string') return null
  const at = schemas.findIndex((schema) => schema.properties.kind.const === kind)
  if (at < 0) return { kind: 'unknown' }
  return forms[at]!.Check(value) ? (value as Message) : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
