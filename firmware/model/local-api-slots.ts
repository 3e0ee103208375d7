/** What the local API says about firmware: the slots of an appliance, and an update on its way into one. */
import Type, { type Static } from 'typebox'
import { ErrorPart } from './local-api-config.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Text = Type.String({ maxLength: 128 })

export const SlotAnswer = Type.Object(
  {
    /** `A`, `B`. */
    name: Text,
    /** Null: empty, or broken. */
    version: Nullable(Text),
    /** It runs now. */
    isRunning: Type.Boolean(),
    /** It is tried by the next start. */
    isNext: Type.Boolean(),
    /** `good`: it has proven itself. `trying`: it runs for the first time, and the other one is gone back to unless it is marked. */
    state: Type.Union([
      Type.Literal('good'),
      Type.Literal('trying'),
      Type.Literal('bad'),
      Type.Literal('empty'),
    ]),
    /** Of one that is `bad`: why, in words. */
    reason: Nullable(Type.String({ maxLength: 1_024 })),
  },
  closed,
)
export type SlotAnswer = Static<typeof SlotAnswer>

export const InstallProgress = Type.Object(
  {
    phase: Type.Union([
      Type.Literal('receiving'),
      Type.Literal('checking'),
      Type.Literal('writing'),
      Type.Literal('done'),
      Type.Literal('failed'),
    ]),
    bytes: Type.Integer({ minimum: 0 }),
    /** Of the whole file; null: whoever sends it did not say. */
    totalBytes: Nullable(Type.Integer({ minimum: 0 })),
    error: Nullable(ErrorPart),
  },
  closed,
)
export type InstallProgress = Static<typeof InstallProgress>

/** GET /api/v1/slots */
export const SlotsAnswer = Type.Object(
  {
    /** False: this machine has no slots, and is updated as its packages are. */
    isSupported: Type.Boolean(),
    slots: Type.Array(SlotAnswer, { maxItems: 4 }),
    /** Of the update that is on its way, or was last; null: none since the gateway started. */
    install: Nullable(InstallProgress),
  },
  closed,
)
export type SlotsAnswer = Static<typeof SlotsAnswer>
