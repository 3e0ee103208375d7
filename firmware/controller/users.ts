/**
 * People who use a controller: names with passwords (Argon2id, RFC 9106), in the store under `user/NAME`, and what they and their
 * programs show instead of one (tokens.ts). Each change is in the log of the tenant that it concerns.
 */
import {
  type Change,
  type Condition,
  type Entry,
  mostPage,
  type Store,
} from '../host/store/store.ts'
import { type KeptPassword, openPasswords } from '../host/system/password.ts'
import { CausewayError } from '../model/errors.ts'
import type { NewUser, Principal } from '../model/user.ts'
import { Guesses } from '../plan/guesses.ts'
import { commitAudited, logOf } from './audit.ts'
import { type NewToken, Tokens, unknownToken } from './tokens.ts'
import { TriedLog } from './tried-log.ts'

const mostUsers = 1_000
/** Passwords that are looked at, of places where nobody was right: some of a core. */
const guessRate = { perSecond: 5, burst: 100 }
/** Of one tenant: nobody takes the room of others. */
const mostOfTenant = 250

interface KeptUser extends Principal, KeptPassword {}

interface FoundUser {
  readonly kept: KeptUser
  readonly revision: number
}

export interface Session {
  readonly token: string
  readonly who: Principal
}

export class Users {
  readonly tokens: Tokens
  readonly #store: Store
  readonly #nowMs: () => number
  readonly #guesses = new Guesses(guessRate)
  readonly #passwords = openPasswords()
  readonly #strangers: TriedLog

  constructor(store: Store, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
    this.tokens = new Tokens(store, nowMs)
    this.#strangers = new TriedLog(store, nowMs)
  }

  /** Whether somebody may do all in all tenants. */
  async hasOwner(): Promise<boolean> {
    return (await this.list()).some(isOwnerOfAll)
  }

