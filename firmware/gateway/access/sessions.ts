/**
 * Who is signed in: a random token in a cookie, of which only the hash is kept, in the store under `session/HASH` and in memory. One
 * ends when nothing was asked for half an hour, after twelve hours whatever was asked, and with the password that it was got by. What
 * wall clock the box has may jump: while the gateway runs, its own clock counts.
 */
import { randomBytes } from 'node:crypto'
import { entriesBelow } from '../../host/store/entries-below.ts'
import type { Change, Store } from '../../host/store/store.ts'
import { sha256 } from '../../host/system/digest.ts'
import { CausewayError } from '../../model/errors.ts'
import type { KeptUser } from './users.ts'

const prefix = 'session/'
const tokenBytes = 32
const idleMs = 30 * 60_000
const wholeMs = 12 * 3_600_000
/** So long after the password was typed may be done what asks for that. */
const freshMs = 5 * 60_000
/** So often is written down that one is used. */
const noteMs = 5 * 60_000
const mostSessions = 128
const mostOfUser = 16
const idDigits = 16

interface KeptSession {
  readonly user: string
  /** Of the password: another one ends it. */
  readonly salt: string
  readonly csrf: string
  readonly address: string
  /** Since 1970. */
  readonly madeMs: number
  readonly seenMs: number
}

export interface LiveSession {
  readonly id: string
  readonly user: string
  readonly csrf: string
  readonly address: string
  readonly ageMs: number
  readonly idleMs: number
  /** Until it ends if nothing more is asked. */
  readonly leftMs: number
  readonly freshMs: number
}

/** Times of the gateway's own clock. */
interface Session extends Pick<KeptSession, 'user' | 'salt' | 'csrf' | 'address'> {
  readonly key: string
  readonly madeAtMs: number
  seenAtMs: number
  notedAtMs: number
  freshUntilMs: number
}

export interface SessionsParts {
  readonly store: Store
  readonly nowMs: () => number
  readonly wallMs: () => number
  readonly findUser: (name: string) => KeptUser | null
  readonly onFault: (error: unknown) => void
}

export interface LocalSessions {
  /** @returns what the cookie holds, and nobody can be shown again */
  readonly open: (user: KeptUser, address: string) => Promise<{ token: string; id: string }>
  /** Null: there is none of this token. It is used by that. */
  readonly find: (token: string) => LiveSession | null
  /** Null: it has ended. Not used by that. */
  readonly byId: (id: string) => LiveSession | null
  readonly refresh: (id: string) => void
  readonly list: () => LiveSession[]
  /** @throws API_NOT_FOUND */
  readonly end: (id: string) => Promise<void>
  readonly endOf: (user: string) => Promise<void>
}

