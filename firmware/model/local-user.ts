/** Who may do what on a box by its web page and its HTTPS API. On the API's socket whoever can open it (root) may do all. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'
import type { LocalRole } from './local-permission.ts'
import { Password } from './user.ts'

export * from './local-permission.ts'

export const LocalRoleName = Type.Union(
  [Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')],
  { title: 'viewer, operator or admin' },
)

export const NewLocalUser = Type.Object(
  { name: Name, role: LocalRoleName, password: Password },
  closed,
)
export type NewLocalUser = Static<typeof NewLocalUser>

/** Whoever asks, once they are known. `shell`: over the API's socket. */
export interface LocalPrincipal {
  readonly name: string
  readonly role: LocalRole
  readonly by: 'shell' | 'session' | 'token' | 'nobody'
  /** Which of that user's; null: it is none. */
  readonly session: string | null
}

export const shellPrincipal: LocalPrincipal = {
  ...{ name: 'shell', role: 'admin', by: 'shell', session: null },
}
/** Who has not signed in. May do what is for anybody, and see how the box is where the configuration says so. */
export const strangerPrincipal: LocalPrincipal = {
  ...{ name: 'stranger', role: 'viewer', by: 'nobody', session: null },
}
/** No user may be called so: the audit log would not tell them apart. */
export const reservedUsers: ReadonlySet<string> = new Set(['shell', 'stranger'])
