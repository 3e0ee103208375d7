/** What the local API takes and says about backups: one encrypted file, made here and restored here. */
import Type, { type Static } from 'typebox'
import { LocalRoleName } from './local-user.ts'
import { leastPassphrase, mostBackupBytes } from './upkeep-limits.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** What is shorter is guessed, since whoever has the file may try as long as they like. */
export const Passphrase = Type.String({ minLength: leastPassphrase, maxLength: 256 })

/** POST /api/v1/backup: answered with the file. */
export const BackupRequest = Type.Object(
  {
    passphrase: Passphrase,
    /** The keys by which owner and peers know the box: to be restored on its replacement, while the box itself is off. */
    withIdentity: Type.Boolean(),
  },
  closed,
)
export type BackupRequest = Static<typeof BackupRequest>

const sealed = {
  passphrase: Passphrase,
  /** The file in base64. */
  file: Type.String({
    minLength: 1,
    maxLength: Math.ceil(mostBackupBytes / 3) * 4,
    pattern: '^[A-Za-z0-9+/]+={0,2}$',
  }),
}

/** POST /api/v1/backup/look: what it holds. Changes nothing. */
export const BackupLookRequest = Type.Object(sealed, closed)
export type BackupLookRequest = Static<typeof BackupLookRequest>

export const BackupContents = Type.Object(
  {
    madeAt: Type.String(),
    firmware: Type.String(),
    site: Nullable(Type.String()),
    deviceId: Type.String(),
    /** It was made by this very box. */
    isOwn: Type.Boolean(),
    revision: Type.Integer({ minimum: 0 }),
    users: Type.Array(Type.Object({ name: Type.String(), role: LocalRoleName }, closed)),
    hasIdentity: Type.Boolean(),
  },
  closed,
)
export type BackupContents = Static<typeof BackupContents>

/** POST /api/v1/backup/restore: all is checked before anything is changed. */
export const RestoreRequest = Type.Object(
  {
    ...sealed,
    /** Users of the backup in place of those that there are. */
    withUsers: Type.Boolean(),
    /** Becomes the box that the backup was made of: begins anew with its keys; no confirm is waited for then. */
    withIdentity: Type.Boolean(),
    /** As with any configuration: taken back unless confirmed. Of no meaning with an identity. */
    confirmSeconds: Type.Integer({ minimum: 10, maximum: 120 }),
  },
  closed,
)
export type RestoreRequest = Static<typeof RestoreRequest>

export const RestoreAnswer = Type.Object(
  {
    contents: BackupContents,
    /** Of the configuration as it runs now and waits for its confirm: the next free one. */
    revision: Type.Integer({ minimum: 0 }),
    /** The gateway begins anew. */
    isRestarting: Type.Boolean(),
  },
  closed,
)
export type RestoreAnswer = Static<typeof RestoreAnswer>
