/**
 * How a box comes by its owner, and what it says of that: where it may ask (controller.yaml, a USB stick, DHCP, its page), whom
 * it has (owner.json), and how its link is. zero-touch.md.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { closed } from './device-config-words.ts'
import { DeviceId } from './fleet.ts'
import { HostPort, HostPortText, mostControllers } from './host-port.ts'
import { Fingerprint } from './voucher.ts'

/** A public key, P-256. PEM. */
const RootKey = Type.String({ minLength: 1, maxLength: 1_024 })

/** controller.yaml: what whoever sets a box up may say about controllers. */
export const ControllerSettings = Type.Object(
  {
    /** Each `HOST` or `HOST:PORT`; the first one that proves itself is taken. */
    controllers: Type.Optional(Type.Array(HostPortText, { maxItems: mostControllers })),
    /** An HTTP proxy that leads to them. */
    proxy: Type.Optional(HostPortText),
    /** The owner's own roots: a controller that one of them vouches for needs no code. */
    roots: Type.Optional(Type.Array(RootKey, { maxItems: 2 })),
  },
  closed,
)
export type ControllerSettings = Static<typeof ControllerSettings>

/** owner.json: whom a box has. */
export const OwnerRecord = Type.Object(
  {
    version: Type.Literal(1),
    /** Of the owner, PEM: whoever has a certificate of theirs for servers is a controller, what they signed is to be done. */
    authority: Type.String({ minLength: 1, maxLength: 4_096 }),
    /** The box's own, PEM. */
    certificate: Type.String({ minLength: 1, maxLength: 4_096 }),
    controllers: Type.Array(HostPort, { minItems: 1, maxItems: mostControllers }),
    proxy: Type.Optional(HostPort),
  },
  closed,
)
export type OwnerRecord = Static<typeof OwnerRecord>

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const Refusal = Type.Object({ code: Type.String(), message: Type.String() }, closed)

/** A controller that says whose it is, and waits for somebody to say so too. */
export const OwnerOffer = Type.Object(
  {
    controller: Type.String(),
    /** To be typed at the controller, and compared with what it shows. */
    code: Type.String(),
    /** Somebody at the box has said that it is the right one. */
    isConfirmed: Type.Boolean(),
  },
  closed,
)
export type OwnerOffer = Static<typeof OwnerOffer>

/** GET /api/v1/enrolment */
export const EnrolmentAnswer = Type.Object(
  {
    /** `alone`: by its own device.yaml. `looking`: for a controller. `waiting`: for somebody to claim it. `owned`. */
    state: Type.Union([
      Type.Literal('alone'),
      Type.Literal('looking'),
      Type.Literal('waiting'),
      Type.Literal('owned'),
    ]),
    deviceId: DeviceId,
    /** What people call the box by: the first eight digits of its id. */
    serial: Type.String(),
    offers: Type.Array(OwnerOffer),
    /** Of the owner's authority; null: none yet. */
    ownerFingerprint: Nullable(Fingerprint),
    /** Asked, or linked to; empty: none is known. */
    controllers: Type.Array(Type.String()),
    isLinked: Type.Boolean(),
    /** Of the newest signed configuration that was kept; 0: none. */
    revision: Type.Integer({ minimum: 0 }),
    /** Seconds until the box's certificate ends, negative after it; null without one. */
    certificateSeconds: Nullable(Type.Number()),
    /** The last refusal, of the box or the controller; null: none since then all went well. */
    lastError: Nullable(Refusal),
  },
  closed,
)
export type EnrolmentAnswer = Static<typeof EnrolmentAnswer>

/** POST /api/v1/enrolment/confirm */
export const EnrolmentConfirm = Type.Object({ code: Type.String({ maxLength: 32 }) }, closed)
export type EnrolmentConfirm = Static<typeof EnrolmentConfirm>

/** POST /api/v1/enrolment/controller: as controller.yaml, by hand. */
export const EnrolmentController = ControllerSettings

const settingsForm = Compile(ControllerSettings)
const ownerForm = Compile(OwnerRecord)

export function isControllerSettings(value: unknown): value is ControllerSettings {
  return settingsForm.Check(value)
}

export function isOwnerRecord(value: unknown): value is OwnerRecord {
  return ownerForm.Check(value)
}
