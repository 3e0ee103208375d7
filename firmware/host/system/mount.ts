/** A USB stick, mounted to be read and by nobody else: kinds of file systems that sticks have, nothing on it runs, no link leads away. */
import { mkdtemp, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import { run } from './command.ts'

const kinds = 'vfat,exfat,ext4'
/** A file system may ask for a panic at its first fault. */
const options = 'ro,nosuid,nodev,noexec,nosymfollow,errors=remount-ro'
const timeoutMs = 60_000

export interface MountedStick extends AsyncDisposable {
  readonly folder: string
}

/** @param path of a device; a folder is taken as it is, for somebody else has mounted it @throws HOST_ errors */
export async function mountStick(path: string): Promise<MountedStick> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return { folder: path, [Symbol.asyncDispose]: async () => {} }
  if (!found?.isBlockDevice()) {
    throw new CausewayError('HOST_SYSTEM', `${path} is neither a folder nor a device`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'causeway-stick-'))
  try {
    await run(['mount', '--types', kinds, '--options', options, path, folder], { timeoutMs })
  } catch (error) {
    await rmdir(folder)
    throw error
  }
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      await run(['umount', folder], { timeoutMs })
      await rmdir(folder)
    },
  }
}
