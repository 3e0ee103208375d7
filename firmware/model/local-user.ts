/** Who may do what on a box by its web page and its HTTPS API. On the API's socket whoever can open it (root) may do all. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'
import { Password } from './user.ts'

/** `viewer` sees all but secrets and the audit log. `operator` diagnoses and starts anew as well. `admin` may do all. */
export const localRoles = ['viewer', 'operator', 'admin'] as const
export type LocalRole = (typeof localRoles)[number]

export const LocalRoleName = Type.Union(
  [Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')],
  { title: 'viewer, operator or admin' },
)

/** What can be done, and who may at least. */
export const localPermissions = {
  'status.read': 'viewer',
  'config.read': 'viewer',
  'log.read': 'operator',
  /** Ping, traceroute, DNS, path MTU, explain, speed test: packets of the box's own. */
  diagnose: 'operator',
  /** What others send, with payloads cut off. */
  capture: 'operator',
  /** The same with payloads. */
  'capture.full': 'admin',
  restart: 'operator',
  'config.write': 'admin',
  'audit.read': 'admin',
  'user.read': 'admin',
  'user.write': 'admin',
  backup: 'admin',
  update: 'admin',
  reset: 'admin',
} as const satisfies Readonly<Record<string, LocalRole>>
export type LocalPermission = keyof typeof localPermissions

export function isAllowed(role: LocalRole, permission: LocalPermission): boolean {
  return localRoles.indexOf(role) >= localRoles.indexOf(localPermissions[permission])
}

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
