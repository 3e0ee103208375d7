/** Firmware on its way to the boxes of a tenant: the files that a controller has, rollouts of them, and how far each box is. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'
import { Architecture, FirmwareVersion, Hours, OrderId, Sha256 } from './firmware-order.ts'

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Why = Type.Object({
  /** Of a box's own it may be one of another version. */
  code: Type.String(),
  message: Type.String(),
})

/** Of all tenants. */
export const mostFirmwareFiles = 16

/** As the file says of itself, which nobody has checked yet: each box does. */
export const FirmwareFile = Type.Object({
  version: FirmwareVersion,
  architecture: Architecture,
  sha256: Sha256,
  bytes: Type.Integer(),
  addedMs: Type.Integer(),
  /** Who added it. */
  by: Type.String(),
})
export type FirmwareFile = Static<typeof FirmwareFile>

export const FirmwareAnswer = Type.Object({
  files: Type.Array(
    Type.Object({
      ...FirmwareFile.properties,
      /** False: after a restore on another machine it has to be added once more. */
      isThere: Type.Boolean(),
    }),
  ),
})
export type FirmwareAnswer = Static<typeof FirmwareAnswer>

export const FirmwareParams = Type.Object({ version: FirmwareVersion }, closed)

/** Sites that are named. */
const Sites = Type.Array(Name, { minItems: 1, maxItems: 1_000 })
export const mostWave = 500
const Minutes = (most: number) => Type.Integer({ minimum: 0, maximum: most })

export const RolloutBody = Type.Object(
  {
    version: FirmwareVersion,
    /** Left out: all that have a box. */
    sites: Type.Optional(Sites),
    /** Who goes first, of these sites. */
    canaries: Type.Optional(Sites),
    /** Boxes that are on their way at once; left out: a tenth of them. */
    wave: Type.Optional(Type.Integer({ minimum: 1, maximum: mostWave })),
    /** For so long a box must be as well as before, until others take its place; ten minutes unless told. */
    soakMinutes: Type.Optional(Minutes(10_080)),
    hours: Type.Optional(Hours),
  },
  closed,
)
export type RolloutBody = Static<typeof RolloutBody>

export const RolloutState = Type.Union([
  Type.Literal('running'),
  /** By somebody. */
  Type.Literal('paused'),
  /** By itself: a box failed. */
  Type.Literal('halted'),
  Type.Literal('aborted'),
  Type.Literal('done'),
])
export type RolloutState = Static<typeof RolloutState>

export const BoxPhase = Type.Union([
  Type.Literal('waits'),
  Type.Literal('told'),
  Type.Literal('downloading'),
  Type.Literal('installing'),
  /** Waits for its hours. */
  Type.Literal('installed'),
  Type.Literal('restarting'),
  Type.Literal('proving'),
  /** It runs the version, and is watched. */
  Type.Literal('soaking'),
  Type.Literal('done'),
  Type.Literal('went-back'),
  Type.Literal('refused'),
  Type.Literal('unwell'),
  Type.Literal('silent'),
  /** Nothing that this rollout could do for it: no slots, no file of its kind, no longer the tenant's. */
  Type.Literal('passed-over'),
  /** It never came. */
  Type.Literal('away'),
])
export type BoxPhase = Static<typeof BoxPhase>

/** How a box said that it is, as far as two times can be compared. */
export const BoxHealth = Type.Object({ isHealthy: Type.Boolean(), problems: Type.Integer() })
export type BoxHealth = Static<typeof BoxHealth>

/** A rollout as it is kept, without its boxes. */
export const Rollout = Type.Object({
  id: OrderId,
  version: FirmwareVersion,
  state: RolloutState,
  /** Why it halted; null: it did not. */
  why: Nullable(Type.Object({ ...Why.properties, site: Type.String() })),
  by: Type.String(),
  wave: Type.Integer(),
  soakMs: Type.Integer(),
  hours: Nullable(Hours),
  startedMs: Type.Integer(),
  /** Who has not come until then is left out. */
  untilMs: Type.Integer(),
  /** Canaries have shown what they had to. */
  isPastCanaries: Type.Boolean(),
})
export type Rollout = Static<typeof Rollout>

export const RolloutBox = Type.Object({
  deviceId: Type.String(),
  site: Type.String(),
  isCanary: Type.Boolean(),
  isHub: Type.Boolean(),
  phase: BoxPhase,
  /** Since when it is in this phase. */
  sinceMs: Type.Integer(),
  /** Since when it has no link while it is on its way; null: it has one. */
  awayMs: Nullable(Type.Integer()),
  /** Of a failure, or of why it was passed over. */
  why: Nullable(Why),
  /** How it was, and what it ran, before it was told; null: it was not told, or was not heard. */
  before: Nullable(Type.Object({ running: Type.String(), health: Nullable(BoxHealth) })),
})
export type RolloutBox = Static<typeof RolloutBox>

export const RolloutAnswer = Type.Object({
  /** The last one; null: there was none. */
  rollout: Nullable(Rollout),
  boxes: Type.Array(
    Type.Object({
      ...RolloutBox.properties,
      isUp: Type.Boolean(),
      /** What it runs, as far as it says; empty: it has no link. */
      running: Type.String(),
      /** Of the file, so far. */
      bytes: Type.Integer(),
    }),
  ),
})
export type RolloutAnswer = Static<typeof RolloutAnswer>
