/** What was planned is there for who goes on from it: a change that is done is not planned again, one that is looked at takes no room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyChange, planChange } from '../../../firmware/controller/change.ts'
import { Fleets } from '../../../firmware/controller/fleets.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import type { FleetPlanner } from '../../../firmware/plan/fleet.ts'
import { main, network, office, siteOf } from '../plan/fleet-sample.ts'

const tenant = 't'

/** With the planners that were given out, in order. */
class WatchedFleets extends Fleets {
  readonly given: FleetPlanner[] = []

  override look(...asked: Parameters<Fleets['look']>): FleetPlanner {
    const planner = super.look(...asked)
    this.given.push(planner)
    return planner
  }
}

async function fleetOf(...documents: readonly FleetDocument[]): Promise<WatchedFleets> {
  const fleets = new WatchedFleets(await openStore(memoryTable()))
  await applyChange(fleets, tenant, { documents, isWhole: true }, 'ada', 0)
  return fleets
}

const documents = [network, main, office]
const more = [...documents, siteOf('berlin')]
const asked = { documents: more, isWhole: true }

test('what somebody only looks at is not kept, and what is there stays', async () => {
  await using fleets = await fleetOf(...documents)
  const state = await fleets.read(tenant)
  const there = fleets.plan(tenant, state, state.documents)
  await planChange(fleets, tenant, asked)
  const looked = fleets.given.at(-1)!
  assert.deepEqual(
    looked.sites.map(({ name }) => name),
    ['berlin'],
  )
  assert.notEqual(fleets.look(tenant, state, more), looked)
  assert.equal(fleets.look(tenant, state, state.documents), there)
})

test('what was applied is published from the same plan', async () => {
  await using fleets = await fleetOf(...documents)
  await applyChange(fleets, tenant, asked, 'ada', 1)
  const applied = fleets.given.at(-1)!
  const state = await fleets.read(tenant)
  assert.equal(fleets.plan(tenant, state, state.documents), applied)
})

test('however much is refused, what is there is not planned again', async () => {
  await using fleets = await fleetOf(...more)
  const state = await fleets.read(tenant)
  const there = fleets.plan(tenant, state, state.documents)
  for (const segment of ['a', 'b', 'c']) {
    const lan = { name: 'lan0', nic: 'netdev:eth1', segment }
    const refused = { documents: [siteOf('berlin', { lans: [lan] })], isWhole: false }
    await assert.rejects(applyChange(fleets, tenant, refused, 'ada', 1), {
      code: 'FLEET_REFERENCE',
    })
  }
  assert.equal(fleets.look(tenant, state, state.documents), there)
})
