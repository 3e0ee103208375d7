/**
 * Tokens, which are random and of which only the hash is kept, in the store under `token/HASH`. One that somebody got by a
 * password (a session) holds as long as that password does. Those that have ended are cleared away when another is made.
 */
import { randomBytes } from 'node:crypto'
import { entriesBelow } from '../host/store/entries-below.ts'
import type { Change, Store } from '../host/store/store.ts'
import { sha256 } from '../host/system/digest.ts'
import { tokenPrefix } from '../model/controller-keys.ts'
import { CausewayError } from '../model/errors.ts'
import type { Principal, Role } from '../model/user.ts'
import { commitAudited, logOf } from './audit.ts'

const shownPrefix = 'cw_'
const tokenBytes = 32
const mostTokens = 16_000
/** Of one tenant, sessions with them: nobody takes the room of others. */
const mostOfTenant = 500
/** Of one user: the oldest ends when there are more. */
const mostSessions = 16
/** Cleared away with one that is made. */
const mostCleared = 64
/** So many digits of the hash tell it from others, and nobody anything else. */
const idDigits = 16

export interface KeptToken extends Principal {
  readonly label: string
  readonly madeMs: number
  readonly expiresMs: number
  /** The salt of the password that it was got by: another password ends it. Null: it is a program's. */
  readonly session: string | null
  /** Of who sets the machine up: it ends once there is an owner of all. */
  readonly isSetup?: true
}

export interface NewToken {
  readonly label: string
  readonly tenant: string
  readonly role: Role
  readonly expiresMs: number
}

/** As people are shown it. */
export interface TokenStatus extends Omit<KeptToken, 'session' | 'name' | 'isSetup'> {
  readonly id: string
  readonly isSession: boolean
}

interface FoundToken {
  readonly key: string
  readonly kept: KeptToken
}

export class Tokens {
  readonly #store: Store
  readonly #nowMs: () => number

