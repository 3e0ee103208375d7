/** What a backup holds, once it is opened: a box's configuration with its secrets, its users, and, if wanted, who it is. */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { Name } from './device-config-fields.ts'
import { OwnerRecord } from './enrolment.ts'
import { DeviceId } from './fleet.ts'
import { LocalRoleName } from './local-user.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
/** As passwords are kept: host/system/password.ts. */
const Salt = Type.String({ pattern: '^[0-9a-f]{32}$' })
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Ms = Type.Integer({ minimum: 0 })
/** PKCS #8. */
const Pem = Type.String({ minLength: 1, maxLength: 4_096 })

export const BackupUser = Type.Object(
  { name: Name, role: LocalRoleName, salt: Salt, hash: Hash, madeMs: Ms, passwordMs: Ms },
  closed,
)
export type BackupUser = Static<typeof BackupUser>

export const BackupIdentity = Type.Object(
  { deviceKey: Pem, wireKey: Pem, owner: Nullable(OwnerRecord) },
  closed,
)
export type BackupIdentity = Static<typeof BackupIdentity>

export const BackupUsers = Type.Array(BackupUser, { maxItems: 64 })
export type BackupUsers = Static<typeof BackupUsers>

export const Backup = Type.Object(
  {
    version: Type.Literal(1),
    /** RFC 3339, as right as the box's clock was. */
    madeAt: Type.String({ maxLength: 40 }),
    firmware: Type.String({ maxLength: 40 }),
    deviceId: DeviceId,
    site: Nullable(Name),
    revision: Type.Integer({ minimum: 0 }),
    /** As it was written, YAML. */
    config: Type.String({ maxLength: 1024 * 1024 }),
    users: BackupUsers,
    identity: Nullable(BackupIdentity),
  },
  closed,
)
export type Backup = Static<typeof Backup>

const form = Compile(Backup)

export function isBackup(value: unknown): value is Backup {
  return form.Check(value)
}

const identityForm = Compile(BackupIdentity)

export function isBackupIdentity(value: unknown): value is BackupIdentity {
  return identityForm.Check(value)
}

const usersForm = Compile(BackupUsers)

export function isBackupUsers(value: unknown): value is BackupUsers {
  return usersForm.Check(value)
}
