/**
 * Makes backups of this box and restores them. Whatever can be said against one is said before anything is changed; its configuration is
 * applied as any other, and taken back unless confirmed; its users come with that confirm, so that whoever confirms is still known. Who
 * becomes another box begins anew, users included: that is one order, which the next start carries out.
 */

import { parseDeviceConfig } from '../host/config/parse.ts'
import { withRevision } from '../host/config/revision.ts'
import { readIdentity } from '../host/pki/identity.ts'
import { openBackup, sealBackup } from '../host/system/backup-seal.ts'
import type { RestoreOrder } from '../host/system/restore.ts'
import { type Backup, type BackupIdentity, type BackupUser, isBackup } from '../model/backup.ts'
import { CausewayError } from '../model/errors.ts'
import type {
  BackupContents,
  BackupLookRequest,
  BackupRequest,
  RestoreAnswer,
  RestoreRequest,
} from '../model/local-api-backup.ts'
import type { ConfigChangeEvent } from '../model/local-api-event.ts'
import { reservedUsers } from '../model/local-user.ts'
import { version } from '../model/version.ts'

/** Those who sign in, with the hashes of their passwords. */
export interface BackupUsers {
  readonly list: () => Promise<readonly BackupUser[]>
  /** These and no others, from now on. @throws STORE_ errors, API_NOT_READY */
  readonly replace: (users: readonly BackupUser[]) => Promise<void>
}

export interface BackupParts {
  readonly wallMs: () => number
  readonly deviceId: () => string
  readonly isOwned: () => boolean
  /** What was confirmed last; null: nothing that can be used. */
  readonly running: () => {
    readonly text: string
    readonly revision: number
    readonly site: string
  } | null
  /** The highest that ran here. */
  readonly highestRevision: () => number
  /** @throws CONFIG_ errors */
  readonly check: (text: string) => void
  /** @throws CONFIG_ errors */
  readonly apply: (text: string, confirmSeconds: number) => Promise<void>
  readonly users: BackupUsers
  /** @throws STORE_ errors */
  readonly readIdentity: () => Promise<BackupIdentity>
  /** From the next start on this box is that one. @throws STORE_WRITE_FAILED */
  readonly orderRestore: (order: RestoreOrder) => Promise<void>
  readonly restart: () => void
  readonly onFault: (error: unknown) => void
}

export class Backups {
  readonly #parts: BackupParts
  /** Those of the configuration that waits for its confirm. */
  #users: { readonly revision: number; readonly users: readonly BackupUser[] } | null = null

  constructor(parts: BackupParts) {
    this.#parts = parts
  }

  /** @throws API_NOT_READY there is nothing to keep; BACKUP_INVALID, STORE_ errors, API_BUSY */
  async make({ passphrase, withIdentity }: BackupRequest): Promise<Uint8Array> {
    const { running, users, deviceId, wallMs } = this.#parts
    const now = running()
    if (now === null) throw new CausewayError('API_NOT_READY', 'no configuration runs')
    const backup: Backup = {
      version: 1,
      madeAt: new Date(wallMs()).toISOString(),
      firmware: version,
      deviceId: deviceId(),
      site: now.site,
      revision: now.revision,
      config: now.text,
      users: (await users.list()).map(userOf),
      identity: withIdentity ? await this.#parts.readIdentity() : null,
    }
    // One that could not be opened again is none.
    if (!isBackup(backup)) {
      throw new CausewayError('BACKUP_INVALID', 'what this box has fits into no backup')
    }
    return sealBackup(passphrase, Buffer.from(JSON.stringify(backup), 'utf8'))
  }

  /** @throws BACKUP_ errors, API_BUSY */
  async look(request: BackupLookRequest): Promise<BackupContents> {
    return this.#contentsOf(await opened(request))
  }

