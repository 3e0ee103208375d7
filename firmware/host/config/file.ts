/** Reads a configuration file, bounded: an admin may name any file of the machine. */
import { open } from 'node:fs/promises'
import { CausewayError } from '../../model/errors.ts'
import { maxConfigBytes } from './parse.ts'

/** @throws CONFIG_UNREADABLE, CONFIG_TOO_LARGE */
export async function readConfigFile(path: string): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      // One byte more than allowed tells a file that is too large, whatever its size claims.
      const buffer = Buffer.alloc(maxConfigBytes + 1)
      let length = 0
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
        length += bytesRead
        if (bytesRead === 0 || length === buffer.length) break
      }
      if (length > maxConfigBytes) {
        const message = `a configuration has at most ${maxConfigBytes} bytes`
        throw new CausewayError('CONFIG_TOO_LARGE', message)
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof CausewayError) throw error
    const detail = error instanceof Error ? error.message : String(error)
    throw new CausewayError('CONFIG_UNREADABLE', `cannot read ${path}`, { detail, cause: error })
  }
}
