/** What a box's API takes and tells of who may use it: signing in, users, tokens, sessions, the log of who did what. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'
import { LocalRoleName, NewLocalUser } from './local-user.ts'
import { Password } from './user.ts'

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Ms = Type.Integer({ minimum: 0 })
const Seconds = Type.Number({ minimum: 0 })
/** As it is typed; what a new one must be is said by `Password`. */
const Typed = Type.String({ maxLength: 256 })

/** Done, and nothing more to say. */
export const DoneAnswer = Type.Object({}, closed)

/** Of the cookie: `__Host-` keeps other hosts and plain HTTP from setting it (RFC 6265bis §4.1.3.2). */
export const sessionCookie = '__Host-causeway'
/** With whatever changes something and is asked with the cookie. */
export const csrfHeader = 'x-causeway-csrf'

export const SessionState = Type.Object(
  {
    /** Who asks; null: nobody has signed in. */
    user: Nullable(Type.Object({ name: Type.String(), role: LocalRoleName }, closed)),
    by: Type.Union([
      Type.Literal('shell'),
      Type.Literal('session'),
      Type.Literal('token'),
      Type.Literal('nobody'),
    ]),
    /** For the header x-causeway-csrf; null for whoever needs none. */
    csrf: Nullable(Type.String()),
    /** So long what asks for a password typed of late may be done; 0: the password must be typed again. */
    freshSeconds: Seconds,
    /** So long it holds if nothing more is asked; null for whoever has no session. */
    idleSeconds: Nullable(Seconds),
    /** There is no user yet: the first is to be made. */
    isFirst: Type.Boolean(),
    /** The first needs the code that `causeway user setup-code` prints. */
    needsSetupCode: Type.Boolean(),
    /** Whoever asks may see status without signing in (`api.lan: status`), or has signed in. */
    mayReadStatus: Type.Boolean(),
    site: Nullable(Type.String()),
  },
  closed,
)
export type SessionState = Static<typeof SessionState>

export const SignIn = Type.Object({ name: Typed, password: Typed }, closed)
export type SignIn = Static<typeof SignIn>

export const Refresh = Type.Object({ password: Typed }, closed)
export type Refresh = Static<typeof Refresh>

export const FirstPassword = Type.Object(
  {
    name: Name,
    password: Password,
    /** Of a box that is not blank any more. */
    code: Type.Optional(Type.String({ maxLength: 32 })),
  },
  closed,
)
export type FirstPassword = Static<typeof FirstPassword>

export const SetupCodeAnswer = Type.Object({ code: Type.String(), seconds: Seconds }, closed)
export type SetupCodeAnswer = Static<typeof SetupCodeAnswer>

export const LocalUserStatus = Type.Object(
  {
    name: Type.String(),
    role: LocalRoleName,
    madeMs: Ms,
    /** When the password was set. */
    passwordMs: Ms,
    sessions: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type LocalUserStatus = Static<typeof LocalUserStatus>
export const LocalUsersAnswer = Type.Object({ users: Type.Array(LocalUserStatus) }, closed)
export type LocalUsersAnswer = Static<typeof LocalUsersAnswer>

export const LocalUserBody = NewLocalUser
export const LocalUserParams = Type.Object({ name: Name }, closed)
export type LocalUserParams = Static<typeof LocalUserParams>
export const RoleBody = Type.Object({ role: LocalRoleName }, closed)
export type RoleBody = Static<typeof RoleBody>
export const LocalPasswordBody = Type.Object({ password: Password }, closed)
export type LocalPasswordBody = Static<typeof LocalPasswordBody>
export const OwnPasswordBody = Type.Object({ old: Typed, password: Password }, closed)
export type OwnPasswordBody = Static<typeof OwnPasswordBody>

export const LocalTokenBody = Type.Object(
  { label: Name, role: LocalRoleName, days: Type.Integer({ minimum: 1, maximum: 366 }) },
  closed,
)
export type LocalTokenBody = Static<typeof LocalTokenBody>
/** For the header `Authorization: Bearer`; it is not shown again. */
export const LocalTokenAnswer = Type.Object({ token: Type.String(), expiresMs: Ms }, closed)
export type LocalTokenAnswer = Static<typeof LocalTokenAnswer>

/** Of its hash: tells tokens and sessions apart, and nobody anything else. */
const Id = Type.String({ pattern: '^[0-9a-f]{16}$' })
export const IdParams = Type.Object({ id: Id }, closed)
export type IdParams = Static<typeof IdParams>

export const LocalTokenStatus = Type.Object(
  {
    id: Id,
    label: Type.String(),
    role: LocalRoleName,
    /** Who made it. */
    by: Type.String(),
    madeMs: Ms,
    expiresMs: Ms,
  },
  closed,
)
export type LocalTokenStatus = Static<typeof LocalTokenStatus>
export const LocalTokensAnswer = Type.Object({ tokens: Type.Array(LocalTokenStatus) }, closed)
export type LocalTokensAnswer = Static<typeof LocalTokensAnswer>

export const SignedInStatus = Type.Object(
  {
    id: Id,
    user: Type.String(),
    role: LocalRoleName,
    /** From where it was opened. */
    address: Type.String(),
    ageSeconds: Seconds,
    /** Since it asked last. */
    idleSeconds: Seconds,
    /** The one that asks. */
    isOwn: Type.Boolean(),
  },
  closed,
)
export type SignedInStatus = Static<typeof SignedInStatus>
export const SignedInAnswer = Type.Object({ sessions: Type.Array(SignedInStatus) }, closed)
export type SignedInAnswer = Static<typeof SignedInAnswer>

export const LocalAuditEntry = Type.Object(
  {
    number: Type.Integer({ minimum: 1 }),
    /** RFC 3339. */
    at: Type.String(),
    /** A user, `token/LABEL`, `shell`, or whatever name somebody tried to sign in by. */
    who: Type.String(),
    /** `POST /api/v1/config/apply` */
    what: Type.String(),
    /** What it was done to; empty: that is said already. */
    target: Type.String(),
    /** An address, or `shell`. */
    from: Type.String(),
    /** Of a refusal or failure; null: it was done. */
    code: Nullable(Type.String()),
    /** So many more like it were not told, since there were too many at once. */
    more: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type LocalAuditEntry = Static<typeof LocalAuditEntry>
/** Newest first, a page. */
export const LocalAuditAnswer = Type.Object({ entries: Type.Array(LocalAuditEntry) }, closed)
export type LocalAuditAnswer = Static<typeof LocalAuditAnswer>
export const LocalAuditParams = Type.Object(
  { before: Type.String({ pattern: '^[1-9][0-9]{0,11}$' }) },
  closed,
)
export type LocalAuditParams = Static<typeof LocalAuditParams>
