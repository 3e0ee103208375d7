/**
 * People and programs that use a controller: names with passwords (Argon2id, RFC 9106), and tokens, which are random and of which
 * only the hash is kept. In the store under `user/NAME` and `token/HASH`.
 */
import { argon2, createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Change, Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { NewUser, Principal, Role } from '../model/user.ts'
import { commitAudited } from './audit.ts'

/** OWASP Password Storage: m = 19 MiB, t = 2, p = 1. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1, tagLength: 32 } as const
const saltBytes = 16
/** Passwords that are looked at at once: each takes 19 MiB, and tens of milliseconds of a core. */
const mostHashing = 2
const mostWaiting = 32
const tokenPrefix = 'cw_'
const tokenBytes = 32
const systemTenant = 'system'

interface KeptUser extends Principal {
  /** Hex. */
  readonly salt: string
  readonly hash: string
}

interface KeptToken extends Principal {
  readonly label: string
  readonly expiresMs: number
}

export interface NewToken {
  readonly label: string
  readonly tenant: string
  readonly role: Role
  readonly expiresMs: number
}

export class Users {
  readonly #store: Store
  readonly #nowMs: () => number
  #hashing = 0
  readonly #waiting: (() => void)[] = []

  constructor(store: Store, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  async isAny(): Promise<boolean> {
    const { entries } = await this.#store.range({ prefix: 'user/', limit: 1 })
    return entries.length > 0
  }

  /** @throws STORE_CONFLICT there is one of this name */
  async add(by: string, { name, tenant, role, password }: NewUser): Promise<void> {
    const salt = randomBytes(saltBytes)
    const hash = await this.#hash(password, salt)
    const kept: KeptUser = {
      name,
      tenant,
      role,
      salt: salt.toString('hex'),
      hash: hash.toString('hex'),
    }
    const key = `user/${name}`
    await this.#commit(by, 'user.add', name, { key, value: JSON.stringify(kept) }, 0)
  }

  /** @throws API_NOT_FOUND */
  async remove(by: string, name: string): Promise<void> {
    const key = `user/${name}`
    const there = await this.#store.get(key)
    if (there === null) throw new CausewayError('API_NOT_FOUND', `there is no user ${name}`)
    await this.#commit(by, 'user.remove', name, { key, value: null }, there.revision)
  }

  /**
   * Takes as long for a name that there is not.
   * @throws API_UNAUTHENTICATED; API_BUSY too many ask at once
   */
  async signIn(name: string, password: string): Promise<Principal> {
    const entry = await this.#store.get(`user/${name.slice(0, 64)}`)
    const kept = entry === null ? null : (JSON.parse(entry.value) as KeptUser)
    const salt = Buffer.from(kept?.salt ?? '00'.repeat(saltBytes), 'hex')
    const hash = await this.#hash(password.slice(0, 256), salt)
    const isRight = kept !== null && timingSafeEqual(hash, Buffer.from(kept.hash, 'hex'))
    if (isRight) return { name: kept.name, tenant: kept.tenant, role: kept.role }
    const event = { who: name.slice(0, 64), what: 'user.sign-in', target: 'controller' }
    const told = { ...event, code: 'API_UNAUTHENTICATED' }
    const nothing = { conditions: [], changes: [] }
    await commitAudited(this.#store, systemTenant, told, nothing, this.#nowMs())
    throw new CausewayError('API_UNAUTHENTICATED', 'name or password is wrong')
  }

  /** @returns what nobody can be shown again */
  async addToken(by: string, { label, tenant, role, expiresMs }: NewToken): Promise<string> {
    const token = tokenPrefix + randomBytes(tokenBytes).toString('base64url')
    const kept: KeptToken = { name: `token/${label}`, label, tenant, role, expiresMs }
    const change = { key: `token/${tokenHash(token)}`, value: JSON.stringify(kept) }
    await this.#commit(by, 'token.add', label, change, 0)
    return token
  }

  /** @throws API_UNAUTHENTICATED */
  async byToken(token: string): Promise<Principal> {
    const entry = await this.#store.get(`token/${tokenHash(token)}`)
    const kept = entry === null ? null : (JSON.parse(entry.value) as KeptToken)
    if (kept === null || kept.expiresMs <= this.#nowMs()) {
      throw new CausewayError('API_UNAUTHENTICATED', 'the token is not known, or has ended')
    }
    return { name: kept.name, tenant: kept.tenant, role: kept.role }
  }

  async #commit(
    by: string,
    what: string,
    name: string,
    change: Change,
    revision: number,
  ): Promise<void> {
    const event = { who: by, what, target: name, code: null }
    const commit = { conditions: [{ key: change.key, revision }], changes: [change] }
    await commitAudited(this.#store, systemTenant, event, commit, this.#nowMs())
  }

  /** @throws API_BUSY */
  async #hash(password: string, salt: Buffer): Promise<Buffer> {
    if (this.#hashing >= mostHashing) {
      if (this.#waiting.length >= mostWaiting) {
        throw new CausewayError('API_BUSY', 'too many sign in at once')
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#hashing++
    try {
      return await argon2id(password, salt)
    } finally {
      this.#hashing--
      this.#waiting.shift()?.()
    }
  }
}

const run = promisify(argon2)

async function argon2id(password: string, nonce: Buffer): Promise<Buffer> {
  return Buffer.from(await run('argon2id', { message: password.normalize('NFKC'), nonce, ...cost }))
}

/** 256 random bits need no salt. */
function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
