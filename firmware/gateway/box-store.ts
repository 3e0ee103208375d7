/** The box's store of who may use it, on its disk. Before the gateway opens it, the users of a backup are written into it. */

import { openStore } from '../host/store/ordered-store.ts'
import type { Store } from '../host/store/store.ts'
import { makePrivateFolder } from '../host/system/file.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import { giveReserve, keepReserve } from '../host/system/reserve.ts'
import type { BackupUser } from '../model/backup.ts'
import type { CausewayError } from '../model/errors.ts'
import { openUsers } from './access/users.ts'
import { fieldsOf } from './log-fields.ts'

type StorePlaces = Pick<Places, 'storeFolder' | 'storeReserve'>

/** It opens on less, and takes some thousand sign-ins; and it is less than what `status` calls a full disk (host/system/room.ts). */
const reserveBytes = 3 * 1024 * 1024

/**
 * LevelDB is loaded when it is needed: a box forwards without it. On a disk that is full what was set aside for it is given back (to
 * all: whoever writes first has it), since who cannot sign in cannot make room. @throws STORE_ errors, the system's error
 */
export async function openBoxStore(
  { storeFolder, storeReserve }: StorePlaces,
  onFailed: (error: CausewayError) => void,
  setAside = reserveBytes,
): Promise<Store> {
  const { openLevelTable } = await import('../host/store/level-table.ts')
  const open = async (): Promise<Store> => {
    await makePrivateFolder(storeFolder)
    return openStore(await openLevelTable(storeFolder), onFailed)
  }
  const store = await open().catch(async (error: unknown) => {
    if (!isNoRoom(error) || !(await giveReserve(storeReserve))) throw error
    return open()
  })
  await keepReserve(storeReserve, setAside)
  return store
}

/** LevelDB has the system's words and not its code. */
function isNoRoom(error: unknown): boolean {
  const { code, detail = '' } = error as { readonly code?: string; readonly detail?: string }
  return code === 'ENOSPC' || /No space left on device/.test(detail)
}

/** These and no others. @throws STORE_ errors, the system's error */
export async function replaceUsers(
  places: StorePlaces,
  users: readonly BackupUser[],
  log: Log,
): Promise<void> {
  const onFault = (error: unknown): void => log.error(fieldsOf(error), 'access not written down')
  await using store = await openBoxStore(places, onFault)
  // Nobody signs in here, so no time passes.
  const parts = { store, nowMs: () => 0, wallMs: () => 0, onFault }
  await (await openUsers(parts)).replaceAll(users)
}
