/** What is looked at before a device.yaml is believed: every check of the document, and what ran here before. */
import { readConfigFile } from '../host/config/file.ts'
import type { Entry, History } from '../host/config/history.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import type { Disk } from '../host/system/disk.ts'
import type { Log } from '../host/system/log.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'
import type { ConfigSource as SourceName } from '../model/local-api.ts'

export interface RunningConfig {
  /** Null until there is one. */
  readonly config: DeviceConfig | null
  /** As it was written; '' without one. */
  readonly text: string
  readonly source: SourceName
  /** Why device.yaml is not what runs; empty if it is. */
  readonly refusals: readonly ErrorBody[]
}

export const noConfig: RunningConfig = { config: null, text: '', source: 'none', refusals: [] }

export type Checked =
  | { readonly config: DeviceConfig; readonly text: string }
  /** `text` is null where none could be read. */
  | { readonly config: null; readonly text: string | null; readonly errors: readonly ErrorBody[] }

export async function readChecked(
  read: () => Promise<string>,
  ownWireKey: string,
): Promise<Checked> {
  let text: string | null = null
  try {
    text = await read()
    const { config, errors } = parseDeviceConfig(text, { ownWireKey })
    return config === null ? { config, text, errors } : { config, text }
  } catch (error) {
    if (error instanceof CausewayError) return { config: null, text, errors: [error.toJSON()] }
    throw error
  }
}

/**
 * What a box runs that never had another: enough of it to find its owner. A device.yaml that there is not is nothing to tell of then.
 */
export async function factoryConfig(
  path: string,
  disk: Disk,
  ownWireKey: string,
  fresh: Checked,
  refusals: readonly ErrorBody[],
): Promise<RunningConfig> {
  if ((await disk.read(path, 0)) === null) return { ...noConfig, refusals }
  const factory = await readChecked(() => readConfigFile(path, disk), ownWireKey)
  if (factory.config === null) return { ...noConfig, refusals: [...refusals, ...factory.errors] }
  return { ...factory, source: 'factory', refusals: fresh.text === null ? [] : refusals }
}

/** Whether a confirm was cut off between its entry and device.yaml, which is as before: it was never answered. */
export function isCutOff(
  text: string,
  { candidate, entries: [newest, before] }: Pick<History, 'candidate' | 'entries'>,
): boolean {
  const isCandidate = newest?.number === candidate?.number && newest?.text === candidate?.text
  return before?.text === text && isCandidate
}

/** A device.yaml as it is; null: there is none; undefined: there is one that cannot be read. */
export function readNow(path: string, disk: Disk): Promise<string | null | undefined> {
  const absent = async (): Promise<null | undefined> =>
    (await disk.read(path, 0)) === null ? null : undefined
  return readConfigFile(path, disk).catch(() => absent().catch(() => undefined))
}

/** Why what was read is not to run; empty if it is. At boot nobody has asked for it to be read. */
export function refusalsOf(
  fresh: Checked,
  history: Pick<History, 'candidate' | 'entries'>,
  isAtBoot: boolean,
): readonly ErrorBody[] {
  if (fresh.config === null) return fresh.errors
  if (isUnconfirmed(fresh.text, history)) {
    const message = `device.yaml is revision ${fresh.config.revision}, which nobody confirmed`
    return [{ code: 'CONFIG_UNCONFIRMED', message, detail: 'what ran before takes its place' }]
  }
  return isAtBoot ? truncation(fresh.text, history.entries[0]) : []
}

/**
 * Whether device.yaml holds a change that was never confirmed: a write failed, and it could not be put back. Only what
 * was being written can have got there so; and an entry of its number, or a later one, tells how that ended.
 */
export function isUnconfirmed(
  text: string | null,
  { candidate, entries: [newest] }: Pick<History, 'candidate' | 'entries'>,
): boolean {
  if (candidate === null || candidate.text !== text || newest?.text === text) return false
  return candidate.number > (newest?.number ?? 0)
}

/** A document can be cut where what is left is one too, with fewer peers. @param newest what ran last, if anything */
function truncation(text: string, newest: Entry | undefined): readonly ErrorBody[] {
  if (newest === undefined) return []
  if (text.length >= newest.text.length || !newest.text.startsWith(text)) return []
  const message = `device.yaml is only the beginning of what ran last (revision ${newest.revision})`
  const detail = 'if it is meant so, reload it, or count its revision up'
  return [{ code: 'CONFIG_TRUNCATED', message, detail }]
}

/** Says it where a revision does not tell what an admin would think it tells. */
export function compareRevisions(
  { config, text }: { readonly config: DeviceConfig; readonly text: string },
  newest: Entry | undefined,
  log: Pick<Log, 'warn'>,
): void {
  if (newest === undefined || newest.text === text) return
  const { revision } = config
  if (revision === newest.revision) {
    log.warn({ revision }, 'another configuration under the same revision')
  } else if (revision < newest.revision) {
    log.warn({ revision, detail: `revision ${newest.revision} ran last` }, 'an older revision')
  }
}

/**
 * @param path of a device.yaml that holds what would be lost
 * @param isRefused it was read, and refused; else it was edited since
 * @param isDuringChange a reload would wait for its end
 */
export function conflictOf(
  path: string,
  isRefused: boolean,
  isDuringChange: boolean,
): CausewayError {
  const what = isRefused ? 'was refused, and would be lost' : 'was changed since it was read'
  const restore = isRefused ? 'remove it' : 'put it back'
  const reload = isRefused ? 'mend and reload it' : 'reload it'
  const remedy = isDuringChange
    ? `${restore}, or \`config rollback\`, then ${reload} and apply anew`
    : `${reload}, or ${restore}`
  return new CausewayError('CONFIG_CONFLICT', `${path} ${what}: ${remedy}`)
}
