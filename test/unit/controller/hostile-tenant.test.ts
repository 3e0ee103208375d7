/** What an operator of one tenant can do to boxes of another, by the API: nothing, and it is told in the log. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { AuditEntry } from '../../../firmware/controller/audit.ts'
import { type Edge, readEdge, registerEdge } from '../../../firmware/controller/edges.ts'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import { attemptEnrol } from '../../../firmware/gateway/enrol/attempt.ts'
import { askController } from '../../../firmware/host/link/controller-client.ts'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { deviceIdOf as deviceIdOfKey } from '../../../firmware/host/pki/device-key.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Role } from '../../../firmware/model/user.ts'
import { newWorld, type World } from '../cli/ctl-world.ts'
import { pair } from '../gateway/enrol/desk.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'

let world: World
before(async () => {
  world = await newWorld('hostile')
  const setup = await world.setup()
  for (const name of ['acme', 'evil']) {
    await setup.ctl('tenant', 'add', name)
    const changes = ['trap', 'lisbon'].map((site) => {
      const { edge: _, ...document } = siteOf(site)
      return documentChange(name, `site/${site}`, document)
    })
    await world.store.commit({ conditions: [], changes })
  }
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

/** A blank box that shows its code and waits. */
async function waitingBox() {
  const shown = Promise.withResolvers<string>()
  const opened = Promise.withResolvers<void>()
  const { privateKey, publicKey } = pair()
  const deviceId = deviceIdOfKey(publicKey)
  let isOver = false
  const owner = attemptEnrol({
    ...{ key: { privateKey, publicKey, deviceId }, wireKey: randomBytes(32).toString('base64') },
    ...{ keeping: 'software', firmware: 'test', imageRoots: [], ownRoots: [] },
    connect: (authorities) =>
      openZtp({
        ...{ controller: { host: '127.0.0.1', port: world.port }, authorities, timeoutMs: 5_000 },
      }),
    ...{ random: randomBytes, nowMs: () => world.clock.nowMs, onCode: shown.resolve },
    isConfirmed: () => true,
    ...{ onPassedOver: () => {}, anewInMs: () => Infinity },
    pause: async () => {
      opened.resolve()
      if (isOver) throw new Error('it is over')
      await new Promise((passed) => setTimeout(passed, 20))
    },
  })
  owner.catch(() => {})
  const code = await shown.promise
  await opened.promise
  const end = (): void => {
    isOver = true
  }
  return { deviceId, code, owner, end }
}

test('a tenant sees the beginnings of ids alone, and by these claims nothing without a code', async () => {
  const box = await waitingBox()
  const eve = await somebody('evil', 'operator')
  const { devices } = (await eve.ask('GET', 'waiting')) as {
    readonly devices: readonly { readonly deviceId: string }[]
  }
  assert.deepEqual(
    devices.map(({ deviceId }) => deviceId),
    [box.deviceId.slice(0, 8)],
  )
  const claim = { device: box.deviceId.slice(0, 8), site: 'trap' }
  assert.equal(await eve.codeOf('tenants/evil/claims', claim), 'ZTP_CODE_NEEDED')
  assert.deepEqual(await eve.toldOf('ZTP_CODE_NEEDED'), [`edge.claim device/${claim.device}`])
  box.end()
})

test("whoever types the code has the box, whoever wanted it before without one; once it is certified it is nobody else's", async () => {
  const box = await waitingBox()
  const eve = await somebody('evil', 'operator')
  const ada = await somebody('acme', 'operator')
  const wanted = { device: box.deviceId, site: 'trap' }
  assert.equal(await eve.codeOf('tenants/evil/claims', wanted), 'done')
  // Ahead of its call, both are as good: who was first has it.
  assert.equal(await ada.codeOf('tenants/acme/claims', wanted), 'ZTP_VOUCHER_FOREIGN')
  const claim = { device: box.deviceId.slice(0, 8), code: box.code, site: 'lisbon' }
  assert.equal(await ada.codeOf('tenants/acme/claims', claim), 'done')
  assert.match((await box.owner).certificate, /BEGIN CERTIFICATE/)
  assert.equal((await readEdge(world.store, box.deviceId))?.tenant, 'acme')
  assert.deepEqual(await eve.toldOf('ZTP_VOUCHER_FOREIGN'), ['edge.list site/trap'])
  assert.equal(await eve.codeOf('tenants/evil/claims', wanted), 'ZTP_VOUCHER_FOREIGN')
  const again = { ...claim, site: 'trap' }
  assert.equal(await eve.codeOf('tenants/evil/claims', again), 'ZTP_VOUCHER_FOREIGN')
})

test('five wrong codes shut a box that another tenant wants for those who typed them, and for nobody else', async () => {
  const box = await waitingBox()
  const eve = await somebody('evil', 'operator')
  const ada = await somebody('acme', 'operator')
  const wanted = { device: box.deviceId, site: 'lisbon', isReplacement: true }
  assert.equal(await ada.codeOf('tenants/acme/claims', wanted), 'done')
  const wrong = `${box.code.startsWith('0') ? '1' : '0'}${box.code.slice(1)}`
  for (const code of [...Array<string>(5).fill(wrong), box.code]) {
    const claim = { device: box.deviceId, site: 'trap', code }
    assert.equal(await eve.codeOf('tenants/evil/claims', claim), 'ZTP_VOUCHER_FOREIGN')
  }
  const claim = { ...wanted, code: box.code }
  assert.equal(await ada.codeOf('tenants/acme/claims', claim), 'done')
  assert.match((await box.owner).certificate, /BEGIN CERTIFICATE/)
})
