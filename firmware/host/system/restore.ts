/**
 * A box becomes the one that a backup was made of: its keys, its owner, its configuration. Written down whole before anything is
 * touched, and done by the next start as often as it takes, so that a power cut on the way ends in the one box or the other.
 */
import { rm } from 'node:fs/promises'
import { type BackupIdentity, isBackupIdentity } from '../../model/backup.ts'
import { readIfThere, removeFile, replaceFile } from './file.ts'
import type { Places } from './places.ts'

export interface RestoreOrder {
  readonly identity: BackupIdentity
  readonly config: string
}

/** From now on the next start does it. @throws STORE_WRITE_FAILED */
export async function orderRestore({ restoreOrder }: Places, order: RestoreOrder): Promise<void> {
  await replaceFile(restoreOrder, JSON.stringify(order))
}

/**
 * What was ordered, if it was. An order that cannot be read is none: the box goes on as it is.
 * @returns what became of it @throws STORE_WRITE_FAILED, the system's error
 */
export async function restoreIfOrdered(places: Places): Promise<'none' | 'done' | 'broken'> {
  const { restoreOrder, config, configFolder, deviceKey, wireKey, ownerRecord } = places
  const { signedRecord, whereaboutsRecord, programRecord, insideRecord } = places
  const text = await readIfThere(restoreOrder)
  if (text === null) return 'none'
  const order = orderOf(text)
  if (order === null) {
    await removeFile(restoreOrder)
    return 'broken'
  }
  const { identity, config: wanted } = order
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
    const value = JSON.parse(text) as RestoreOrder | null
    const isSound = isBackupIdentity(value?.identity) && typeof value?.config === 'string'
    return isSound ? value : null
  } catch {
    return null
  }
}
