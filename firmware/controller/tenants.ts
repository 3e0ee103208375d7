/** Networks that share a controller and nothing else, in the store under `tenant/NAME`. */
import { entriesBelow } from '../host/store/entries-below.ts'
import { type Change, mostPage, type Store } from '../host/store/store.ts'
import { reservedTenants } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import { commitAudited, systemTenant } from './audit.ts'
import { edgesOf } from './edges.ts'
import { readFleet } from './fleet.ts'
import { allocationKey, documentKey, rolloutBoxKey, rolloutKey, tenantKey } from './keys.ts'
import { networkCommit } from './network-key.ts'
import type { Users } from './users.ts'

const mostTenants = mostPage

export async function tenantsOf(store: Store): Promise<string[]> {
  const { entries } = await store.range({ prefix: tenantKey(''), limit: mostTenants })
  return entries.map(({ key }) => key.slice(tenantKey('').length))
}

export async function isTenant(store: Store, name: string): Promise<boolean> {
  return (await store.get(tenantKey(name))) !== null
}

/** @throws STORE_CONFLICT there is one of this name; API_INVALID it may not be called so; API_BUSY there are too many */
export async function addTenant(
  store: Store,
  by: string,
  name: string,
  nowMs: number,
): Promise<void> {
  if (reservedTenants.has(name)) {
    throw new CausewayError('API_INVALID', `no tenant can be called ${name}`, { path: '/name' })
  }
  if ((await tenantsOf(store)).length >= mostTenants) {
    throw new CausewayError('API_BUSY', 'there are too many tenants')
  }
  if (await isTenant(store, name)) {
    throw new CausewayError('STORE_CONFLICT', `there is a tenant ${name} already`)
  }
  const key = tenantKey(name)
  const commit = { conditions: [{ key, revision: 0 }], changes: [{ key, value: '{}' }] }
  const event = { who: by, what: 'tenant.add', target: `tenant/${name}`, code: null }
  await commitAudited(store, systemTenant, event, commit, nowMs)
}

/**
 * With its documents and what was given out of its pools; its log stays.
 * @throws API_NOT_FOUND; STORE_NOT_EMPTY it has boxes, users or tokens
 */
export async function removeTenant(
  { store, users }: TenantParts,
  by: string,
  name: string,
  nowMs: number,
): Promise<void> {
  const entry = await store.get(tenantKey(name))
  if (entry === null) throw new CausewayError('API_NOT_FOUND', `there is no tenant ${name}`)
  const isOf = ({ tenant }: { readonly tenant: string }): boolean => tenant === name
  const has = {
    boxes: (await edgesOf(store, name)).length,
    users: (await users.list()).filter(isOf).length,
    // Sessions end with their users.
    tokens: (await users.tokens.list()).filter((one) => isOf(one) && !one.isSession).length,
  }
  const left = Object.entries(has).filter(([, count]) => count > 0)
  if (left.length > 0) {
    const words = left.map(([what, count]) => `${count} ${what}`).join(', ')
    throw new CausewayError('STORE_NOT_EMPTY', `${name} has ${words} still`)
  }
  const { documents } = await readFleet(store, name)
  const network = await networkCommit(store, name, documents, [])
  const key = tenantKey(name)
  const commit = {
    conditions: [{ key, revision: entry.revision }, ...network.conditions],
    changes: [{ key, value: null }, ...network.changes, ...(await allOf(store, name))],
  }
  const event = { who: by, what: 'tenant.remove', target: `tenant/${name}`, code: null }
  await commitAudited(store, systemTenant, event, commit, nowMs)
}

async function allOf(store: Store, name: string): Promise<Change[]> {
  const changes: Change[] = []
  const last = await store.get(rolloutKey(name))
  if (last !== null) changes.push({ key: last.key, value: null })
  for (const prefix of [documentKey(name, ''), allocationKey(name, ''), rolloutBoxKey(name, '')]) {
    for await (const { key } of entriesBelow(store, prefix)) changes.push({ key, value: null })
  }
  return changes
}

export interface TenantParts {
  readonly store: Store
  readonly users: Users
}
