/** controller.yaml: read whole, bounded, and checked; whoever wrote it is told what is wrong with it. */
import type { KeyObject } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type ControllerSettings, isControllerSettings } from '../../model/enrolment.ts'
import { CausewayError } from '../../model/errors.ts'
import { type HostPort, parseHostPort } from '../../model/host-port.ts'
import { readPublicKey } from '../pki/p256.ts'
import { type Disk, systemDisk } from '../system/disk.ts'

/** What it says, as it is used. */
export interface ControllerPlaces {
  readonly controllers: readonly HostPort[]
  readonly proxy: HostPort | null
  /** The owner's own. */
  readonly roots: readonly KeyObject[]
}

const mostBytes = 16 * 1024

/** Null: there is none. @throws ZTP_SETTINGS_INVALID */
export async function readControllerSettings(
  path: string,
  disk: Disk = systemDisk,
): Promise<ControllerPlaces | null> {
  const bytes = await disk.read(path, mostBytes).catch((error: Error) => {
    throw invalid(`cannot read ${path}`, error.message)
  })
  return bytes === null ? null : controllerPlacesOf(controllerSettingsOf(bytes, path))
}

/** @param path for messages @throws ZTP_SETTINGS_INVALID */
export function controllerSettingsOf(bytes: Uint8Array, path: string): ControllerSettings {
  if (bytes.length > mostBytes) throw invalid(`${path} is longer than ${mostBytes} bytes`)
  let value: unknown
  try {
    value = parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), {
      schema: 'core',
      maxAliasCount: 0,
      // What is only odd is no business of our log.
      logLevel: 'error',
    })
  } catch (error) {
    throw invalid(`${path} is no YAML`, (error as Error).message.split('\n')[0])
  }
  if (!isControllerSettings(value)) {
    const message = `${path} takes \`controllers\`, a list of up to four, \`proxy\` and \`roots\`, and nothing else`
    throw invalid(message)
  }
  return value
}

/** @throws ZTP_SETTINGS_INVALID */
export function controllerPlacesOf(settings: ControllerSettings): ControllerPlaces {
  const { controllers = [], proxy, roots = [] } = settings
  return {
    controllers: controllers.map((text, at) => hostPortOf(text, `/controllers/${at}`)),
    proxy: proxy === undefined ? null : hostPortOf(proxy, '/proxy'),
    roots: roots.map((text, at) => rootKeyOf(text, `/roots/${at}`)),
  }
}

function hostPortOf(text: string, path: string): HostPort {
  const read = parseHostPort(text)
  if (read !== null) return read
  const message = 'must be a name or an address, with a port or without, like ctl.example.net:8443'
  throw new CausewayError('ZTP_SETTINGS_INVALID', message, { path })
}

/** @param text PEM of a P-256 public key @throws ZTP_SETTINGS_INVALID */
export function rootKeyOf(text: string, path: string): KeyObject {
  try {
    return readPublicKey(text)
  } catch (error) {
    const { message: detail } = error as Error
    const message = 'must be the public half of a root, as PEM'
    throw new CausewayError('ZTP_SETTINGS_INVALID', message, { path, detail })
  }
}

/** Those of a folder, in the order of their names. What cannot be read vouches for nobody. */
export async function readRoots(
  folder: string,
  onBroken: (path: string, error: unknown) => void,
): Promise<KeyObject[]> {
  const files = await readdir(folder).catch(() => [])
  const roots: KeyObject[] = []
  for (const file of files.filter((name) => name.endsWith('.pem')).sort()) {
    const path = join(folder, file)
    try {
      roots.push(rootKeyOf(await readFile(path, 'utf8'), ''))
    } catch (error) {
      onBroken(path, error)
    }
  }
  return roots
}

function invalid(message: string, detail?: string): CausewayError {
  return new CausewayError('ZTP_SETTINGS_INVALID', message, { detail })
}
