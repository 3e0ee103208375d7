/** Seals a backup by a passphrase and opens it again; wire/backup-file.ts says how. What is slow about it happens beside the loop. */
import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { promisify } from 'node:util'
import { CausewayError } from '../../model/errors.ts'
import {
  type BackupHead,
  checkBytes,
  closeBackupHead,
  decodeBackupFile,
  encodeBackupHead,
} from '../../wire/backup-file.ts'

/** A third of a second of a box's core for each guess, and the memory keeps GPUs from doing many at once. */
const cost = { memoryKib: 64 * 1024, passes: 3, lanes: 1 }
const cipherName = 'aes-256-gcm'
const keyBytes = 32
const tagBytes = 16

/** @param random for vectors only: salt and nonce */
export async function sealBackup(
  passphrase: string,
  text: Uint8Array,
  random: (bytes: number) => Uint8Array = randomBytes,
): Promise<Uint8Array> {
  const head: BackupHead = { ...cost, salt: random(16), nonce: random(12) }
  const { key, checkKey } = await keysOf(passphrase, head)
  const checked = encodeBackupHead(head)
  const all = closeBackupHead(checked, checkOf(checkKey, checked), text.length + tagBytes)
  const cipher = createCipheriv(cipherName, key, head.nonce)
  cipher.setAAD(all)
  return Buffer.concat([all, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

/** @throws BACKUP_INVALID, BACKUP_VERSION, BACKUP_TRUNCATED, BACKUP_PASSPHRASE, BACKUP_BROKEN, API_BUSY */
export async function openBackup(passphrase: string, file: Uint8Array): Promise<Uint8Array> {
  const backup = decodeBackupFile(file)
  const { key, checkKey } = await keysOf(passphrase, backup)
  if (!timingSafeEqual(checkOf(checkKey, backup.checkedBytes), backup.check)) {
    throw new CausewayError('BACKUP_PASSPHRASE', 'the passphrase is not the one of this backup', {
      path: '/passphrase',
    })
  }
  const { sealed, nonce, headBytes } = backup
  const decipher = createDecipheriv(cipherName, key, nonce)
  decipher.setAAD(headBytes)
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    throw new CausewayError('BACKUP_BROKEN', 'the backup was changed since it was made')
  }
}

function checkOf(checkKey: Uint8Array, checked: Uint8Array): Uint8Array {
  return createHmac('sha256', checkKey).update(checked).digest().subarray(0, checkBytes)
}

const derive = promisify(argon2)
/** It takes 64 MiB. */
let isBusy = false

async function keysOf(passphrase: string, { memoryKib, passes, lanes, salt }: BackupHead) {
  if (isBusy) throw new CausewayError('API_BUSY', 'another backup is being made or opened')
  isBusy = true
  try {
    const both = Buffer.from(
      await derive('argon2id', {
        ...{ message: passphrase.normalize('NFKC'), nonce: salt, memory: memoryKib, passes },
        ...{ parallelism: lanes, tagLength: 2 * keyBytes },
      }),
    )
    return { key: both.subarray(0, keyBytes), checkKey: both.subarray(keyBytes) }
  } finally {
    isBusy = false
  }
}
