/** Networks that share a controller and nothing else, in the store under `tenant/NAME`. */
import { mostPage, type Store } from '../host/store/store.ts'
import { reservedTenants } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import { commitAudited, systemTenant } from './audit.ts'

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

function tenantKey(name: string): string {
  return `tenant/${name}`
}