/** @throws STORE_ errors */
export async function openSessions(parts: SessionsParts): Promise<LocalSessions> {
  const { store, nowMs, wallMs, findUser, onFault } = parts
  const sessions = await readSessions(parts)
  const isOver = ({ user, salt, madeAtMs, seenAtMs }: Session): boolean => {
    const now = nowMs()
    const isLate = now - madeAtMs >= wholeMs || now - seenAtMs >= idleMs
    return isLate || findUser(user)?.salt !== salt
  }
  const live = (session: Session | undefined): Session | null =>
    session === undefined || isOver(session) ? null : session
  const told = (session: Session): LiveSession => {
    const now = nowMs()
    const { key, user, csrf, address, madeAtMs, seenAtMs, freshUntilMs } = session
    const leftMs = Math.min(madeAtMs + wholeMs, seenAtMs + idleMs) - now
    const ageMs = now - madeAtMs
    const ages = { ageMs, idleMs: now - seenAtMs, leftMs, freshMs: Math.max(0, freshUntilMs - now) }
    return { id: idOf(key), user, csrf, address, ...ages }
  }
  const byId = (id: string): Session | null =>
    live([...sessions.values()].find(({ key }) => idOf(key) === id))
  const keptOf = ({ user, salt, csrf, address, madeAtMs, seenAtMs }: Session): KeptSession => {
    const gapMs = wallMs() - nowMs()
    const [madeMs, seenMs] = [madeAtMs, seenAtMs].map((atMs) => Math.trunc(atMs + gapMs))
    return { user, salt, csrf, address, madeMs: madeMs!, seenMs: seenMs! }
  }
  const write = (session: Session): Change => ({
    key: session.key,
    value: JSON.stringify(keptOf(session)),
  })
  const drop = async (gone: readonly Session[], more: readonly Change[] = []): Promise<void> => {
    // At once: what cannot be written down must not let anybody in meanwhile.
    for (const { key } of gone) sessions.delete(key)
    const changes = [...gone.map(({ key }) => ({ key, value: null })), ...more]
    if (changes.length > 0) await store.commit({ conditions: [], changes })
  }
  return {
    open: async ({ name, salt }, address) => {
      const token = randomBytes(tokenBytes).toString('base64url')
      const now = nowMs()
      const csrf = randomBytes(tokenBytes).toString('base64url')
      const ages = { madeAtMs: now, seenAtMs: now, notedAtMs: now, freshUntilMs: now + freshMs }
      const session: Session = { key: keyOf(token), user: name, salt, csrf, address, ...ages }
      await drop(superfluous([...sessions.values()], name, isOver), [write(session)])
      sessions.set(session.key, session)
      return { token, id: idOf(session.key) }
    },
    find: (token) => {
      const session = live(sessions.get(keyOf(token)))
      if (session === null) return null
      session.seenAtMs = nowMs()
      if (session.seenAtMs - session.notedAtMs >= noteMs) {
        session.notedAtMs = session.seenAtMs
        store.commit({ conditions: [], changes: [write(session)] }).catch(onFault)
      }
      return told(session)
    },
    byId: (id) => {
      const session = byId(id)
      return session === null ? null : told(session)
    },
    refresh: (id) => {
      const session = byId(id)
      if (session !== null) session.freshUntilMs = nowMs() + freshMs
    },
    list: () => [...sessions.values()].filter((session) => !isOver(session)).map(told),
    end: async (id) => {
      const session = byId(id)
      if (session === null) throw new CausewayError('API_NOT_FOUND', `there is no session ${id}`)
      await drop([session])
    },
    endOf: (user) => drop([...sessions.values()].filter((session) => session.user === user)),
  }
}

async function readSessions(parts: SessionsParts): Promise<Map<string, Session>> {
  const { store, nowMs, wallMs } = parts
  const sessions = new Map<string, Session>()
  const gone: Change[] = []
  const gapMs = nowMs() - wallMs()
  for await (const { key, value } of entriesBelow(store, prefix)) {
    const { madeMs, seenMs, ...kept } = JSON.parse(value) as KeptSession
    const [madeAtMs, seenAtMs] = [madeMs + gapMs, seenMs + gapMs]
    const now = nowMs()
    // One of the future is of a clock that was wrong: how old it is nobody knows.
    const isKnown = madeAtMs <= now && seenAtMs <= now
    if (isKnown && now - madeAtMs < wholeMs && now - seenAtMs < idleMs) {
      const ages = { madeAtMs, seenAtMs, notedAtMs: seenAtMs, freshUntilMs: 0 }
      sessions.set(key, { key, ...kept, ...ages })
    } else gone.push({ key, value: null })
  }
  if (gone.length > 0) await store.commit({ conditions: [], changes: gone })
  return sessions
}

/** What goes when one of this user is opened: those that are over, this user's oldest, and of too many those used longest ago. */
function superfluous(
  all: readonly Session[],
  user: string,
  isOver: (session: Session) => boolean,
): Session[] {
  const live = all.filter((session) => !isOver(session)).toSorted((a, b) => b.seenAtMs - a.seenAtMs)
  const own = live.filter((session) => session.user === user).slice(mostOfUser - 1)
  const staying = live.filter((session) => !own.includes(session))
  return [...all.filter(isOver), ...own, ...staying.slice(mostSessions - 1)]
}

/** 256 random bits need no salt. */
function keyOf(token: string): string {
  return `${prefix}${sha256(token)}`
}

function idOf(key: string): string {
  return key.slice(prefix.length).slice(0, idDigits)
}
