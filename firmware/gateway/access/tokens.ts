/**
 * What programs show instead of a password: random tokens with a role and an end, of which only the hash is kept, in the store under
 * `token/HASH` and in memory. One is shown once, when it is made, and ends with whoever made it.
 */
import { randomBytes } from 'node:crypto'
import { entriesBelow } from '../../host/store/entries-below.ts'
import type { Store } from '../../host/store/store.ts'
import { sha256 } from '../../host/system/digest.ts'
import { CausewayError } from '../../model/errors.ts'
import type { LocalTokenStatus } from '../../model/local-api-access.ts'
import { type LocalRole, localRoles, shellPrincipal } from '../../model/local-user.ts'

const prefix = 'token/'
const shownPrefix = 'cwb_'
const tokenBytes = 32
const mostTokens = 64
const idDigits = 16
const dayMs = 86_400_000

type KeptToken = Omit<LocalTokenStatus, 'id'>

export interface NewLocalToken {
  readonly label: string
  readonly role: LocalRole
  readonly days: number
}

export interface TokensParts {
  readonly store: Store
  readonly wallMs: () => number
  /** Null: there is no such user. */
  readonly roleOf: (name: string) => LocalRole | null
}

export interface LocalTokens {
  /** @returns what nobody can be shown again @throws API_BUSY there are too many; STORE_CONFLICT there is one of this label */
  readonly add: (by: string, asked: NewLocalToken) => Promise<{ token: string; expiresMs: number }>
  readonly find: (token: string) => KeptToken | null
  readonly list: () => LocalTokenStatus[]
  /** @throws API_NOT_FOUND */
  readonly revoke: (id: string) => Promise<void>
  /** Users have changed: ends the tokens whose maker is gone, or may less than they. */
  readonly sweep: () => Promise<void>
}

/** @throws STORE_ errors */
export async function openTokens(parts: TokensParts): Promise<LocalTokens> {
  const { store, wallMs, roleOf } = parts
  const tokens = new Map<string, KeptToken>()
  for await (const { key, value } of entriesBelow(store, prefix)) {
    tokens.set(key, JSON.parse(value) as KeptToken)
  }
  const isOver = ({ expiresMs }: KeptToken): boolean => expiresMs <= wallMs()
  const isOrphan = ({ by, role }: KeptToken): boolean => {
    if (by === shellPrincipal.name) return false
    const own = roleOf(by)
    return own === null || localRoles.indexOf(own) < localRoles.indexOf(role)
  }
  const sweep = async (): Promise<void> => {
    const gone = [...tokens].filter(([, kept]) => isOrphan(kept)).map(([key]) => key)
    for (const key of gone) tokens.delete(key)
    const changes = gone.map((key) => ({ key, value: null }))
    if (changes.length > 0) await store.commit({ conditions: [], changes })
  }
  // What a power cut kept from being written down.
  await sweep()
  return {
    sweep,
    add: async (by, { label, role, days }) => {
      const over = [...tokens].filter(([, kept]) => isOver(kept)).map(([key]) => key)
      if (tokens.size - over.length >= mostTokens) {
        throw new CausewayError('API_BUSY', 'there are too many tokens: revoke one first')
      }
      if ([...tokens.values()].some((kept) => kept.label === label && !isOver(kept))) {
        throw new CausewayError('STORE_CONFLICT', `there is a token ${label} already`)
      }
      const token = shownPrefix + randomBytes(tokenBytes).toString('base64url')
      const madeMs = Math.trunc(wallMs())
      const kept: KeptToken = { label, role, by, madeMs, expiresMs: madeMs + days * dayMs }
      const made = { key: keyOf(token), value: JSON.stringify(kept) }
      const gone = over.map((key) => ({ key, value: null }))
      // Counted before it is written: of many at once none is one too many.
      for (const key of over) tokens.delete(key)
      tokens.set(made.key, kept)
      try {
        await store.commit({ conditions: [], changes: [made, ...gone] })
      } catch (error) {
        tokens.delete(made.key)
        throw error
      }
      return { token, expiresMs: kept.expiresMs }
    },
    find: (token) => {
      const kept = tokens.get(keyOf(token))
      return kept === undefined || isOver(kept) ? null : kept
    },
    list: () =>
      [...tokens]
        .filter(([, kept]) => !isOver(kept))
        .map(([key, kept]) => ({ id: idOf(key), ...kept })),
    revoke: async (id) => {
      const key = [...tokens.keys()].find((one) => idOf(one) === id)
      if (key === undefined) throw new CausewayError('API_NOT_FOUND', `there is no token ${id}`)
      tokens.delete(key)
      await store.commit({ conditions: [], changes: [{ key, value: null }] })
    },
  }
}

/** 256 random bits need no salt. */
function keyOf(token: string): string {
  return `${prefix}${sha256(token)}`
}

function idOf(key: string): string {
  return key.slice(prefix.length).slice(0, idDigits)
}
