/** The devices that tenants own, in the store under `edge/ID`: who has which, and where it stands. */
import { entriesBelow } from '../host/store/entries-below.ts'
import { type Commit, noChange, type Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { KeyKeeping } from '../model/ztp.ts'
import { type AuditEvent, commitAudited } from './audit.ts'
import { appliedKey, edgeKey, releasedKey } from './keys.ts'
import { wireKeyCommit } from './wire-keys.ts'

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

export interface FoundEdge {
  readonly edge: Edge
  /** Of its entry, for conditions. */
  readonly revision: number
}

export async function lookUpEdge(store: Store, deviceId: string): Promise<FoundEdge | null> {
  const entry = await store.get(edgeKey(deviceId))
  return entry === null ? null : { edge: JSON.parse(entry.value) as Edge, revision: entry.revision }
}

export async function readEdge(store: Store, deviceId: string): Promise<Edge | null> {
  return (await lookUpEdge(store, deviceId))?.edge ?? null
}

/** All of a tenant, in the order of their ids. */
export async function edgesOf(store: Store, tenant: string): Promise<Edge[]> {
  const found: Edge[] = []
  for await (const { value } of entriesBelow(store, edgeKey(''))) {
    const edge = JSON.parse(value) as Edge
    if (edge.tenant === tenant) found.push(edge)
  }
  return found
}

export interface Registering {
  /** Is changed with it. */
  readonly commit?: Commit
  /** Somebody typed what the device shows: that counts for more than that another tenant wants it, ahead of its first call. */
  readonly isByCode?: boolean
}

/**
 * A device that nobody has, or its owner, gets this place; the log tells of it. The wire key of its owner's stays its own.
 * @throws ZTP_VOUCHER_FOREIGN another tenant has it; ZTP_WIRE_KEY_TAKEN; STORE_CONFLICT somebody was faster
 */
export async function registerEdge(
  store: Store,
  by: Claimant,
  edge: Edge,
  event: Omit<AuditEvent, 'who' | 'code'>,
  nowMs: number,
  { commit: more = noChange, isByCode = false }: Registering = {},
): Promise<void> {
  const key = edgeKey(edge.deviceId)
  const there = await lookUpEdge(store, edge.deviceId)
  const isForeign = there !== null && there.edge.tenant !== by.tenant
  if (isForeign && !(isByCode && there.edge.wireKey === null)) {
    const refusal = foreign()
    const told = { ...event, who: by.who, code: refusal.code }
    await commitAudited(store, by.tenant, told, noChange, nowMs)
    throw refusal
  }
  const wireKey = edge.wireKey ?? there?.edge.wireKey ?? null
  const keys = await wireKeyCommit(store, edge.deviceId, there?.edge.wireKey ?? null, wireKey)
  // Whoever gets it after its release has it: that it was anybody's is over, and what it said to whoever had it before.
  const before = there === null ? [releasedKey, appliedKey] : []
  const over = before.map((keyOf) => ({ key: keyOf(edge.deviceId), value: null }))
  const change = { key, value: JSON.stringify({ ...edge, wireKey }) }
  const changes = [change, ...over, ...keys.changes, ...more.changes]
  const own = { key, revision: there?.revision ?? 0 }
  const conditions = [own, ...keys.conditions, ...more.conditions]
  const commit = { conditions, changes }
  await commitAudited(store, by.tenant, { ...event, who: by.who, code: null }, commit, nowMs)
  if (!isForeign) return
  const { tenant, site } = there.edge
  const lost = { who: `device/${edge.deviceId}`, what: 'edge.list', target: `site/${site}` }
  const code = 'ZTP_VOUCHER_FOREIGN'
  const detail = 'another tenant typed the code that it shows'
  await commitAudited(store, tenant, { ...lost, code, detail }, noChange, nowMs)
}

/**
 * The key of its certificate, from now on: of a box as it was found, and as nobody has changed it since. Never makes one.
 * @throws ZTP_WIRE_KEY_TAKEN; STORE_CONFLICT it was moved or released meanwhile
 */
export async function keepWireKey(
  store: Store,
  { edge, revision }: FoundEdge,
  wireKey: string,
  what: string,
  nowMs: number,
): Promise<void> {
  const { deviceId, tenant, site } = edge
  const key = edgeKey(deviceId)
  const keys = await wireKeyCommit(store, deviceId, edge.wireKey, wireKey)
  const change = { key, value: JSON.stringify({ ...edge, wireKey } satisfies Edge) }
  const conditions = [{ key, revision }, ...keys.conditions]
  const event = { who: `device/${deviceId}`, what, target: `site/${site}`, code: null }
  await commitAudited(
    store,
    tenant,
    event,
    { conditions, changes: [change, ...keys.changes] },
    nowMs,
  )
}

/** As it is claimed. */
export function newEdge(
  { tenant }: Claimant,
  { deviceId, keeping }: Pick<Edge, 'deviceId' | 'keeping'>,
  site: string,
  nowMs: number,
): Edge {
  const claimedAt = new Date(nowMs).toISOString()
  return { deviceId, tenant, site, wireKey: null, keeping, claimedAt }
}

export function foreign(): CausewayError {
  return new CausewayError('ZTP_VOUCHER_FOREIGN', 'the device is of another owner')
}
