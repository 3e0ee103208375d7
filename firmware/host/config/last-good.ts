/**
 * The last configuration that passed every check, kept for the day on which device.yaml does not. The text as
 * it came, under a line with its SHA-256.
 */
import { createHash } from 'node:crypto'
import { CausewayError } from '../../model/errors.ts'
import { readIfThere, replaceFile } from '../system/file.ts'

const head = '# sha256 '

/** Durable once it returns. Writes nothing if that is what is there. @throws STORE_WRITE_FAILED */
export async function saveLastGood(path: string, text: string): Promise<void> {
  const content = `${head}${digest(text)}\n${text}`
  if ((await readIfThere(path)) === content) return
  await replaceFile(path, content)
}

/** Null when none was saved yet. @throws STORE_CORRUPT */
export async function loadLastGood(path: string): Promise<string | null> {
  const content = await readIfThere(path)
  if (content === null) return null
  const end = content.indexOf('\n')
  const text = content.slice(end + 1)
  if (content.slice(0, Math.max(end, 0)) !== `${head}${digest(text)}`) {
    throw new CausewayError('STORE_CORRUPT', `${path} does not match its checksum`)
  }
  return text
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
