/**
 * Who may log in to the box: root, by the keys of the configuration, and nobody while there are none. Keys lie where a restart of
 * the machine forgets them, so that only what is configured lets anybody in; the server is Debian's, and so are its settings but for
 * image/rootfs/etc/ssh/sshd_config.d. sshd(8), authorized_keys.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { run } from '../system/command.ts'
import { removeFile, replaceFile } from '../system/file.ts'

export const authorizedKeys = '/run/causeway/ssh/authorized_keys'
const unit = 'ssh.service'

export interface Logins {
  /** @throws STORE_WRITE_FAILED, HOST_COMMAND_ errors: then it is tried again by the next call */
  admit(keys: readonly string[]): Promise<void>
}

type Run = (argv: readonly string[]) => Promise<unknown>

/** @param path of the keys @param command runs a program of the machine */
export function openLogins(path = authorizedKeys, command: Run = run): Logins {
  let admitted: string | null = null
  return {
    async admit(keys) {
      const text = keys.map((key) => `${key}\n`).join('')
      if (text === admitted) return
      if (text === '') {
        // First, so that nobody comes in while the server is being ended; sessions end with it.
        await removeFile(path)
        await command(['systemctl', '--no-block', 'stop', unit])
      } else {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        await replaceFile(path, text)
        await command(['systemctl', '--no-block', 'start', unit])
      }
      admitted = text
    },
  }
}
