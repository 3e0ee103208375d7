/** `causeway ctl backup` over the network, `causeway ctl restore` on the controller's own machine while no controller runs. */
import { readController } from '../host/link/controller-client.ts'
import { restoreBackup, writeBackup } from '../host/store/backup-file.ts'
import { mostPage, type Store } from '../host/store/store.ts'
import { defaultInstance, isInstanceName, placesOf } from '../host/system/places.ts'
import { publishedPrefix, revisionFloorKey, tokenPrefix } from '../model/controller-keys.ts'
import { type ExitCode, exitCode, Misuse } from './call.ts'
import { accountOf, type CtlCall, type CtlCommand, print } from './ctl-call.ts'

/** Without a byte. */
const silentMs = 60_000

export const backupCommands: readonly CtlCommand[] = [
  {
    name: 'backup',
    takes: 'FILE',
    help: `save all that the controller keeps, of one moment, checked as it comes. Its keys are not in it:
save the folder keys/ of the controller as well, once, and again after root delegate`,
    words: [1, 1],
    options: [],
    run: backup,
  },
  {
    name: 'restore',
    takes: 'FILE [--instance NAME]',
    help: 'on the machine of a controller that does not run and has no store: put a backup in its place',
    words: [1, 1],
    options: ['instance'],
    run: restore,
  },
]

async function backup(call: CtlCall): Promise<ExitCode> {
  const [path = ''] = call.words
  const { controller, authority, token } = await accountOf(call)
  const asked = { controller, authority, token, method: 'GET', timeoutMs: silentMs } as const
  const entries = await writeBackup(path, readController({ ...asked, path: '/api/v1/backup' }))
  print(call, { file: path, entries }, () => `${path}: ${entries} entries, whole\n`)
  return exitCode.done
}

async function restore(call: CtlCall): Promise<ExitCode> {
  const [path = ''] = call.words
  const { instance = defaultInstance } = call.options
  if (typeof instance !== 'string' || !isInstanceName(instance)) {
    throw new Misuse(`'${instance}' names no instance`)
  }
  const { storeFolder, keyFolder } = placesOf(instance, call.root)
  const entries = await restoreBackup(path, storeFolder, settle)
  print(call, { folder: storeFolder, entries }, () =>
    [
      `${storeFolder}: ${entries} entries\n`,
      'all tokens and sessions have ended: some may have been revoked since; programs need new ones\n',
      'users and passwords are those of the backup: take away again who has left since\n',
      `put the saved keys into ${keyFolder} before the controller starts: boxes know no other\n`,
    ].join(''),
  )
  return exitCode.done
}

async function settle(store: Store): Promise<void> {
  await forgetPublished(store)
  await forgetTokens(store)
}

/** What was revoked, or ended by another password, since the backup was made must not be good again. */
async function forgetTokens(store: Store): Promise<void> {
  for (;;) {
    const { entries } = await store.range({ prefix: tokenPrefix, limit: mostPage })
    if (entries.length === 0) return
    const changes = entries.map(({ key }) => ({ key, value: null }))
    await store.commit({ conditions: [], changes })
  }
}

/**
 * Boxes may have had later configurations than those of the backup, and take none below: all are made anew, above any revision that
 * there can have been. A commit publishes a box's next revision at most once, so that the store's own is never behind.
 */
async function forgetPublished(store: Store): Promise<void> {
  for (;;) {
    const { entries } = await store.range({ prefix: publishedPrefix, limit: mostPage })
    const gone = entries.map(({ key }) => ({ key, value: null }))
    const floor = { key: revisionFloorKey, value: String((await store.revision()) + 1) }
    await store.commit({ conditions: [], changes: [...gone, floor] })
    if (entries.length === 0) return
  }
}
