/**
 * Who did what, for good: each entry holds the SHA-256 of the one before it, so that none can be changed or taken out without
 * that being seen (`verifyAudit`). An entry is committed together with what it tells of, or neither is.
 */
import { createHash } from 'node:crypto'
import { entriesBelow } from '../host/store/entries-below.ts'
import type { Change, Commit, Store } from '../host/store/store.ts'
import { mostPage } from '../host/store/store.ts'
import type { AuditAnswer } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import { type ChainHead, emptyChain, followChain } from '../plan/audit-chain.ts'
import { inTurn } from './audit-queue.ts'

export interface AuditEvent {
  /** A user's or token's name, or `device/ID`. */
  readonly who: string
  /** `claim.try`, `document.put`: a noun of the API and what was done. */
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
    const next: ChainHead = { number, hash: hashOf(text) }
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

/** In order. @param after the number of the last of the page before, 0 at first */
export async function readAudit(
  store: Store,
  tenant: string,
  after: number,
  limit: number = mostPage,
): Promise<readonly AuditEntry[]> {
  const range = { prefix: `${tenant}/audit/`, after: entryKey(tenant, after), limit }
  const { entries } = await store.range(range)
  return entries.map(({ value }) => JSON.parse(value) as AuditEntry)
}

/** The same with the texts as they are kept, and the head of the log: whoever has them can check the chain for itself. */
export async function readAuditTexts(
  store: Store,
  tenant: string,
  after: number,
  limit: number = mostPage,
): Promise<AuditAnswer> {
  const found = await store.get(`${tenant}/audit-head`)
  const head = found === null ? emptyChain : (JSON.parse(found.value) as ChainHead)
  const range = { prefix: `${tenant}/audit/`, after: entryKey(tenant, after), limit }
  const texts = (await store.range(range)).entries.map(({ value }) => value)
  return { entries: texts.map((text) => JSON.parse(text) as AuditEntry), texts, head }
}

export interface AuditProof {
  readonly entries: number
  /** The first number at which the chain does not hold; null: it does. */
  readonly brokenAt: number | null
}

/** Whether each entry is the one that was written. */
export async function verifyAudit(store: Store, tenant: string): Promise<AuditProof> {
  let head = emptyChain
  for await (const { key, value } of entriesBelow(store, `${tenant}/audit/`)) {
    const number = head.number + 1
    const next = followChain(head, value, hashOf)
    if (key !== entryKey(tenant, number) || next === null) {
      return { entries: head.number, brokenAt: number }
    }
    head = next
  }
  const found = await store.get(`${tenant}/audit-head`)
  const kept = found === null ? emptyChain : (JSON.parse(found.value) as ChainHead)
  const isWhole = kept.number === head.number && kept.hash === head.hash
  return { entries: head.number, brokenAt: isWhole ? null : head.number + 1 }
}

function entryKey(tenant: string, number: number): string {
  return `${tenant}/audit/${String(number).padStart(numberDigits, '0')}`
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
