/** Reads a configuration file, bounded: an admin may name any file of the machine. */
import { CausewayError } from '../../model/errors.ts'
import { type Disk, systemDisk } from '../system/disk.ts'
import { maxConfigBytes } from './parse.ts'

/** @throws CONFIG_UNREADABLE, CONFIG_TOO_LARGE */
export async function readConfigFile(path: string, disk: Disk = systemDisk): Promise<string> {
  try {
    const bytes = await disk.read(path, maxConfigBytes)
    if (bytes === null) throw new Error('there is no such file')
    if (bytes.length > maxConfigBytes) {
      const message = `a configuration has at most ${maxConfigBytes} bytes`
      throw new CausewayError('CONFIG_TOO_LARGE', message)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof CausewayError) throw error
    const detail = error instanceof Error ? error.message : String(error)
    throw new CausewayError('CONFIG_UNREADABLE', `cannot read ${path}`, { detail, cause: error })
  }
}
