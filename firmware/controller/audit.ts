/**
 * Who did what, for good: each entry holds the SHA-256 of the one before it, so that none can be changed or taken out without
 * that being seen (plan/audit-chain.ts). An entry is committed together with what it tells of, or neither is.
 */
import { type Change, type Commit, mostPage, type Store } from '../host/store/store.ts'
import { sha256 } from '../host/system/digest.ts'
import type { AuditAnswer } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import { type ChainHead, emptyChain } from '../plan/audit-chain.ts'
import { inTurn } from './audit-queue.ts'

export interface AuditEvent {
  /** A user's or token's name, or `device/ID`. */
  readonly who: string
  /** `edge.claim`, `fleet.apply`: a noun and what was done, or tried where there is a `code`. */
  readonly what: string
  /** What it was done to. */
  readonly target: string
  /** Of a refusal; null: it was done. */
  readonly code: string | null
  /** A few words more, never a secret. */
  readonly detail?: string
}

export interface AuditEntry extends AuditEvent {
  readonly number: number
  /** RFC 3339. */
  readonly at: string
  /** SHA-256 of the text of the entry before, in hex; zeros before the first. */
  readonly previous: string
}

/** Other controllers append too: so often it is tried again. */
const mostTries = 50
const numberDigits = 12

/**
 * Commits, with the entry, after those that were asked for before. Conditions of the commit that do not hold are the caller's; the
 * log's own is tried again.
 * @throws what `Store.commit` throws; STORE_BUSY too many append at once
 */
export function commitAudited(
  store: Store,
  tenant: string,
  event: AuditEvent,
  commit: Commit,
  nowMs: number,
): Promise<number> {
  return inTurn(store, tenant, () => append(store, tenant, event, commit, nowMs))
}

async function append(
  store: Store,
  tenant: string,
  event: AuditEvent,
  commit: Commit,
  nowMs: number,
): Promise<number> {
  const headKey = `${tenant}/audit-head`
  for (let round = 0; round < mostTries; round++) {
    const found = await store.get(headKey)
    const head = found === null ? emptyChain : (JSON.parse(found.value) as ChainHead)
    const number = head.number + 1
    const at = new Date(nowMs).toISOString()
    const text = JSON.stringify({ ...event, number, at, previous: head.hash } satisfies AuditEntry)
    const next: ChainHead = { number, hash: sha256(text) }
    const changes: Change[] = [
      ...commit.changes,
      { key: entryKey(tenant, number), value: text },
      { key: headKey, value: JSON.stringify(next) },
    ]
    const own = { key: headKey, revision: found?.revision ?? 0 }
    try {
      return await store.commit({ conditions: [...commit.conditions, own], changes })
    } catch (error) {
      const isOwn =
        error instanceof CausewayError && error.code === 'STORE_CONFLICT' && error.path === headKey
      if (!isOwn) throw error
    }
  }
  throw new CausewayError('STORE_BUSY', 'too many changes at once')
}

/** Whose log tells of devices that are nobody's yet, of tenants, and of who may do things in all of them. */
export const systemTenant = 'system'

/** The log of what concerns who acts in a tenant. @param tenant `*`: all */
export function logOf(tenant: string): string {
  return tenant === '*' ? systemTenant : tenant
}

/**
 * In order, with the texts as they are kept and the head of the log: whoever has them can check the chain.
 * @param after the number of the last of the page before, 0 at first
 */
export async function readAudit(
  store: Store,
  tenant: string,
  after: number,
  limit: number = mostPage,
): Promise<AuditAnswer> {
  const found = await store.get(`${tenant}/audit-head`)
  const head = found === null ? emptyChain : (JSON.parse(found.value) as ChainHead)
  const range = { prefix: `${tenant}/audit/`, after: entryKey(tenant, after), limit }
  const texts = (await store.range(range)).entries.map(({ value }) => value)
  return { entries: texts.flatMap(entryOf), texts, head }
}

/** One that somebody has spoiled is in the texts alone. */
function entryOf(text: string): AuditEntry[] {
  try {
    return [JSON.parse(text) as AuditEntry]
  } catch {
    return []
  }
}

function entryKey(tenant: string, number: number): string {
  return `${tenant}/audit/${String(number).padStart(numberDigits, '0')}`
}
