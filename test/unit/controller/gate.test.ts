/** Who may not do something is told so, and it is in the log of their tenant; however often they try, the log has room for others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControllerRoute } from '../../../firmware/controller/api/controller-route.ts'
import { Gate } from '../../../firmware/controller/api/gate.ts'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Principal } from '../../../firmware/model/user.ts'

const route: Pick<ControllerRoute, 'method' | 'url' | 'needs'> = {
  method: 'POST',
  url: '/api/v1/tenants/:tenant/apply',
  needs: 'fleet.write',
}
const params = { tenant: 'acme' }
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
  assert.equal(entries.at(-1)?.detail, 'and 200 like it before')
})
