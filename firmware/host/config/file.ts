/** Reads a configuration, bounded: an admin may name any file of the machine. */
import { CausewayError } from '../../model/errors.ts'
import { type Disk, systemDisk } from '../system/disk.ts'
import { maxConfigBytes } from './parse.ts'

/** @throws CONFIG_UNREADABLE, CONFIG_TOO_LARGE */
export async function readConfigFile(path: string, disk: Disk = systemDisk): Promise<string> {
  return reading(path, async () => {
    const bytes = await disk.read(path, maxConfigBytes)
    if (bytes === null) throw new Error('there is no such file')
    return bytes
  })
}

/** What is piped in. @param name for messages @throws CONFIG_UNREADABLE, CONFIG_TOO_LARGE */
export async function readConfigStream(
  name: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<string> {
  return reading(name, async () => {
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length > maxConfigBytes) break
    }
    return Buffer.concat(chunks)
  })
}

async function reading(name: string, read: () => Promise<Uint8Array>): Promise<string> {
  try {
    const bytes = await read()
    if (bytes.length > maxConfigBytes) {
      const message = `a configuration has at most ${maxConfigBytes} bytes`
      throw new CausewayError('CONFIG_TOO_LARGE', message)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof CausewayError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const detail = code === 'EISDIR' ? 'it is a folder: name a file in it' : message
    throw new CausewayError('CONFIG_UNREADABLE', `cannot read ${name}`, { detail, cause: error })
  }
}
