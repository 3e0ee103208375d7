/** Reads the file of a private key, which nobody but its owner may read. */
import { open } from 'node:fs/promises'
import { CausewayError } from '../../model/errors.ts'

const pemMaxBytes = 4096

/** As `readPrivate`, of a key that must be there. @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID */
export async function needPrivate(path: string): Promise<string> {
  const pem = await readPrivate(path)
  if (pem !== null) return pem
  throw new CausewayError('STORE_KEY_INVALID', `there is no ${path}`)
}

/**
 * Mode and content of one open file, so that nothing is swapped in between. Null when there is none.
 * @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID
 */
export async function readPrivate(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    if (error.code === 'EACCES' || error.code === 'EPERM') {
      throw new CausewayError('STORE_KEY_PERMISSIONS', `may not read ${path}: needs root`)
    }
    throw new CausewayError('STORE_KEY_INVALID', `cannot read ${path}`, { detail: error.message })
  })
  if (file === null) return null
  try {
    const { mode, size } = await file.stat()
    if ((mode & 0o077) !== 0) {
      const detail = `mode ${(mode & 0o777).toString(8)}, must be 600`
      throw new CausewayError('STORE_KEY_PERMISSIONS', `others can read ${path}`, { detail })
    }
    if (size > pemMaxBytes) throw new CausewayError('STORE_KEY_INVALID', `${path} is too long`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
