/** The devices that tenants own, in the store under `edge/ID`: who has which, and where it stands. */
import { type Commit, mostPage, type Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { KeyKeeping } from '../model/ztp.ts'
import { type AuditEvent, commitAudited } from './audit.ts'

export interface Edge {
  readonly deviceId: string
  readonly tenant: string
  readonly site: string
  /** Base64; null before its first certificate. */
  readonly wireKey: string | null
  readonly keeping: KeyKeeping
  /** RFC 3339. */
  readonly claimedAt: string
}

/** Who asks for it. */
export interface Claimant {
  readonly who: string
  readonly tenant: string
}

export async function readEdge(store: Store, deviceId: string): Promise<Edge | null> {
  const entry = await store.get(edgeKey(deviceId))
  return entry === null ? null : (JSON.parse(entry.value) as Edge)
}

/** All of a tenant, in the order of their ids. */
export async function edgesOf(store: Store, tenant: string): Promise<Edge[]> {
  const found: Edge[] = []
  for (let after: string | undefined; ; ) {
    const range = { prefix: edgeKey(''), limit: mostPage }
    const page = await store.range(after === undefined ? range : { ...range, after })
    for (const { value } of page.entries) {
      const edge = JSON.parse(value) as Edge
      if (edge.tenant === tenant) found.push(edge)
    }
    if (!page.hasMore) return found
    after = page.entries.at(-1)!.key
  }
}

/**
 * A device that nobody has, or its owner, gets this place; the log tells of it.
 * @param more is changed with it
 * @throws ZTP_VOUCHER_FOREIGN another tenant has it; STORE_CONFLICT somebody was faster
 */
export async function registerEdge(
  store: Store,
  by: Claimant,
  edge: Edge,
  event: Omit<AuditEvent, 'who' | 'code'>,
  nowMs: number,
  more: Commit = { conditions: [], changes: [] },
): Promise<void> {
  const key = edgeKey(edge.deviceId)
  const there = await store.get(key)
  if (there !== null && (JSON.parse(there.value) as Edge).tenant !== by.tenant) {
    const refusal = new CausewayError('ZTP_VOUCHER_FOREIGN', 'the device is of another owner')
    const told = { ...event, who: by.who, code: refusal.code }
    await commitAudited(store, by.tenant, told, { conditions: [], changes: [] }, nowMs)
    throw refusal
  }
  // Whoever gets it after its release has it: that it was anybody's is over.
  const isNew = there === null
  const over = isNew ? [{ key: `released/${edge.deviceId}`, value: null }] : []
  const changes = [{ key, value: JSON.stringify(edge) }, ...over, ...more.changes]
  const conditions = [{ key, revision: there?.revision ?? 0 }, ...more.conditions]
  await commitAudited(
    store,
    by.tenant,
    { ...event, who: by.who, code: null },
    { conditions, changes },
    nowMs,
  )
}

export function edgeKey(deviceId: string): string {
  return `edge/${deviceId}`
}
