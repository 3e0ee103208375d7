/**
 * The head of a backup: everything that is needed to open it but the passphrase. Big-endian. The key comes of the passphrase by Argon2id
 * (RFC 9106), seals by AES-256-GCM with all of the head as associated data (NIST SP 800-38D), and is used for this one file. `check`
 * is a MAC of the head before it, so that a wrong passphrase is told from a broken file.
 *
 *     0        8         9     10           14       15      16      32       44       60         64
 *     magic 8 · version u8 · kdf u8 · memory KiB u32 · passes u8 · lanes u8 · salt 16 · nonce 12 · check 16 · length u32 · sealed …
 */
import { CausewayError } from '../model/errors.ts'

export interface BackupHead {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
  /** 16 and 12 bytes. */
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
}

export interface BackupFile extends BackupHead {
  readonly check: Uint8Array
  /** The head as it was read: what is authenticated with the text. */
  readonly headBytes: Uint8Array
  /** What `check` is of. */
  readonly checkedBytes: Uint8Array
  /** Text and tag. */
  readonly sealed: Uint8Array
}

const magic = Buffer.from('CWBACKUP', 'latin1')
const version = 1
const argon2id = 1
const checkedBytes = 44
export const checkBytes = 16
export const headBytes = 64
const tagBytes = 16
/** A file says how hard it is to open: nobody has the box's memory or time by that. */
const most = { memoryKib: 128 * 1024, passes: 10, lanes: 4 }
const leastMemoryKib = 8 * 1024

/** Up to `check`. */
export function encodeBackupHead({
  memoryKib,
  passes,
  lanes,
  salt,
  nonce,
}: BackupHead): Uint8Array {
  const bytes = Buffer.alloc(checkedBytes)
  bytes.set(magic)
  bytes.set([version, argon2id], 8)
  bytes.writeUInt32BE(memoryKib, 10)
  bytes.set([passes, lanes], 14)
  bytes.set(salt, 16)
  bytes.set(nonce, 32)
  return bytes
}

/** All of the head. @param sealedBytes what follows it */
export function closeBackupHead(
  checked: Uint8Array,
  check: Uint8Array,
  sealedBytes: number,
): Uint8Array {
  const bytes = Buffer.alloc(headBytes)
  bytes.set(checked)
  bytes.set(check, checkedBytes)
  bytes.writeUInt32BE(sealedBytes, checkedBytes + checkBytes)
  return bytes
}

/** @throws BACKUP_INVALID, BACKUP_VERSION, BACKUP_TRUNCATED */
export function decodeBackupFile(file: Uint8Array): BackupFile {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  if (!bytes.subarray(0, magic.length).equals(magic.subarray(0, bytes.length))) {
    throw new CausewayError('BACKUP_INVALID', 'this is no backup of a Causeway box')
  }
  // Before its length: another version may have another head.
  if (bytes.length > 8 && bytes[8] !== version) {
    const found = `it is of version ${bytes[8]}, this firmware knows version ${version}`
    throw new CausewayError('BACKUP_VERSION', `the backup is of another release: ${found}`)
  }
  if (bytes.length < headBytes) throw truncated()
  const [kdf, passes, lanes] = [bytes[9]!, bytes[14]!, bytes[15]!]
  const memoryKib = bytes.readUInt32BE(10)
  const isSound =
    kdf === argon2id &&
    memoryKib >= leastMemoryKib &&
    memoryKib <= most.memoryKib &&
    passes >= 1 &&
    passes <= most.passes &&
    lanes >= 1 &&
    lanes <= most.lanes
  if (!isSound) throw new CausewayError('BACKUP_INVALID', 'the head of the backup makes no sense')
  const length = bytes.readUInt32BE(checkedBytes + checkBytes)
  if (bytes.length < headBytes + length || length < tagBytes) throw truncated()
  if (bytes.length > headBytes + length) {
    throw new CausewayError('BACKUP_INVALID', 'something stands behind the end of the backup')
  }
  return {
    ...{ memoryKib, passes, lanes },
    salt: bytes.subarray(16, 32),
    nonce: bytes.subarray(32, checkedBytes),
    check: bytes.subarray(checkedBytes, checkedBytes + checkBytes),
    headBytes: bytes.subarray(0, headBytes),
    checkedBytes: bytes.subarray(0, checkedBytes),
    sealed: bytes.subarray(headBytes),
  }
}

function truncated(): CausewayError {
  return new CausewayError('BACKUP_TRUNCATED', 'the backup is cut off')
}
