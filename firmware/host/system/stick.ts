/**
 * What a USB stick brings, in its root folder: where controllers are (controller.yaml), roots of the owner (*.pem), updates. All of it is
 * foreign: hints and signed files, read bounded, and nothing but regular files.
 */
import { join } from 'node:path'
import type { ControllerSettings } from '../../model/enrolment.ts'
import { CausewayError } from '../../model/errors.ts'
import { compareVersions, isFirmwareVersion } from '../../model/firmware-version.ts'
import { imageArchitecture } from '../appliance/facts.ts'
import { controllerSettingsOf, rootKeyOf } from '../config/controller-settings.ts'
import { namesIn, readForeign } from './foreign-file.ts'

const settingsName = 'controller.yaml'
const mostSettingsBytes = 16 * 1024
const mostRootBytes = 1_024
/** As many as controller.yaml takes. */
const mostRoots = 2

export interface StickUpdate {
  readonly path: string
  /** As its name says; what counts is signed inside. */
  readonly version: string
}

/** Null: it says nothing of controllers. @throws ZTP_SETTINGS_INVALID, HOST_SYSTEM */
export async function readStickSettings(folder: string): Promise<ControllerSettings | null> {
  const names = await namesIn(folder)
  const bytes = names.includes(settingsName)
    ? await readForeign(join(folder, settingsName), mostSettingsBytes)
    : null
  const settings = bytes === null ? null : controllerSettingsOf(bytes, settingsName)
  const roots = await readStickRoots(folder, names)
  if (settings === null && roots.length === 0) return null
  const all = [...new Set([...(settings?.roots ?? []), ...roots])]
  if (all.length > mostRoots) {
    throw invalid(`the stick has more than ${mostRoots} roots: controller.yaml and *.pem together`)
  }
  return { ...settings, ...(all.length === 0 ? {} : { roots: all }) }
}

/** The newest one for this machine, by its name; null: none. @param machine as images call it @throws HOST_SYSTEM */
export async function findStickUpdate(
  folder: string,
  machine: string = imageArchitecture(),
): Promise<StickUpdate | null> {
  let newest: StickUpdate | null = null
  for (const name of await namesIn(folder)) {
    const [, version = '', made] = /^causeway-(.{1,64})-([a-z0-9_]{1,16})\.raucb$/.exec(name) ?? []
    if (made !== machine || !isFirmwareVersion(version)) continue
    if (newest === null || compareVersions(version, newest.version) > 0) {
      newest = { path: join(folder, name), version }
    }
  }
  return newest
}

async function readStickRoots(folder: string, names: readonly string[]): Promise<string[]> {
  const files = names.filter((name) => name.endsWith('.pem')).sort()
  const roots: string[] = []
  // One more than there may be, so that it is said.
  for (const name of files.slice(0, mostRoots + 1)) {
    const bytes = await readForeign(join(folder, name), mostRootBytes)
    if (bytes === null) continue
    if (bytes.length > mostRootBytes) throw invalid(`${name} is longer than ${mostRootBytes} bytes`)
    const text = Buffer.from(bytes).toString('latin1')
    try {
      rootKeyOf(text, '')
    } catch (error) {
      const { detail } = error as CausewayError
      throw invalid(`${name} is no public half of a root, as PEM`, detail)
    }
    roots.push(text)
  }
  return roots
}

function invalid(message: string, detail?: string): CausewayError {
  return new CausewayError('ZTP_SETTINGS_INVALID', message, { detail })
}
