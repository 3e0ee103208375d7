/** The box's store of who may use it, on its disk. Before the gateway opens it, the users of a backup are written into it. */

import { openStore } from '../host/store/ordered-store.ts'
import type { Store } from '../host/store/store.ts'
import { makePrivateFolder } from '../host/system/file.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import type { BackupUser } from '../model/backup.ts'
import type { CausewayError } from '../model/errors.ts'
import { openUsers } from './access/users.ts'
import { fieldsOf } from './log-fields.ts'

/** LevelDB is loaded when it is needed: a box forwards without it. @throws STORE_ errors, the system's error */
export async function openBoxStore(
  folder: string,
  onFailed: (error: CausewayError) => void,
): Promise<Store> {
  const { openLevelTable } = await import('../host/store/level-table.ts')
  await makePrivateFolder(folder)
  return openStore(await openLevelTable(folder), onFailed)
}

/** These and no others. @throws STORE_ errors, the system's error */
export async function replaceUsers(
  { storeFolder }: Pick<Places, 'storeFolder'>,
  users: readonly BackupUser[],
  log: Log,
): Promise<void> {
  const onFault = (error: unknown): void => log.error(fieldsOf(error), 'access not written down')
  await using store = await openBoxStore(storeFolder, onFault)
  // Nobody signs in here, so no time passes.
  const parts = { store, nowMs: () => 0, wallMs: () => 0, onFault }
  await (await openUsers(parts)).replaceAll(users)
}
