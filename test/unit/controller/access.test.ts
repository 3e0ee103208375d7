/** Who may enter which route: every one of the API against every role, in one's own tenant, in another's and in all. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { askController } from '../../../firmware/host/link/controller-client.ts'
import type { CausewayError } from '../../../firmware/model/errors.ts'
import { type Role, roles } from '../../../firmware/model/user.ts'
import { newWorld, password, type World } from '../cli/ctl-world.ts'

type Least = Role | 'anybody' | 'signed-in'

/** Least role, a body that has the right form, and where the role must be held: in the tenant that is named, or in all. */
const table: Readonly<Record<string, readonly [Least, object | null, 'tenant' | 'own' | 'all']>> = {
  'GET /api/v1/authority': ['anybody', null, 'own'],
  'GET /api/v1/openapi.json': ['anybody', null, 'own'],
  'POST /api/v1/sign-in': ['anybody', { name: 'nobody', password: 'x' }, 'own'],
  'GET /api/v1/who': ['signed-in', null, 'own'],
  'POST /api/v1/users/{name}/password': ['owner', { password: 'correct horse 2' }, 'own'],
  'GET /api/v1/tenants': ['auditor', null, 'own'],
  'GET /api/v1/waiting': ['auditor', null, 'own'],
  'GET /api/v1/users': ['owner', null, 'own'],
  'POST /api/v1/users/{name}/remove': ['owner', {}, 'own'],
  'GET /api/v1/tokens': ['owner', null, 'own'],
  'POST /api/v1/tokens/{id}/revoke': ['owner', {}, 'own'],
  'POST /api/v1/users': [
    ...(['owner', { name: 'x', tenant: 'acme', role: 'auditor', password }] as const),
    'tenant',
  ],
  'POST /api/v1/tokens': [
    ...(['owner', { label: 'x', tenant: 'acme', role: 'auditor', days: 1 }] as const),
    'tenant',
  ],
  'POST /api/v1/tenants': ['owner', { name: 'acme' }, 'all'],
  'POST /api/v1/tenants/{tenant}/remove': ['owner', {}, 'all'],
  'POST /api/v1/delegation': ['owner', { delegation: 'x', root: 'x' }, 'all'],
  'GET /api/v1/backup': ['owner', null, 'all'],
  'GET /api/v1/tenants/{tenant}/audit/{after}': ['auditor', null, 'tenant'],
  'GET /api/v1/tenants/{tenant}/fleet': ['auditor', null, 'tenant'],
  'POST /api/v1/tenants/{tenant}/plan': ['auditor', { documents: [], isWhole: false }, 'tenant'],
  'POST /api/v1/tenants/{tenant}/apply': ['admin', { documents: [], isWhole: false }, 'tenant'],
  'GET /api/v1/tenants/{tenant}/ipam': ['auditor', null, 'tenant'],
  'GET /api/v1/tenants/{tenant}/edges': ['auditor', null, 'tenant'],
  'POST /api/v1/tenants/{tenant}/claims': [
    ...(['operator', { device: 'ab'.repeat(32), site: 'berlin', isAhead: true }] as const),
    'tenant',
  ],
  'POST /api/v1/tenants/{tenant}/moves': [
    ...(['operator', { device: 'ab'.repeat(32), site: 'berlin', isAhead: true }] as const),
    'tenant',
  ],
  'GET /api/v1/firmware': ['auditor', null, 'own'],
  'POST /api/v1/firmware': ['admin', {}, 'all'],
  'POST /api/v1/firmware/{version}/remove': ['admin', {}, 'all'],
  'GET /api/v1/tenants/{tenant}/rollout': ['auditor', null, 'tenant'],
  'POST /api/v1/tenants/{tenant}/rollout': ['admin', { version: '0.2.0' }, 'tenant'],
  'POST /api/v1/tenants/{tenant}/rollout/pause': ['admin', {}, 'tenant'],
  'POST /api/v1/tenants/{tenant}/rollout/resume': ['admin', {}, 'tenant'],
  'POST /api/v1/tenants/{tenant}/rollout/abort': ['admin', {}, 'tenant'],
  'POST /api/v1/unlocks': ['owner', { device: '0'.repeat(64) }, 'all'],
  'POST /api/v1/tenants/{tenant}/releases': ['operator', { device: '0'.repeat(64) }, 'tenant'],
  // Ends the token that asks: last.
  'POST /api/v1/sign-out': ['signed-in', {}, 'own'],
}

