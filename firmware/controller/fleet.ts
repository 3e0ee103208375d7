/**
 * A tenant's documents in the store, and what is computed from them: applied as a whole or not at all, published to each box as
 * a signed configuration under `config/ID`. What a box is told changes only when its text does.
 */
import type { KeyObject } from 'node:crypto'
import { type Change, type Condition, mostPage, type Store } from '../host/store/store.ts'
import { revisionFloorKey } from '../model/controller-keys.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { FleetDocument } from '../model/fleet.ts'
import { isEqual } from '../plan/config-diff.ts'
import { type Box, planFleetLater } from '../plan/fleet.ts'
import type { Allocations } from '../plan/fleet-allocation.ts'
import { type FleetProblem, nameOf } from '../plan/fleet-documents.ts'
import { canonicalJson } from '../plan/json-delta.ts'
import { signJws } from '../wire/jws.ts'
import type { Edge } from './edges.ts'

/** What was published last for a box. */
export interface Published {
  readonly deviceId: string
  readonly tenant: string
  readonly site: string
  readonly revision: number
  readonly config: DeviceConfig
  /** Of a `SignedConfig`, compact. */
  readonly jws: string
}

/** All of a tenant, of about one moment. */
export interface FleetState {
  readonly documents: readonly FleetDocument[]
  readonly allocations: Allocations
  readonly boxes: readonly Box[]
  /** By document, `site/berlin`: for conditions. */
  readonly revisions: ReadonlyMap<string, number>
}

/** Boxes whose configurations are committed together. */
const together = 32

export async function readFleet(store: Store, tenant: string): Promise<FleetState> {
  const documents: FleetDocument[] = []
  const revisions = new Map<string, number>()
  for await (const { value, revision } of all(store, `${tenant}/doc/`)) {
    const document = JSON.parse(value) as FleetDocument
    documents.push(document)
    revisions.set(nameOf(document), revision)
  }
  const allocations = new Map<string, string>()
  const prefix = `${tenant}/alloc/`
  for await (const { key, value } of all(store, prefix))
    allocations.set(key.slice(prefix.length), value)
  const boxes: Box[] = []
  for await (const { value } of all(store, 'edge/')) {
    const { deviceId, wireKey, site, claimedAt, tenant: owner } = JSON.parse(value) as Edge
    if (owner === tenant && wireKey !== null) boxes.push({ deviceId, wireKey, site, claimedAt })
  }
  return { documents, allocations, boxes, revisions }
}

/** Of documents, as they are to be. Null takes it away. */
export function documentChange(
  tenant: string,
  name: string,
  document: FleetDocument | null,
): Change {
  const value = document === null ? null : JSON.stringify(document)
  return { key: `${tenant}/doc/${name}`, value }
}

export interface PublishResult {
  /** Boxes that are told something new. */
  readonly changed: number
  readonly problems: readonly FleetProblem[]
}

/**
 * Computes all of a tenant's boxes and publishes what differs from what they were told last, a few at a time, so that others
 * get on meanwhile. Safe to run twice at once: whoever is late finds that it is there.
 */
export async function publishFleet(
  store: Store,
  tenant: string,
  signingKey: KeyObject,
): Promise<PublishResult> {
  const state = await readFleet(store, tenant)
  const planner = planFleetLater(state.documents, state.boxes, state.allocations)
  await keepAllocations(store, tenant, planner.allocations)
  const problems: FleetProblem[] = [...planner.problems]
  const floor = Number((await store.get(revisionFloorKey))?.value ?? 0)
  let changed = 0
  for (let at = 0; at < planner.sites.length; at += together) {
    const planned = planner.sites.slice(at, at + together).map((site) => planner.planSite(site))
    problems.push(...planned.flatMap((one) => one.problems))
    changed += await publish(store, tenant, signingKey, floor, planned)
  }
  return { changed, problems }
}

async function publish(
  store: Store,
  tenant: string,
  signingKey: KeyObject,
  floor: number,
  planned: readonly {
    readonly site: string
    readonly deviceId: string | null
    readonly config: DeviceConfig | null
  }[],
): Promise<number> {
  const changes: Change[] = []
  const conditions: Condition[] = []
  await Promise.all(
    planned.map(async ({ site, deviceId, config }) => {
      if (deviceId === null || config === null) return
      const key = `config/${deviceId}`
      const entry = await store.get(key)
      const before = entry === null ? null : (JSON.parse(entry.value) as Published)
      const revision = (before?.revision ?? floor) + 1
      const next = { ...config, revision }
      if (before !== null && isEqual({ ...before.config, revision }, next)) return
      const jws = await signJws(
        'causeway-config',
        canonicalJson({ version: 1, deviceId, revision, config: next }),
        signingKey,
      )
      const published: Published = { deviceId, tenant, site, revision, config: next, jws }
      changes.push({ key, value: JSON.stringify(published) })
      conditions.push({ key, revision: entry?.revision ?? 0 })
    }),
  )
  if (changes.length > 0) await store.commit({ conditions, changes })
  return changes.length
}

/** Each is given once: whoever else gave it meanwhile makes this fail. */
async function keepAllocations(
  store: Store,
  tenant: string,
  allocations: readonly { readonly name: string; readonly value: string }[],
): Promise<void> {
  for (let at = 0; at < allocations.length; at += together) {
    const some = allocations.slice(at, at + together)
    const changes = some.map(({ name, value }) => ({ key: `${tenant}/alloc/${name}`, value }))
    await store.commit({ conditions: changes.map(({ key }) => ({ key, revision: 0 })), changes })
  }
}

async function* all(
  store: Store,
  prefix: string,
): AsyncGenerator<{ readonly key: string; readonly value: string; readonly revision: number }> {
  for (let after: string | undefined; ; ) {
    const range = { prefix, limit: mostPage, ...(after === undefined ? {} : { after }) }
    const { entries, hasMore } = await store.range(range)
    yield* entries
    if (!hasMore) return
    after = entries.at(-1)!.key
  }
}
