/** What a controller's API takes and tells: schemas of bodies and answers, for its server, its OpenAPI document and `causeway ctl`. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'
import { RoleName, TenantName } from './user.ts'

/** Of documents at once: some thousand sites. */
export const fleetBodyBytes = 16 * 1024 * 1024

export const TenantParams = Type.Object({ tenant: Name }, closed)

export const FleetBody = Type.Object(
  {
    documents: Type.Array(Type.Unknown(), { maxItems: 8_192 }),
    /** What is not among them is taken away. */
    isWhole: Type.Boolean(),
  },
  closed,
)

const Problem = Type.Object({
  code: Type.String(),
  message: Type.String(),
  document: Type.String(),
  path: Type.Optional(Type.String()),
})

export const FleetChange = Type.Object({
  documents: Type.Array(
    Type.Object({
      document: Type.String(),
      action: Type.Union([Type.Literal('add'), Type.Literal('change'), Type.Literal('remove')]),
    }),
  ),
  sites: Type.Array(
    Type.Object({
      site: Type.String(),
      differences: Type.Array(
        Type.Object({
          path: Type.String(),
          before: Type.Optional(Type.Unknown()),
          after: Type.Optional(Type.Unknown()),
        }),
      ),
    }),
  ),
  problems: Type.Array(Problem),
})

export const FleetAnswer = Type.Object({
  documents: Type.Array(Type.Unknown()),
  problems: Type.Array(Problem),
})

export const EdgeAnswer = Type.Object({
  edges: Type.Array(
    Type.Object({
      deviceId: Type.String(),
      site: Type.String(),
      isUp: Type.Boolean(),
      /** Of its last configuration that was published; 0: none. */
      published: Type.Integer(),
      /** Of the one that it runs, as far as it has said; 0: none. */
      runs: Type.Integer(),
      /** Why it refused the last one; null: it did not. */
      refusal: Type.Union([
        Type.Null(),
        Type.Object({ code: Type.String(), message: Type.String() }),
      ]),
      firmware: Type.String(),
    }),
  ),
})

export const ClaimBody = Type.Object(
  {
    /** Its id, or the first digits that its page shows. */
    device: Type.String({ pattern: '^[0-9a-f]{8,64}$' }),
    /** What its page shows; left out: a box that has the owner's root. */
    code: Type.Optional(Type.String({ maxLength: 32 })),
    site: Name,
  },
  closed,
)
export const ClaimAnswer = Type.Object({ deviceId: Type.String() })

export const SignInBody = Type.Object(
  { name: Name, password: Type.String({ maxLength: 256 }) },
  closed,
)
/** A token for the header `Authorization: Bearer`. */
export const TokenAnswer = Type.Object({ token: Type.String(), expiresMs: Type.Integer() })

export const TokenBody = Type.Object(
  {
    label: Name,
    tenant: TenantName,
    role: RoleName,
    days: Type.Integer({ minimum: 1, maximum: 366 }),
  },
  closed,
)

export const AuditParams = Type.Object(
  { tenant: Name, after: Type.String({ pattern: '^[0-9]{1,12}$' }) },
  closed,
)
export const AuditAnswer = Type.Object({ entries: Type.Array(Type.Unknown()) })

export type FleetBody = Static<typeof FleetBody>
export type FleetChange = Static<typeof FleetChange>
export type FleetAnswer = Static<typeof FleetAnswer>
export type EdgeAnswer = Static<typeof EdgeAnswer>
export type ClaimBody = Static<typeof ClaimBody>
export type SignInBody = Static<typeof SignInBody>
export type TokenBody = Static<typeof TokenBody>
export type TokenAnswer = Static<typeof TokenAnswer>
