/**
 * What RAUC prints as JSON, as far as it is used: `rauc status --detailed --output-format=json` and `rauc info
 * --output-format=json` (1.8 to 1.13; `r_status_formatter_json`, `info_formatter_json` of its main.c). It prints more.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'

const Text = Type.String({ maxLength: 256 })
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const RaucSlot = Type.Object({
  /** By which the boot loader knows it; null: no slot that is started. */
  bootname: Nullable(Text),
  /** Of what was written into it last; empty: nothing by RAUC. */
  slot_status: Type.Optional(
    Type.Object({
      bundle: Type.Optional(Type.Object({ version: Type.Optional(Nullable(Text)) })),
      /** `ok`; `pending`: its writing has begun; `failed`: and did not succeed. */
      status: Type.Optional(Text),
    }),
  ),
})

export const RaucStatus = Type.Object({
  /** Of the machine: which updates are for it. */
  compatible: Text,
  /** Each an object of one field, the slot's name: `rootfs.0`. */
  slots: Type.Array(Type.Record(Type.String(), RaucSlot), { maxItems: 16 }),
})
export type RaucStatus = Static<typeof RaucStatus>

export const RaucBundle = Type.Object({ compatible: Text, version: Nullable(Text) })
export type RaucBundle = Static<typeof RaucBundle>

const status = Compile(RaucStatus)
const bundle = Compile(RaucBundle)

export function isRaucStatus(value: unknown): value is RaucStatus {
  return status.Check(value)
}

export function isRaucBundle(value: unknown): value is RaucBundle {
  return bundle.Check(value)
}