  constructor(store: Store, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** @returns what nobody can be shown again @throws API_BUSY there are too many */
  async add(by: string, asked: NewToken, session: string | null = null): Promise<string> {
    return this.#add(by, asked, session, await this.#clear(asked.tenant, asked.label, session))
  }

  /** The one by which the first owner is made: there is no other from now on. */
  async addSetup(expiresMs: number): Promise<string> {
    const asked = { label: 'setup', tenant: '*', role: 'owner', expiresMs } as const
    return this.#add('setup', asked, null, await this.setupEnd(), { isSetup: true })
  }

  /** Whether the first owner can be made by it. */
  async isSetup(token: string): Promise<boolean> {
    const entry = await this.#store.get(keyOf(token))
    const kept = entry === null ? null : (JSON.parse(entry.value) as KeptToken)
    return kept?.isSetup === true && kept.expiresMs > this.#nowMs()
  }

  /** What ends all that were made for the set-up. */
  async setupEnd(): Promise<Change[]> {
    const all = (await this.#all()).filter(({ kept }) => kept.isSetup === true)
    return all.slice(0, mostCleared).map(({ key }) => ({ key, value: null }))
  }

  async #add(
    by: string,
    asked: NewToken,
    session: string | null,
    gone: readonly Change[],
    more: Pick<KeptToken, 'isSetup'> = {},
  ): Promise<string> {
    const token = shownPrefix + randomBytes(tokenBytes).toString('base64url')
    const name = session === null ? `token/${asked.label}` : asked.label
    const { label, tenant, role, expiresMs } = asked
    const given = { name, label, tenant, role, expiresMs }
    const kept: KeptToken = { ...given, madeMs: this.#nowMs(), session, ...more }
    const key = keyOf(token)
    const made = { key, value: JSON.stringify(kept) }
    const changes = [made, ...gone]
    const what = session === null ? 'token.add' : 'user.sign-in'
    const target = session === null ? label : 'controller'
    await this.#commit({ by, what, target, tenant }, key, 0, changes)
    return token
  }

  /** @throws API_UNAUTHENTICATED */
  async find(token: string): Promise<KeptToken> {
    const entry = await this.#store.get(keyOf(token))
    const kept = entry === null ? null : (JSON.parse(entry.value) as KeptToken)
    if (kept === null || kept.expiresMs <= this.#nowMs()) throw unknownToken()
    return kept
  }

  async list(): Promise<TokenStatus[]> {
    return (await this.#all()).map(({ key, kept: { session, name, isSetup, ...shown } }) => ({
      ...shown,
      id: idOf(key),
      isSession: session !== null,
    }))
  }

  /** @param mayRevoke throws what keeps who asks from it @throws API_NOT_FOUND */
  async revoke(by: string, id: string, mayRevoke: (kept: KeptToken) => void): Promise<void> {
    const found = (await this.#all()).find(({ key }) => idOf(key) === id)
    if (found === undefined) throw new CausewayError('API_NOT_FOUND', `there is no token ${id}`)
    mayRevoke(found.kept)
    await this.#remove(by, 'token.revoke', found)
  }

  /** Nothing happens where it has ended. */
  async end(token: string): Promise<void> {
    const kept = await this.find(token)
    await this.#remove(kept.name, 'user.sign-out', { key: keyOf(token), kept })
  }

  async #remove(by: string, what: string, { key, kept }: FoundToken): Promise<void> {
    const there = await this.#store.get(key)
    if (there === null) return
    const told = { by, what, target: kept.label, tenant: kept.tenant }
    await this.#commit(told, key, there.revision, [{ key, value: null }])
  }

  async #commit(
    told: {
      readonly by: string
      readonly what: string
      readonly target: string
      readonly tenant: string
    },
    key: string,
    revision: number,
    changes: readonly Change[],
  ): Promise<void> {
    const { by: who, what, target, tenant } = told
    const commit = { conditions: [{ key, revision }], changes }
    const event = { who, what, target, code: null }
    await commitAudited(this.#store, logOf(tenant), event, commit, this.#nowMs())
  }

  /** What goes when another is made: those that have ended, a user's oldest of too many, a tenant's oldest session of too many. */
  async #clear(tenant: string, label: string, session: string | null): Promise<Change[]> {
    const all = await this.#all()
    const nowMs = this.#nowMs()
    const isOver = ({ kept }: FoundToken): boolean => kept.expiresMs <= nowMs
    const live = all.filter((one) => !isOver(one))
    const own = live.filter(({ kept }) => kept.tenant === tenant)
    const sessions = own
      .filter(({ kept }) => session !== null && kept.session !== null)
      .toSorted((a, b) => b.kept.madeMs - a.kept.madeMs)
    const older = sessions.filter(({ kept }) => kept.label === label).slice(mostSessions - 1)
    if (own.length - older.length >= mostOfTenant) older.push(...sessions.slice(-1))
    const isFull = own.length - older.length >= mostOfTenant
    if (isFull || live.length >= mostTokens) {
      throw new CausewayError('API_BUSY', 'there are too many tokens')
    }
    const gone = [...older, ...all.filter(isOver)]
    return gone.slice(0, mostCleared).map(({ key }) => ({ key, value: null }))
  }

  async #all(): Promise<FoundToken[]> {
    const found: FoundToken[] = []
    for await (const { key, value } of entriesBelow(this.#store, tokenPrefix)) {
      found.push({ key, kept: JSON.parse(value) as KeptToken })
    }
    return found
  }
}

export function unknownToken(): CausewayError {
  return new CausewayError('API_UNAUTHENTICATED', 'the token is not known, or has ended')
}

/** 256 random bits need no salt. */
function keyOf(token: string): string {
  return `${tokenPrefix}${sha256(token)}`
}

function idOf(key: string): string {
  return key.slice(tokenPrefix.length).slice(0, idDigits)
}
