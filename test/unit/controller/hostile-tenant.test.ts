/** What an operator of one tenant can do to boxes of another, by the API: nothing, and it is told in the log. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AuditEntry } from '../../../firmware/controller/audit.ts'
import { type Edge, registerEdge } from '../../../firmware/controller/edges.ts'
import { askController } from '../../../firmware/host/link/controller-client.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Role } from '../../../firmware/model/user.ts'
import { newWorld, type World } from '../cli/ctl-world.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'

let world: World
before(async () => {
  world = await newWorld('hostile')
  const setup = await world.setup()
  for (const name of ['acme', 'evil']) await setup.ctl('tenant', 'add', name)
})
after(() => world[Symbol.asyncDispose]())

async function own(tenant: string, site: string, wireKey: string | null): Promise<string> {
  const deviceId = deviceIdOf(site)
  const claimedAt = new Date(world.clock.nowMs).toISOString()
  const edge: Edge = { deviceId, tenant, site, wireKey, keeping: 'software', claimedAt }
  const event = { what: 'edge.list', target: `site/${site}` }
  await registerEdge(world.store, { who: 'test', tenant }, edge, event, world.clock.nowMs)
  return deviceId
}

/** Somebody with a role in a tenant. */
async function somebody(tenant: string, role: Role) {
  const asked = { label: role, tenant, role, expiresMs: world.clock.nowMs + 60_000 }
  const token = await world.controller.users.addToken('setup', asked)
  const ask = (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> =>
    askController({
      ...{ controller: { host: '127.0.0.1', port: world.port }, authority: null, token, method },
      ...{ path: `/api/v1/${path}`, timeoutMs: 10_000, ...(body === undefined ? {} : { body }) },
    })
  const codeOf = (path: string, body: object): Promise<string> =>
    ask('POST', path, body).then(
      () => 'done',
      (error: unknown) => (error instanceof CausewayError ? error.code : String(error)),
    )
  const toldOf = async (code: string): Promise<string[]> => {
    const answer = await ask('GET', `tenants/${tenant}/audit/0`)
    const { entries } = answer as { readonly entries: readonly AuditEntry[] }
    return entries.flatMap((one) => (one.code === code ? [`${one.what} ${one.target}`] : []))
  }
  return { ask, codeOf, toldOf }
}

test("a document that begins to name another tenant's box is refused, and that is in the log", async () => {
  const box = await own('acme', 'berlin', boxOf('berlin').wireKey)
  const eve = await somebody('evil', 'admin')
  const documents = [network, main, office, siteOf('trap', { edge: box })]
  const change = { documents, isWhole: false }
  const { problems } = (await eve.ask('POST', 'tenants/evil/plan', change)) as {
    readonly problems: readonly { readonly code: string }[]
  }
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['FLEET_BOX_FOREIGN'],
  )
  assert.equal(await eve.codeOf('tenants/evil/apply', change), 'FLEET_BOX_FOREIGN')
  assert.deepEqual(await eve.toldOf('FLEET_BOX_FOREIGN'), ['fleet.apply site/trap'])
  // A box that nobody has may be named before it is claimed.
  const free = { documents: [network, main, office, siteOf('free')], isWhole: false }
  assert.equal(await eve.codeOf('tenants/evil/apply', free), 'done')
})
