/** Tells what is wrong with the form of a document of a fleet, as `device-config-check.ts` does of a configuration. */
import { Compile } from 'typebox/schema'
import { checkFormOf } from './device-config-check.ts'
import type { FormSchema } from './device-config-form.ts'
import type { ErrorBody } from './errors.ts'
import { type FleetDocument, type FleetKind, fleetForms, fleetKinds } from './fleet.ts'
import { nearestOf } from './nearest.ts'

const validators = Object.fromEntries(
  fleetKinds.map((kind) => [kind, Compile(fleetForms[kind])]),
) as unknown as Readonly<Record<FleetKind, { Check(value: unknown): boolean }>>

export type ReadDocument =
  | { readonly document: FleetDocument; readonly errors: readonly [] }
  | { readonly document: null; readonly errors: readonly ErrorBody[] }

/** Never throws. */
export function readFleetDocument(value: unknown): ReadDocument {
  const { kind } = (value ?? {}) as { readonly kind?: unknown }
  if (typeof kind !== 'string' || !Object.hasOwn(fleetForms, kind)) {
    return { document: null, errors: [unknownKind(kind)] }
  }
  const errors = checkFormOf(fleetForms[kind as FleetKind] as unknown as FormSchema, value)
  const isSound = validators[kind as FleetKind].Check(value)
  if (errors.length === 0 && isSound) return { document: value as FleetDocument, errors: [] }
  if (errors.length === 0) throw new Error(`a form that is not its schema: ${kind}`)
  return { document: null, errors }
}

function unknownKind(kind: unknown): ErrorBody {
  const known = fleetKinds.join(', ')
  const nearest = typeof kind === 'string' ? nearestOf(kind, fleetKinds) : null
  const hint = nearest === null ? '' : `; did you mean ${nearest}?`
  const message = `must be one of ${known}${hint}`
  return { code: 'CONFIG_INVALID', message, path: '/kind' }
}