  async list(): Promise<Principal[]> {
    return (await this.#all()).map(({ kept }) => principalOf(kept))
  }

  /** @throws API_NOT_FOUND */
  async find(name: string): Promise<Principal> {
    return principalOf((await this.#kept(name)).kept)
  }

  /** @throws STORE_CONFLICT there is one of this name; API_BUSY there are too many */
  async add(by: string, { name, tenant, role, password }: NewUser): Promise<void> {
    const all = await this.list()
    const own = all.filter((one) => one.tenant === tenant)
    if (all.length >= mostUsers || own.length >= mostOfTenant) {
      throw new CausewayError('API_BUSY', 'there are too many users')
    }
    if ((await this.#store.get(`user/${name}`)) !== null) {
      throw new CausewayError('STORE_CONFLICT', `there is a user ${name} already`)
    }
    const kept = await this.#withPassword({ name, tenant, role }, password)
    const change = { key: `user/${name}`, value: JSON.stringify(kept) }
    // Whoever set the machine up has done it.
    const over = isOwnerOfAll(kept) ? await this.tokens.setupEnd() : []
    await this.#commit({ by, what: 'user.add', name, tenant }, change, 0, over)
  }

  /** Ends the sessions of who has it. @throws API_NOT_FOUND */
  async changePassword(by: string, name: string, password: string): Promise<void> {
    const { kept: before, revision } = await this.#kept(name)
    const kept = await this.#withPassword(principalOf(before), password)
    const change = { key: `user/${name}`, value: JSON.stringify(kept) }
    const told = { by, what: 'user.password', name, tenant: kept.tenant }
    await this.#commit(told, change, revision)
  }

  /** Ends the sessions of who has it. @throws API_NOT_FOUND; API_LAST_OWNER; STORE_CONFLICT the owner that would be left changed meanwhile */
  async remove(by: string, name: string): Promise<void> {
    const { kept, revision } = await this.#kept(name)
    const staying = isOwnerOfAll(kept) ? [await this.#otherOwner(name)] : []
    const told = { by, what: 'user.remove', name, tenant: kept.tenant }
    await this.#commit(told, { key: `user/${name}`, value: null }, revision, [], staying)
  }

  /** Who stays an owner of all while this one goes: of two that are taken away at once, one is left. @throws API_LAST_OWNER */
  async #otherOwner(name: string): Promise<Condition> {
    const all = await this.#all()
    const other = all.find(({ kept }) => kept.name !== name && isOwnerOfAll(kept))
    if (other !== undefined) return { key: `user/${other.kept.name}`, revision: other.revision }
    const message = `${name} is the last owner of all tenants: make another one first`
    throw new CausewayError('API_LAST_OWNER', message)
  }

  /**
   * Takes as long for a name that there is not.
   * @param source from where it is asked
   * @throws API_UNAUTHENTICATED; API_RATE; API_BUSY too many ask at once
   */
  async signIn(name: string, password: string, source: string): Promise<Principal> {
    return principalOf(await this.#verify(name, password, source))
  }

  /** @throws as `signIn` */
  async openSession(
    name: string,
    password: string,
    source: string,
    expiresMs: number,
  ): Promise<Session> {
    const kept = await this.#verify(name, password, source)
    const { tenant, role, salt } = kept
    const asked = { label: kept.name, tenant, role, expiresMs }
    const token = await this.tokens.add(kept.name, asked, salt)
    return { token, who: principalOf(kept) }
  }

  /** @returns what nobody can be shown again */
  addToken(by: string, asked: NewToken): Promise<string> {
    return this.tokens.add(by, asked)
  }

  /** @throws API_UNAUTHENTICATED */
  async byToken(token: string): Promise<Principal> {
    const { name, tenant, role, session, label } = await this.tokens.find(token)
    if (session === null) return { name, tenant, role }
    const entry = await this.#store.get(`user/${label}`)
    const kept = entry === null ? null : (JSON.parse(entry.value) as KeptUser)
    if (kept?.salt !== session) throw unknownToken()
    return principalOf(kept)
  }

  async #all(): Promise<FoundUser[]> {
    const { entries } = await this.#store.range({ prefix: 'user/', limit: mostPage })
    return entries.map(foundUser)
  }

  async #kept(name: string): Promise<FoundUser> {
    const there = await this.#store.get(`user/${name}`)
    if (there === null) throw new CausewayError('API_NOT_FOUND', `there is no user ${name}`)
    return foundUser(there)
  }

  async #withPassword(who: Principal, password: string): Promise<KeptUser> {
    return { ...who, ...(await this.#passwords.keep(password)) }
  }

  async #verify(typed: string, password: string, source: string): Promise<KeptUser> {
    const name = typed.slice(0, 64)
    this.#guesses.check(name, source, this.#nowMs())
    const entry = await this.#store.get(`user/${name}`)
    const kept = entry === null ? null : (JSON.parse(entry.value) as KeptUser)
    if ((await this.#passwords.isRight(password, kept)) && kept !== null) {
      this.#guesses.right(name, source)
      return kept
    }
    this.#guesses.wrong(name, source, this.#nowMs())
    const event = { who: name, what: 'user.sign-in', target: 'controller' }
    await this.#strangers.tell({ ...event, code: 'API_UNAUTHENTICATED' })
    throw new CausewayError('API_UNAUTHENTICATED', 'name or password is wrong')
  }

  async #commit(
    told: {
      readonly by: string
      readonly what: string
      readonly name: string
      readonly tenant: string
    },
    change: Change,
    revision: number,
    more: readonly Change[] = [],
    others: readonly Condition[] = [],
  ): Promise<void> {
    const { by, what, name, tenant } = told
    const event = { who: by, what, target: `user/${name}`, code: null }
    const changes = [change, ...more]
    const commit = { conditions: [{ key: change.key, revision }, ...others], changes }
    await commitAudited(this.#store, logOf(tenant), event, commit, this.#nowMs())
  }
}

function foundUser({ value, revision }: Entry): FoundUser {
  return { kept: JSON.parse(value) as KeptUser, revision }
}

function principalOf({ name, tenant, role }: Principal): Principal {
  return { name, tenant, role }
}

function isOwnerOfAll({ tenant, role }: Principal): boolean {
  return tenant === '*' && role === 'owner'
}
