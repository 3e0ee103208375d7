/** What stands beside the schemas of a device configuration for those who read about it: CONFIG.md is made from it. */
import Type from 'typebox'

/** The same schema with what it means where it stands. */
export function means<Schema extends Type.TSchema>(schema: Schema, description: string): Schema {
  return Type.With(schema, { description }) as Schema
}

/** The same for a field that may be left out; `unset` says what holds then. */
export function maybe<Schema extends Type.TSchema>(
  schema: Schema,
  description: string,
  unset: string,
) {
  return Type.Optional(Type.With(schema, { description, unset }) as Schema)
}

/** No field but those that are named. */
export const closed = { additionalProperties: false } as const
