/**
 * Passwords as they are kept: Argon2id (RFC 9106) with a salt of their own. Each that is looked at takes 19 MiB and tens of
 * milliseconds of a core, so few are at once, a bounded number waits, and the rest is told to come again.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { CausewayError } from '../../model/errors.ts'

/** OWASP Password Storage: m = 19 MiB, t = 2, p = 1. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1, tagLength: 32 } as const
const saltBytes = 16
const mostHashing = 2
const mostWaiting = 32

export interface KeptPassword {
  /** Hex. */
  readonly salt: string
  readonly hash: string
}

/** How long a password may be is bounded by whoever takes it (`Password` of model/user.ts): none is cut. */
export interface Passwords {
  /** @throws API_BUSY */
  keep(password: string): Promise<KeptPassword>
  /** Takes as long for one that there is not. @throws API_BUSY */
  isRight(password: string, kept: KeptPassword | null): Promise<boolean>
}

/** @param atOnce so many are looked at */
export function openPasswords(atOnce: number = mostHashing): Passwords {
  let hashing = 0
  const waiting: (() => void)[] = []
  const hashed = async (password: string, salt: Buffer): Promise<Buffer> => {
    if (hashing >= atOnce) {
      if (waiting.length >= mostWaiting) {
        throw new CausewayError('API_BUSY', 'too many sign in at once')
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    hashing++
    try {
      return await argon2id(password, salt)
    } finally {
      hashing--
      waiting.shift()?.()
    }
  }
  return {
    keep: async (password) => {
      const salt = randomBytes(saltBytes)
      const hash = await hashed(password, salt)
      return { salt: salt.toString('hex'), hash: hash.toString('hex') }
    },
    isRight: async (password, kept) => {
      const salt = Buffer.from(kept?.salt ?? '00'.repeat(saltBytes), 'hex')
      const hash = await hashed(password, salt)
      return kept !== null && timingSafeEqual(hash, Buffer.from(kept.hash, 'hex'))
    },
  }
}

const run = promisify(argon2)

async function argon2id(password: string, nonce: Buffer): Promise<Buffer> {
  return Buffer.from(await run('argon2id', { message: password.normalize('NFKC'), nonce, ...cost }))
}
