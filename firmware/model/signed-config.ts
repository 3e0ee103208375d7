/**
 * A device's configuration as its owner signs it: for this device, with a number that only grows. Its text is canonical JSON
 * (fields in the order of their names), so that a box that knows the one before can be sent what differs and put the signed
 * text together itself.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { DeviceConfig } from './device-config.ts'
import { closed } from './device-config-words.ts'
import { DeviceId } from './fleet.ts'

export const SignedConfig = Type.Object(
  {
    version: Type.Literal(1),
    deviceId: DeviceId,
    /** That of the configuration as well. */
    revision: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    config: DeviceConfig,
  },
  closed,
)
export type SignedConfig = Static<typeof SignedConfig>

const form = Compile(SignedConfig)

/** Its form; whether the parts fit together is asked of the configuration as of any other. */
export function isSignedConfig(value: unknown): value is SignedConfig {
  return form.Check(value)
}
