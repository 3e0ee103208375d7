/**
 * Who may use this box by its page and its HTTPS API: users, sessions, tokens and the log of them, in one store. Nothing of the gateway
 * waits for it: it is opened when the box stands or somebody asks, and one that cannot be used keeps people out and nothing else. The
 * box's shell needs none of it but to change it.
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { Store } from '../../host/store/store.ts'
import type { Log } from '../../host/system/log.ts'
import { CausewayError } from '../../model/errors.ts'
import { type LocalPrincipal, strangerPrincipal } from '../../model/local-user.ts'
import { fieldsOf } from '../log-fields.ts'
import { type Audit, openAudit } from './audit.ts'
import { type LocalSessions, openSessions } from './sessions.ts'
import { openSetupCodes, type SetupCodes } from './setup-code.ts'
import { type LocalTokens, openTokens } from './tokens.ts'
import { type KeptUser, type LocalUsers, openUsers } from './users.ts'

/** A store that cannot be used is tried again so often, when somebody asks. */
const againMs = 10_000

export interface AccessParts {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly wallMs: () => number
  readonly log: Log
  /** @param onFailed it takes no more: it is to be closed and opened anew @throws STORE_ errors */
  readonly openStore: (onFailed: (error: CausewayError) => void) => Promise<Store>
}

/** What the store holds, while it is open. */
export interface Books {
  readonly users: LocalUsers
  readonly sessions: LocalSessions
  readonly tokens: LocalTokens
  readonly audit: Audit
}

/** Who asks, and what goes with a session. */
export interface Asker {
  readonly who: LocalPrincipal
  /** What must come with a change; null: nothing must. */
  readonly csrf: string | null
  readonly isFresh: boolean
}

export const stranger: Asker = { who: strangerPrincipal, csrf: null, isFresh: false }

interface Opened extends Books {
  readonly store: Store
}

export class Access implements AsyncDisposable {
  readonly setupCodes: SetupCodes
  readonly #parts: AccessParts
  #opening: Promise<Opened> | null = null
  #opened: Opened | null = null
  #problem: CausewayError | null = null
  /** When a store that failed may be tried again; never while one is being opened. */
  #againAtMs = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(parts: AccessParts) {
    this.#parts = parts
    this.setupCodes = openSetupCodes(() => parts.clock.nowMs())
  }

  /** For people; null: all is well, as far as is known. */
  get problem(): string | null {
    if (this.#problem === null) return null
    const { code, message, detail } = this.#problem
    const why = detail === undefined ? message : `${message} (${detail})`
    return `nobody can sign in: ${why} (${code})`
  }

  /** Has it opened, if it is not. */
  begin(): void {
    this.books().catch(() => {})
  }

  /** @throws API_NOT_READY */
  async books(): Promise<Books> {
    if (this.#isClosed) throw new CausewayError('API_NOT_READY', 'the gateway ends')
    if (this.#opening === null || this.#parts.clock.nowMs() >= this.#againAtMs) {
      // In one turn: whoever comes meanwhile waits for this one.
      this.#againAtMs = Number.POSITIVE_INFINITY
      this.#opening = this.#open(this.#opening)
    }
    try {
      return await this.#opening
    } catch {
      throw new CausewayError('API_NOT_READY', this.problem ?? 'nobody can sign in yet')
    }
  }

  /** Once it is open; null until then. For what must not wait. */
  get current(): Books | null {
    return this.#opened
  }

  /** These users and no others. @throws API_NOT_READY, API_LAST_ADMIN, API_INVALID, STORE_ errors */
  async replaceUsers(all: readonly KeptUser[]): Promise<void> {
    const { users, tokens } = await this.books()
    await users.replaceAll(all)
    await tokens.sweep()
  }

  /**
   * @param bearer counts before the cookie
   * @returns a stranger for what is unknown or has ended @throws API_NOT_READY
   */
  async identify(bearer: string | null, cookie: string | null): Promise<Asker> {
    if (bearer === null && cookie === null) return stranger
    const { users, sessions, tokens } = await this.books()
    if (bearer !== null) {
      const token = tokens.find(bearer)
      if (token === null) return stranger
      const { label, role } = token
      const who = { name: `token/${label}`, role, by: 'token', session: null } as const
      return { who, csrf: null, isFresh: false }
    }
    const session = sessions.find(cookie!)
    const user = session === null ? null : users.find(session.user)
    if (session === null || user === null) return stranger
    const who = { name: user.name, role: user.role, by: 'session', session: session.id } as const
    return { who, csrf: session.csrf, isFresh: session.freshMs > 0 }
  }

  /** Whether somebody may still do what they began with this role. */
  isStill({ by, name, role, session }: LocalPrincipal): boolean {
    if (by === 'shell' || by === 'nobody') return true
    const books = this.#opened
    if (books === null) return false
    if (by === 'token') {
      return books.tokens.list().some((token) => `token/${token.label}` === name)
    }
    return (
      session !== null &&
      books.sessions.byId(session) !== null &&
      books.users.find(name)?.role === role
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.#close(this.#opening)
  }

  /** @param before what is to be closed first */
  async #open(before: Promise<Opened> | null): Promise<Opened> {
    const { openStore, clock, wallMs, log } = this.#parts
    const nowMs = (): number => clock.nowMs()
    const onFault = (error: unknown): void => log.error(fieldsOf(error), 'access not written down')
    let store: Store | null = null
    try {
      await this.#close(before)
      if (this.#isClosed) throw new CausewayError('API_NOT_READY', 'the gateway ends')
      store = await openStore((error) => this.#fail(error))
      const users = await openUsers({ store, nowMs, wallMs, onFault })
      const findUser = users.find
      const sessions = await openSessions({ store, nowMs, wallMs, findUser, onFault })
      const roleOf = (name: string) => findUser(name)?.role ?? null
      const tokens = await openTokens({ store, wallMs, roleOf })
      const audit = await openAudit({ store, wallMs, onFault })
      this.#problem = null
      this.#opened = { store, users, sessions, tokens, audit }
      return this.#opened
    } catch (error) {
      await store?.[Symbol.asyncDispose]()
      if (!this.#isClosed) this.#fail(error)
      throw error
    }
  }

  #fail(error: unknown): void {
    const isCoded = error instanceof CausewayError
    this.#problem = isCoded ? error : new CausewayError('STORE_CORRUPT', 'its store is broken')
    this.#againAtMs = this.#parts.clock.nowMs() + againMs
    this.#parts.log.error(fieldsOf(error), 'nobody can sign in')
  }

  async #close(opening: Promise<Opened> | null): Promise<void> {
    this.#opened = null
    const opened = await opening?.catch(() => null)
    await opened?.store[Symbol.asyncDispose]()
  }
}