  /** @throws BACKUP_, CONFIG_, STORE_ errors, API_BUSY */
  async restore(request: RestoreRequest): Promise<RestoreAnswer> {
    const backup = await opened(request)
    const users = request.withUsers ? backup.users : null
    if (users !== null) checkUsers(users)
    const contents = this.#contentsOf(backup)
    if (request.withIdentity) return this.#become(backup, contents, users)
    const { highestRevision, check, apply } = this.#parts
    const revision = Math.max(highestRevision(), backup.revision - 1) + 1
    const text = withRevision(backup.config, revision)
    check(text)
    // Confirmed may be told before `apply` returns.
    const before = this.#users
    this.#users = users === null ? null : { revision, users }
    try {
      await apply(text, request.confirmSeconds)
    } catch (error) {
      // One that waits for its confirm goes on waiting.
      this.#users = before
      throw error
    }
    return { contents, revision, isRestarting: false }
  }

  /** Of any change; those of others end what waits here. */
  onChange({ revision, step }: ConfigChangeEvent): void {
    const waiting = this.#users
    if (waiting === null || waiting.revision !== revision) return
    if (step === 'confirmed') {
      this.#parts.users.replace(waiting.users).catch(this.#parts.onFault)
    }
    if (step === 'confirmed' || step === 'taken-back') this.#users = null
  }

  async #become(
    { identity, config, deviceId, revision }: Backup,
    contents: BackupContents,
    users: readonly BackupUser[] | null,
  ): Promise<RestoreAnswer> {
    const { isOwned, orderRestore, restart } = this.#parts
    if (identity === null) {
      throw new CausewayError('BACKUP_NO_IDENTITY', 'the backup holds no keys of a box', {
        path: '/withIdentity',
      })
    }
    if (isOwned() && !contents.isOwn) {
      const message = 'this box has an owner: reset it before it becomes another'
      throw new CausewayError('BACKUP_OWNED', message, { path: '/withIdentity' })
    }
    const keys = readIdentity(identity)
    if (keys === null || keys.deviceId !== deviceId) {
      throw new CausewayError('BACKUP_INVALID', 'the keys in the backup are not those of its box')
    }
    const { errors } = parseDeviceConfig(config, { ownWireKey: keys.wireKey })
    const [first] = errors
    if (first !== undefined)
      throw new CausewayError(first.code, first.message, { ...first, errors })
    await orderRestore({ identity, config, users })
    restart()
    return { contents, revision, isRestarting: true }
  }

  #contentsOf(backup: Backup): BackupContents {
    const { madeAt, firmware, site, deviceId, revision, users, identity } = backup
    return {
      ...{ madeAt, firmware, site, deviceId, revision },
      isOwn: deviceId === this.#parts.deviceId(),
      users: users.map(({ name, role }) => ({ name, role })),
      hasIdentity: identity !== null,
    }
  }
}

/** What would refuse them once they come. @throws BACKUP_INVALID */
function checkUsers(users: readonly BackupUser[]): void {
  const path = '/withUsers'
  if (!users.some(({ role }) => role === 'admin'))
    throw new CausewayError('BACKUP_INVALID', 'no user of the backup is an admin', { path })
  const reserved = users.find(({ name }) => reservedUsers.has(name))
  if (reserved === undefined) return
  throw new CausewayError('BACKUP_INVALID', `nobody can be called ${reserved.name}`, { path })
}

/** What is kept of a user may grow: only this is of a backup. */
function userOf({ name, role, salt, hash, madeMs, passwordMs }: BackupUser): BackupUser {
  return { name, role, salt, hash, madeMs, passwordMs }
}

async function opened({ passphrase, file }: BackupLookRequest): Promise<Backup> {
  const text = await openBackup(passphrase, Buffer.from(file, 'base64'))
  const value = parsed(text)
  if (isBackup(value)) return value
  const version = (value as { version?: unknown } | null)?.version
  if (typeof version === 'number' && version > 1) {
    throw new CausewayError('BACKUP_VERSION', 'the backup is of a later release')
  }
  throw new CausewayError('BACKUP_INVALID', 'the backup does not hold what a box has')
}

function parsed(text: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(text).toString('utf8')) as unknown
  } catch {
    return null
  }
}
