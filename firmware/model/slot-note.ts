/**
 * What is noted of an update on the data partition when it is written into a slot, and what became of it since. Two versions of the
 * firmware read and write it, so fields are only ever added, and unknown ones are passed over.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { ConfigSource } from './local-api.ts'

export const slotNames = ['A', 'B'] as const
export type SlotName = (typeof slotNames)[number]

export const mostReasons = 16
const mostLetters = 300

/** How a box is: what its next firmware must be able to do as well. */
export const SlotBefore = Type.Object({
  configSource: ConfigSource,
  /** What is configured ran. */
  isApplied: Type.Boolean(),
  absentNics: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
  /** To its controller. */
  isLinked: Type.Boolean(),
  peersUp: Type.Integer({ minimum: 0 }),
})
export type SlotBefore = Static<typeof SlotBefore>

export const SlotNote = Type.Object({
  version: Type.Literal(1),
  /** Into which it was written. */
  slot: Type.Union([Type.Literal('A'), Type.Literal('B')]),
  /** Its version. */
  update: Type.String({ maxLength: 64 }),
  /** The version that ran then, in the other slot. */
  from: Type.String({ maxLength: 64 }),
  before: SlotBefore,
  isProven: Type.Boolean(),
  /** Why it did not prove itself; null: it did, has not been tried yet, or could not say. */
  reasons: Type.Union([
    Type.Array(Type.String({ maxLength: mostLetters }), { maxItems: mostReasons }),
    Type.Null(),
  ]),
  /** Whether what became of it was told. */
  isTold: Type.Boolean(),
})
export type SlotNote = Static<typeof SlotNote>

const form = Compile(SlotNote)

export function isSlotNote(value: unknown): value is SlotNote {
  return form.Check(value)
}

/** As many and as long as a note takes. */
export function noteReasons(reasons: readonly string[]): string[] {
  return reasons.slice(0, mostReasons).map((text) => text.slice(0, mostLetters))
}
