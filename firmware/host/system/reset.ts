/**
 * A box becomes blank: what its owner put on it goes, what it is stays (its device key). Written down before anything is removed, so
 * that a power cut on the way ends in a blank box as well, never in one that runs without its owner.
 */
import { rm } from 'node:fs/promises'
import { makeFile, readIfThere, removeFile } from './file.ts'
import type { Places } from './places.ts'

/** From now on the next start makes it blank. @throws STORE_WRITE_FAILED */
export async function orderReset({ resetOrder, historyFolder }: Places): Promise<void> {
  const order = (): Promise<unknown> => makeFile(resetOrder, 'at the next start\n')
  try {
    await order()
  } catch {
    // A disk that is full must not keep anybody from it. History goes anyway.
    await rm(historyFolder, { recursive: true, force: true })
    await order()
  }
}

/** What was ordered, if it was. @returns whether it was @throws the system's error */
export async function resetIfOrdered(places: Places): Promise<boolean> {
  const { resetOrder, config, configFolder, wireKey, ownerRecord, signedRecord } = places
  const { whereaboutsRecord, dnsmasqLeases, lanCertificates, programRecord, insideRecord } = places
  const { historyFolder, restoreOrder, storeFolder, oldLanCertificate } = places
  const { slotNote, orderRecord } = places
  if ((await readIfThere(resetOrder)) === null) return false
  for (const folder of [configFolder, storeFolder, historyFolder, lanCertificates]) {
    await rm(folder, { recursive: true, force: true })
  }
  for (const path of [
    ...[config, wireKey, signedRecord, ownerRecord, whereaboutsRecord, dnsmasqLeases],
    ...[programRecord, insideRecord, restoreOrder, oldLanCertificate],
    ...[slotNote, orderRecord],
  ]) {
    await rm(path, { force: true })
  }
  await removeFile(resetOrder)
  return true
}
