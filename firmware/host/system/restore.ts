/**
 * A box becomes the one that a backup was made of: its keys, its owner, its configuration. Written down whole before anything is
 * touched, and done by the next start as often as it takes, so that a power cut on the way ends in the one box or the other.
 */
import { rm } from 'node:fs/promises'
import type { BackupIdentity } from '../../model/backup.ts'
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

/** What was ordered, if it was. @returns whether it was @throws STORE_WRITE_FAILED, the system's error */
export async function restoreIfOrdered(places: Places): Promise<boolean> {
  const { restoreOrder, config, configFolder, deviceKey, wireKey, ownerRecord } = places
  const { signedRecord, whereaboutsRecord, programRecord, insideRecord } = places
  const text = await readIfThere(restoreOrder)
  if (text === null) return false
  const { identity, config: wanted } = JSON.parse(text) as RestoreOrder
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
  return true
}