let world: World
before(async () => {
  world = await newWorld('access')
  const setup = await world.setup()
  for (const name of ['acme', 'other'])
    assert.equal((await setup.ctl('tenant', 'add', name)).code, 0)
})
after(() => world[Symbol.asyncDispose]())

async function codeOf(route: string, token: string | null, body: object | null): Promise<string> {
  const [method = '', path = ''] = route.split(' ')
  const names: Readonly<Record<string, string>> = {
    ...{ tenant: 'acme', after: '0', name: 'nobody', id: '0'.repeat(16), version: '0.2.0' },
  }
  const asked = askController({
    ...{ controller: { host: '127.0.0.1', port: world.port }, authority: null, token },
    ...{ method: method as 'GET' | 'POST', timeoutMs: 10_000 },
    path: path.replace(/\{(\w+)\}/g, (_, name: string) => names[name]!),
    ...(body === null ? {} : { body }),
  })
  return asked.then(
    () => 'done',
    (error: CausewayError) => error.code,
  )
}

test('the table has every route of the API', async () => {
  const document = (await askController({
    ...{ controller: { host: '127.0.0.1', port: world.port }, authority: null, token: null },
    ...{ method: 'GET', path: '/api/v1/openapi.json', timeoutMs: 10_000 },
  })) as { readonly openapi: string; readonly paths: Readonly<Record<string, object>> }
  assert.equal(document.openapi, '3.1.0')
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(routes.toSorted(), Object.keys(table).toSorted())
})

test('without a token nothing is told but whose controller it is; a wrong one is as good as none', async () => {
  for (const [route, [least, body]] of Object.entries(table)) {
    for (const token of [null, 'cw_none']) {
      const isRefused = (await codeOf(route, token, body)) === 'API_UNAUTHENTICATED'
      // A name that nobody has is refused by the same code.
      const isOpen = least === 'anybody' && route !== 'POST /api/v1/sign-in'
      assert.equal(isRefused, !isOpen, route)
    }
  }
})

for (const place of ['acme', 'other', '*'] as const) {
  for (const role of roles) {
    test(`what ${role} of ${place} may do is what the table says, and nothing else`, async () => {
      const asked = { label: 'matrix', tenant: place, role, expiresMs: world.clock.nowMs + 60_000 }
      const token = await world.controller.users.addToken('setup', asked)
      for (const [route, [least, body, where]] of Object.entries(table)) {
        const isHere = where === 'own' || place === '*' || (where === 'tenant' && place === 'acme')
        const isEnough =
          least === 'anybody' ||
          least === 'signed-in' ||
          roles.indexOf(role) >= roles.indexOf(least)
        const code = await codeOf(route, token, body)
        assert.equal(code !== 'API_FORBIDDEN', isEnough && isHere, `${route}: ${code}`)
        assert.notEqual(code, 'API_INTERNAL', route)
      }
    })
  }
}

test('an owner of one tenant gives nobody anything in another', async () => {
  const token = await world.controller.users.addToken('setup', {
    ...({ label: 'owner', tenant: 'acme', role: 'owner' } as const),
    expiresMs: world.clock.nowMs + 60_000,
  })
  for (const tenant of ['other', '*']) {
    const user = { name: 'eve', tenant, role: 'auditor', password }
    assert.equal(await codeOf('POST /api/v1/users', token, user), 'API_FORBIDDEN')
    const program = { label: 'eve', tenant, role: 'auditor', days: 1 }
    assert.equal(await codeOf('POST /api/v1/tokens', token, program), 'API_FORBIDDEN')
  }
})

test('no key of the store can be taken for a tenant', async () => {
  const setup = await world.setup()
  for (const name of ['system', 'edge', 'user', 'token', 'config', 'rollout', 'firmware']) {
    const said = await setup.ctl('tenant', 'add', name)
    assert.deepEqual([said.code, /API_INVALID/.test(said.err)], [4, true], name)
  }
  const unknown = await setup.ctl('get', '--tenant', 'nowhere')
  assert.match(unknown.err, /API_NOT_FOUND there is no tenant nowhere/)
})
