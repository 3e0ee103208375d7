/**
 * Decides which configuration runs: device.yaml if every check passes; else the one that runs already; else,
 * at boot, the last good one. Never stops the gateway.
 */
import { readConfigFile } from '../host/config/file.ts'
import { loadLastGood, saveLastGood } from '../host/config/last-good.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'
import type { ConfigSource } from '../model/local-api.ts'
import { fieldsOf, fieldsOfBody } from './log-fields.ts'

export interface RunningConfig {
  /** Null until there is one. */
  readonly config: DeviceConfig | null
  readonly source: ConfigSource
  /** Why device.yaml is not what runs; empty if it is. */
  readonly refusals: readonly ErrorBody[]
}

export const noConfig: RunningConfig = { config: null, source: 'none', refusals: [] }

/** Each of a document's hundred errors is for `causeway check`; the log gets the first ones. */
const loggedErrors = 10

/** Saves what passes as last good before it returns, and so before anything is applied. */
export async function chooseConfig(
  running: RunningConfig,
  places: Pick<Places, 'config' | 'lastGood'>,
  ownWireKey: string,
  log: Log,
): Promise<RunningConfig> {
  const fresh = await readChecked(() => readConfigFile(places.config), ownWireKey)
  if (fresh.config !== null) {
    await saveOrSay(places.lastGood, fresh.text, log)
    return { config: fresh.config, source: 'file', refusals: [] }
  }
  for (const error of fresh.errors.slice(0, loggedErrors)) {
    log.error(fieldsOfBody(error), 'configuration refused')
  }
  if (running.config !== null) return { ...running, refusals: fresh.errors }
  const old = await readChecked(() => loadLastGood(places.lastGood), ownWireKey)
  if (old.config !== null) {
    log.warn({ revision: old.config.revision }, 'running on the last good configuration')
    return { config: old.config, source: 'last-good', refusals: fresh.errors }
  }
  for (const error of old.errors) log.error(fieldsOfBody(error), 'last good configuration refused')
  return { config: null, source: 'none', refusals: fresh.errors }
}

type Checked =
  | { readonly config: DeviceConfig; readonly text: string }
  | { readonly config: null; readonly errors: readonly ErrorBody[] }

/** @param read gives null where there is nothing, which is no error */
async function readChecked(
  read: () => Promise<string | null>,
  ownWireKey: string,
): Promise<Checked> {
  try {
    const text = await read()
    if (text === null) return { config: null, errors: [] }
    const { config, errors } = parseDeviceConfig(text, { ownWireKey })
    return config === null ? { config, errors } : { config, text }
  } catch (error) {
    if (error instanceof CausewayError) return { config: null, errors: [error.toJSON()] }
    throw error
  }
}

/** A full disk must not keep a good configuration from running. */
async function saveOrSay(path: string, text: string, log: Log): Promise<void> {
  try {
    await saveLastGood(path, text)
  } catch (error) {
    log.error(fieldsOf(error), 'last good configuration not saved')
  }
}
