/**
 * People who use this box: names with passwords and a role, in the store under `user/NAME` and in memory. One admin is always left.
 * Guesses are slowed by plan/guesses.ts, which is told after a restart where each was right; at the box's shell nobody is ever kept out.
 */
import { entriesBelow } from '../../host/store/entries-below.ts'
import type { Store } from '../../host/store/store.ts'
import { type KeptPassword, openPasswords } from '../../host/system/password.ts'
import { CausewayError } from '../../model/errors.ts'
import { type LocalRole, type NewLocalUser, reservedUsers } from '../../model/local-user.ts'
import { Guesses } from '../../plan/guesses.ts'

const prefix = 'user/'
export const mostUsers = 64
/** A box has two cores, and forwards by one of them. */
const hashingAtOnce = 1
/** Passwords that are looked at, of places where nobody was right: a tenth of a core, and no more at once than may wait. */
const guessRate = { perSecond: 2, burst: 32 }

export interface KeptUser extends KeptPassword {
  readonly name: string
  readonly role: LocalRole
  readonly madeMs: number
  readonly passwordMs: number
  /** Where the password was right: sources. */
  readonly places?: readonly string[]
}

export interface UsersParts {
  readonly store: Store
  /** Of a clock that never goes back. */
  readonly nowMs: () => number
  readonly wallMs: () => number
  readonly onFault: (error: unknown) => void
}

export interface LocalUsers {
  readonly list: () => KeptUser[]
  readonly find: (name: string) => KeptUser | null
  /** @throws STORE_CONFLICT there is one of this name; API_BUSY there are too many; API_INVALID */
  readonly add: (user: NewLocalUser) => Promise<void>
  /** @throws API_SETUP_DONE there is a user */
  readonly addFirst: (user: NewLocalUser) => Promise<void>
  /** @throws API_NOT_FOUND, API_LAST_ADMIN */
  readonly changeRole: (name: string, role: LocalRole) => Promise<void>
  /** @throws API_NOT_FOUND, API_BUSY */
  readonly changePassword: (name: string, password: string) => Promise<void>
  /** @throws API_NOT_FOUND, API_LAST_ADMIN */
  readonly remove: (name: string) => Promise<void>
  /** These and no others, as a backup has them: all or nothing. @throws API_LAST_ADMIN none of them is one; API_INVALID */
  readonly replaceAll: (all: readonly KeptUser[]) => Promise<void>
  /** @param source tells places apart @throws API_UNAUTHENTICATED, API_RATE, API_BUSY */
  readonly verify: (name: string, password: string, source: string) => Promise<KeptUser>
}

/** @throws STORE_ errors */
export async function openUsers(parts: UsersParts): Promise<LocalUsers> {
  const { store, nowMs, wallMs, onFault } = parts
  const users = new Map<string, KeptUser>()
  const guesses = new Guesses(guessRate)
  for await (const { value } of entriesBelow(store, prefix)) {
    const user = JSON.parse(value) as KeptUser
    users.set(user.name, user)
    for (const place of user.places ?? []) guesses.right(user.name, place)
  }
  const passwords = openPasswords(hashingAtOnce)
  let turn: Promise<unknown> = Promise.resolve()
  /** One change at a time: of two admins that are taken away at once, one is left. */
  const inTurn = (change: () => Promise<void>): Promise<void> => {
    const done = turn.then(change)
    turn = done.catch(() => {})
    return done
  }
  const found = (name: string): KeptUser => {
    const user = users.get(name)
    if (user !== undefined) return user
    throw new CausewayError('API_NOT_FOUND', `there is no user ${name}`)
  }
  const put = async (user: KeptUser): Promise<void> => {
    const change = { key: prefix + user.name, value: JSON.stringify(user) }
    await store.commit({ conditions: [], changes: [change] })
    users.set(user.name, user)
  }
  /** Whoever was right gets in, whether that can be written down or not. */
  const notePlaces = (name: string, places: readonly string[]): Promise<void> =>
    inTurn(async () => {
      const user = users.get(name)
      const isKept = user?.places?.includes(places.at(-1)!) === true
      if (user !== undefined && !isKept) await put({ ...user, places })
    }).catch(onFault)
  const made = async ({ name, role, password }: NewLocalUser): Promise<KeptUser> => {
    if (reservedUsers.has(name)) {
      throw new CausewayError('API_INVALID', `nobody can be called ${name}`, { path: '/name' })
    }
    const kept = await passwords.keep(password)
    const atMs = Math.trunc(wallMs())
    return { name, role, ...kept, madeMs: atMs, passwordMs: atMs }
  }
  const keepAdmin = (name: string): void => {
    const others = [...users.values()].filter((user) => user.name !== name)
    if (found(name).role !== 'admin' || others.some(({ role }) => role === 'admin')) return
    const message = `${name} is the last admin: make another one first`
    throw new CausewayError('API_LAST_ADMIN', message)
  }
  return {
    list: () => [...users.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    find: (name) => users.get(name) ?? null,
    add: async (user) => {
      const one = await made(user)
      await inTurn(async () => {
        if (users.has(one.name)) {
          throw new CausewayError('STORE_CONFLICT', `there is a user ${one.name} already`)
        }
        if (users.size >= mostUsers) throw new CausewayError('API_BUSY', 'there are too many users')
        await put(one)
      })
    },
    addFirst: async (user) => {
      refuseSetUp(users)
      const one = await made(user)
      await inTurn(async () => {
        refuseSetUp(users)
        await put(one)
      })
    },
    changeRole: (name, role) =>
      inTurn(async () => {
        if (role !== 'admin') keepAdmin(name)
        await put({ ...found(name), role })
      }),
    changePassword: async (name, password) => {
      found(name)
      const kept = await passwords.keep(password)
      const passwordMs = Math.trunc(wallMs())
      await inTurn(() => put({ ...found(name), ...kept, passwordMs }))
    },
    remove: (name) =>
      inTurn(async () => {
        keepAdmin(name)
        await store.commit({ conditions: [], changes: [{ key: prefix + name, value: null }] })
        users.delete(name)
      }),
    replaceAll: (all) =>
      inTurn(async () => {
        if (!all.some(({ role }) => role === 'admin')) {
          throw new CausewayError('API_LAST_ADMIN', 'none of these users is an admin')
        }
        if (all.length > mostUsers || all.some(({ name }) => reservedUsers.has(name))) {
          throw new CausewayError('API_INVALID', 'there cannot be such users')
        }
        const wanted = new Map(all.map((user) => [user.name, user]))
        const gone = [...users.keys()].filter((name) => !wanted.has(name))
        const changes = [
          ...gone.map((name) => ({ key: prefix + name, value: null })),
          ...[...wanted.values()].map((user) => ({
            ...{ key: prefix + user.name, value: JSON.stringify(user) },
          })),
        ]
        await store.commit({ conditions: [], changes })
        for (const name of gone) users.delete(name)
        for (const [name, user] of wanted) users.set(name, user)
      }),
    verify: async (name, password, source) => {
      guesses.check(name, source, nowMs())
      const user = users.get(name) ?? null
      if ((await passwords.isRight(password, user)) && user !== null) {
        await notePlaces(name, guesses.right(name, source))
        return user
      }
      guesses.wrong(name, source, nowMs())
      throw new CausewayError('API_UNAUTHENTICATED', 'name or password is wrong')
    },
  }
}

function refuseSetUp(users: ReadonlyMap<string, unknown>): void {
  if (users.size === 0) return
  throw new CausewayError('API_SETUP_DONE', 'the first password is set: sign in')
}
