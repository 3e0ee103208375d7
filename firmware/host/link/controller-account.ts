/**
 * Which controller a person has signed in to, and as whom: one file for their own eyes. The token in it is as good as a password
 * until it ends. XDG Base Directory Specification 0.8.
 */
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import type { HostPort } from '../../model/host-port.ts'
import { removeFile, replaceFile } from '../system/file.ts'
import { readPrivate } from '../system/private-key.ts'

export interface ControllerAccount {
  readonly controller: HostPort
  /** PEM: whoever shows another is not that controller. */
  readonly authority: string
  readonly token: string
  readonly user: string
  /** The token was made by a password, for this account alone. */
  readonly isSession?: boolean
  /** Of the network that commands are about; null: whoever may look into several says which each time. */
  readonly tenant: string | null
}

/** @param root `/`, or a folder that stands for it in tests */
export function accountPath(
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (root !== '/') return join(root, 'ctl.json')
  const { XDG_CONFIG_HOME: config = '', HOME: home = '' } = environment
  return join(config.startsWith('/') ? config : join(home, '.config'), 'causeway/ctl.json')
}

/** Null: nobody has signed in. @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID */
export async function readAccount(path: string): Promise<ControllerAccount | null> {
  const text = await readPrivate(path)
  if (text === null) return null
  try {
    const account = JSON.parse(text) as ControllerAccount
    if (typeof account.token !== 'string' || typeof account.authority !== 'string')
      throw new Error()
    return account
  } catch {
    throw new CausewayError('STORE_KEY_INVALID', `${path} is no account: sign in anew`)
  }
}

/** @throws STORE_WRITE_FAILED */
export function writeAccount(path: string, account: ControllerAccount): Promise<void> {
  return replaceFile(path, `${JSON.stringify(account)}\n`)
}

export function forgetAccount(path: string): Promise<void> {
  return removeFile(path)
}
