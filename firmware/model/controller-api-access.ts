/** What a controller's API takes and tells of who may use it: tenants, users, tokens, its authority, its log. Schemas as in controller-api.ts. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'
import { NewUser, Password, RoleName, TenantName } from './user.ts'

/** Done, and nothing more to say. */
export const DoneAnswer = Type.Object({})

/** What keys of the store begin with: no tenant may be called so. */
export const reservedTenants: ReadonlySet<string> = new Set([
  ...['system', 'tenant', 'edge', 'config', 'applied', 'released', 'claim', 'user', 'token'],
  ...['leases', 'rollout', 'all', 'wire', 'network', 'firmware'],
])

export const AuthorityAnswer = Type.Object({
  /** PEM: who signs what boxes of this owner are told, and this controller's certificate. */
  authority: Type.String(),
  /** Until when a root of the owner has it make vouchers; null: none does. */
  delegatedUntilMs: Type.Union([Type.Integer(), Type.Null()]),
  version: Type.String(),
})

export const DelegationBody = Type.Object(
  {
    /** JWS of the type causeway-delegation. */
    delegation: Type.String({ maxLength: 4_096 }),
    /** PEM of the root's public key, by which it is checked. */
    root: Type.String({ maxLength: 1_024 }),
  },
  closed,
)

export const SignInBody = Type.Object(
  { name: Name, password: Type.String({ maxLength: 256 }) },
  closed,
)
/** A token for the header `Authorization: Bearer`. */
export const TokenAnswer = Type.Object({ token: Type.String(), expiresMs: Type.Integer() })

export const WhoAnswer = Type.Object({ name: Type.String(), tenant: TenantName, role: RoleName })

export const TenantBody = Type.Object({ name: Name }, closed)
export const TenantsAnswer = Type.Object({ tenants: Type.Array(Type.Object({ name: Name })) })

export const UserBody = NewUser
export const UserParams = Type.Object({ name: Name }, closed)
export const PasswordBody = Type.Object(
  {
    password: Password,
    /** The one before, of who changes their own: a session alone is not enough. */
    old: Type.Optional(Type.String({ maxLength: 256 })),
  },
  closed,
)
export const UsersAnswer = Type.Object({ users: Type.Array(WhoAnswer) })

export const TokenBody = Type.Object(
  {
    label: Name,
    tenant: TenantName,
    role: RoleName,
    days: Type.Integer({ minimum: 1, maximum: 366 }),
  },
  closed,
)
export const TokenParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }, closed)
export const TokensAnswer = Type.Object({
  tokens: Type.Array(
    Type.Object({
      /** Of its hash: what it is called where it is taken away. */
      id: Type.String(),
      label: Type.String(),
      tenant: TenantName,
      role: RoleName,
      madeMs: Type.Integer(),
      expiresMs: Type.Integer(),
      /** Somebody signed in by a password. */
      isSession: Type.Boolean(),
    }),
  ),
})

export const AuditParams = Type.Object(
  { tenant: Name, after: Type.String({ pattern: '^[0-9]{1,12}$' }) },
  closed,
)
export const AuditEntryForm = Type.Object({
  number: Type.Integer(),
  /** RFC 3339. */
  at: Type.String(),
  who: Type.String(),
  what: Type.String(),
  target: Type.String(),
  code: Type.Union([Type.String(), Type.Null()]),
  detail: Type.Optional(Type.String()),
  /** SHA-256 of the entry before as it is kept. */
  previous: Type.String(),
})
export const AuditAnswer = Type.Object({
  entries: Type.Array(AuditEntryForm),
  /** As they are kept, in the same order: what hashes are of. */
  texts: Type.Array(Type.String()),
  /** Of the last entry of the log, at the time of asking; zeros: there is none. */
  head: Type.Object({ number: Type.Integer(), hash: Type.String() }),
})

export type AuthorityAnswer = Static<typeof AuthorityAnswer>
export type DelegationBody = Static<typeof DelegationBody>
export type SignInBody = Static<typeof SignInBody>
export type TokenAnswer = Static<typeof TokenAnswer>
export type WhoAnswer = Static<typeof WhoAnswer>
export type TenantBody = Static<typeof TenantBody>
export type TenantsAnswer = Static<typeof TenantsAnswer>
export type UserBody = Static<typeof UserBody>
export type UsersAnswer = Static<typeof UsersAnswer>
export type PasswordBody = Static<typeof PasswordBody>
export type TokenBody = Static<typeof TokenBody>
export type TokensAnswer = Static<typeof TokensAnswer>
export type AuditAnswer = Static<typeof AuditAnswer>
