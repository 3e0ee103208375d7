/**
 * A box becomes the one that a backup was made of: its users, its keys, its owner, its configuration. Written down whole before anything is
 * touched, and done by the next start as often as it takes, so that a power cut on the way ends in the one box or the other.
 */
import { rm } from 'node:fs/promises'
import {
  type BackupIdentity,
  type BackupUser,
  isBackupIdentity,
  isBackupUsers,
} from '../../model/backup.ts'
import { readIfThere, removeFile, replaceFile } from './file.ts'
import type { Places } from './places.ts'

export interface RestoreOrder {
  readonly identity: BackupIdentity
  readonly config: string
  /** Null: those of this box stay. */
  readonly users: readonly BackupUser[] | null
}

/** What became of an order. `refused`: its users could not be written, so nothing else was touched. */
export type Restored = 'none' | 'done' | 'broken' | { readonly refused: unknown }

/** From now on the next start does it. @throws STORE_WRITE_FAILED */
export async function orderRestore({ restoreOrder }: Places, order: RestoreOrder): Promise<void> {
  await replaceFile(restoreOrder, JSON.stringify(order))
}

/**
 * What was ordered, if it was. An order that cannot be read is none: the box goes on as it is.
 * @param replaceUsers these and no others, durably
 * @throws STORE_WRITE_FAILED, the system's error
 */
export async function restoreIfOrdered(
  places: Places,
  replaceUsers: (users: readonly BackupUser[]) => Promise<void>,
): Promise<Restored> {
  const { restoreOrder, config, configFolder, deviceKey, wireKey, ownerRecord } = places
  const { signedRecord, whereaboutsRecord, programRecord, insideRecord } = places
  const text = await readIfThere(restoreOrder)
  if (text === null) return 'none'
  const order = orderOf(text)
  if (order === null) {
    await removeFile(restoreOrder)
    return 'broken'
  }
  const { identity, config: wanted, users } = order
  if (users !== null) {
    try {
      await replaceUsers(users)
    } catch (error) {
      await removeFile(restoreOrder)
      return { refused: error }
    }
  }
  // What this box was before is none of the other one's.
  await rm(configFolder, { recursive: true, force: true })
  for (const path of [signedRecord, whereaboutsRecord, programRecord, insideRecord]) {
    await rm(path, { force: true })
  }
  await replaceFile(deviceKey, identity.deviceKey)
  await replaceFile(wireKey, identity.wireKey)
  if (identity.owner === null) await rm(ownerRecord, { force: true })
  else await replaceFile(ownerRecord, `${JSON.stringify(identity.owner)}\n`)
  await replaceFile(config, wanted)
  await removeFile(restoreOrder)
  return 'done'
}

function orderOf(text: string): RestoreOrder | null {
  try {
    const value = JSON.parse(text) as Partial<RestoreOrder> | null
    const { identity, config, users } = value ?? {}
    const isSound = isBackupIdentity(identity) && typeof config === 'string'
    return isSound && (users === null || isBackupUsers(users)) ? { identity, config, users } : null
  } catch {
    return null
  }
}
