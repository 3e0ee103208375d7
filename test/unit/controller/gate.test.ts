/** Who may not do something is told so, and it is in the log of their tenant; however often they try, the log has room for others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControllerRoute } from '../../../firmware/controller/api/controller-route.ts'
import { Gate } from '../../../firmware/controller/api/gate.ts'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Principal } from '../../../firmware/model/user.ts'
import { interrupted } from './interrupted.ts'

const route: Pick<ControllerRoute, 'method' | 'url' | 'needs'> = {
  method: 'POST',
  url: '/api/v1/tenants/:tenant/apply',
  needs: 'fleet.write',
}
const params = { tenant: 'acme' }
const needed = 'needs the role admin in acme'
const eve: Principal = { name: 'eve', tenant: 'acme', role: 'auditor' }

test('what somebody may not do is refused, and in the log', async () => {
  await using store = await openStore(memoryTable())
  const gate = new Gate({ store, wallMs: () => 0 })
  await gate.admit(route, { ...eve, role: 'admin' }, params, null)
  const mallory = { name: 'mallory', tenant: 'other', role: 'owner' } as const
  for (const who of [eve, mallory]) {
    await assert.rejects(gate.admit(route, who, params, null), { code: 'API_FORBIDDEN' })
  }
  for (const { name, tenant } of [eve, mallory]) {
    const { entries } = await readAudit(store, tenant, 0)
    assert.deepEqual(
      entries.map(({ who, what, target, code }) => [who, what, target, code]),
      [[name, 'api.refuse', 'POST /api/v1/tenants/acme/apply', 'API_FORBIDDEN']],
    )
  }
})

test('who tries again and again does not fill it', async () => {
  let nowMs = 0
  await using store = await openStore(memoryTable())
  const gate = new Gate({ store, wallMs: () => nowMs })
  const tried = async (): Promise<void> => {
    await assert.rejects(gate.admit(route, eve, params, null), { code: 'API_FORBIDDEN' })
  }
  for (let time = 0; time < 300; time++) await tried()
  nowMs = 60_000
  await tried()
  const { entries } = await readAudit(store, 'acme', 0)
  assert.equal(entries.length, 101)
  assert.equal(entries[0]?.detail, needed)
  assert.equal(entries.at(-1)?.detail, `${needed}; and 200 like it before`)
})

test('who tries again and again hides nothing of another tenant, and is not counted there', async () => {
  let nowMs = 0
  await using store = await openStore(memoryTable())
  const gate = new Gate({ store, wallMs: () => nowMs })
  const tried = async (who: Principal): Promise<void> => {
    await assert.rejects(gate.admit(route, who, params, null), { code: 'API_FORBIDDEN' })
  }
  for (let time = 0; time < 150; time++) await tried(eve)
  const bob: Principal = { name: 'bob', tenant: 'victim', role: 'auditor' }
  await tried(bob)
  nowMs = 60_000
  await tried(bob)
  const { entries } = await readAudit(store, 'victim', 0)
  assert.deepEqual(
    entries.map(({ detail }) => detail),
    [needed, needed],
  )
})

test('a refusal that does not get into the log is told all the same, and counted', async () => {
  await using inside = await openStore(memoryTable())
  let isBusy = true
  const store = interrupted(inside, 'acme/audit', async () => {
    if (isBusy) throw new CausewayError('STORE_BUSY', 'too many changes at once')
  })
  const gate = new Gate({ store, wallMs: () => 0 })
  for (let time = 0; time < 3; time++) {
    await assert.rejects(gate.admit(route, eve, params, null), { code: 'API_FORBIDDEN' })
    isBusy = time < 1
  }
  const { entries } = await readAudit(store, 'acme', 0)
  assert.deepEqual(
    entries.map(({ detail }) => detail),
    [`${needed}; and 2 like it before`],
  )
})
