/** Who may do what at a controller. Roles are of one tenant; a user of the tenant `*` has them in all. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'

/**
 * `auditor` reads, the audit log too. `operator` reads, claims and releases boxes. `admin` changes documents and firmware as well.
 * `owner` may do all, users and tokens included.
 */
export const roles = ['auditor', 'operator', 'admin', 'owner'] as const
export type Role = (typeof roles)[number]

export const RoleName = Type.Union(
  [Type.Literal('auditor'), Type.Literal('operator'), Type.Literal('admin'), Type.Literal('owner')],
  { title: 'auditor, operator, admin or owner' },
)

/** What can be done, and who may at least. */
export const permissions = {
  'fleet.read': 'auditor',
  'audit.read': 'auditor',
  'edge.claim': 'operator',
  'edge.release': 'operator',
  'edge.unlock': 'owner',
  'fleet.write': 'admin',
  'firmware.roll-out': 'admin',
  'firmware.write': 'admin',
  'user.read': 'owner',
  'user.write': 'owner',
  'backup.read': 'owner',
  'tenant.write': 'owner',
  'authority.write': 'owner',
} as const satisfies Readonly<Record<string, Role>>
export type Permission = keyof typeof permissions

/** `*`: all. */
export const TenantName = Type.Union([Name, Type.Literal('*')])

/** At least twelve characters; what is more than 256 is no password (NIST SP 800-63B §5.1.1.2). */
export const passwordCharacters = { least: 12, most: 256 } as const
export const Password = Type.String({
  minLength: passwordCharacters.least,
  maxLength: passwordCharacters.most,
})

export const NewUser = Type.Object(
  { name: Name, tenant: TenantName, role: RoleName, password: Password },
  closed,
)
export type NewUser = Static<typeof NewUser>

/** Whoever asks, once they are known. */
export interface Principal {
  readonly name: string
  readonly tenant: string
  readonly role: Role
}
