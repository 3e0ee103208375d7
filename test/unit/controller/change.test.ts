/** What a change would do is what it does; it is done whole, by one at a time, and refused for what it brings. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { applyChange, planChange } from '../../../firmware/controller/change.ts'
import { readFleet } from '../../../firmware/controller/fleet.ts'
import { Fleets } from '../../../firmware/controller/fleets.ts'
import { newQueues } from '../../../firmware/controller/queues.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { planFleet } from '../../../firmware/plan/fleet.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'

const tenant = 't'
const base = [network, main, office, siteOf('berlin'), siteOf('lisbon')]

async function applied() {
  const store = await openStore(memoryTable())
  const changes = ['berlin', 'lisbon'].map((site) => ({
    key: `edge/${deviceIdOf(site)}`,
    value: JSON.stringify({ ...boxOf(site), tenant, site }),
  }))
  await store.commit({ conditions: [], changes })
  const fleets = new Fleets(store)
  await applyChange(fleets, tenant, { documents: base, isWhole: true }, 'ada', 0)
  return { store, fleets }
}

test('what is added, changed and taken away is told by document and by site, and then done', async () => {
  const { store, fleets } = await applied()
  const voice = {
    kind: 'policy',
    name: 'voice',
    order: 1,
    for: { applications: ['sip'] },
    latencyMs: 100,
  }
  const asked = {
    documents: [network, main, office, siteOf('berlin', { labels: { a: 'b' } }), voice],
    isWhole: true,
  }
  const plan = await planChange(fleets, tenant, asked)
  assert.deepEqual(plan.documents, [
    { document: 'site/berlin', action: 'change' },
    { document: 'site/lisbon', action: 'remove' },
    { document: 'policy/voice', action: 'add' },
  ])
  assert.deepEqual(
    plan.sites.map(({ site, differences }) => [site, differences.map(({ path }) => path)]),
    [
      ['berlin', ['/peers/lisbon', '/policies']],
      ['lisbon', ['']],
    ],
  )
  assert.equal((await readFleet(store, tenant)).documents.length, 5)
  assert.deepEqual(await applyChange(fleets, tenant, asked, 'ada', 1), plan)
  assert.deepEqual((await readFleet(store, tenant)).documents.map(({ name }) => name).sort(), [
    'acme',
    'berlin',
    'main',
    'office',
    'voice',
  ])
  const [, last] = (await readAudit(store, tenant, 0)).entries
  assert.equal(last!.detail, 'change site/berlin, remove site/lisbon, add policy/voice')
})

test('the same documents again change nothing', async () => {
  const { store, fleets } = await applied()
  const before = await store.revision()
  assert.deepEqual(
    (await applyChange(fleets, tenant, { documents: base, isWhole: true }, 'ada', 1)).documents,
    [],
  )
  assert.equal(await store.revision(), before)
})

test('documents that are malformed are refused, all of them at once, each with its place', async () => {
  const { fleets } = await applied()
  const documents = [
    { kind: 'sites', name: 'x' },
    { ...siteOf('x'), uplink: [] },
    siteOf('y'),
    siteOf('y'),
  ]
  await assert.rejects(
    planChange(fleets, tenant, { documents, isWhole: false }),
    (error: { errors: { code: string; path: string; message: string }[] }) => {
      assert.deepEqual(
        error.errors.map(({ code, path }) => [code, path]),
        [
          ['CONFIG_INVALID', '/documents/0/kind'],
          ['CONFIG_UNKNOWN_FIELD', '/documents/1/uplink'],
          ['FLEET_DUPLICATE', '/documents/3/name'],
        ],
      )
      assert.match(error.errors[0]!.message, /did you mean site\?/)
      return true
    },
  )
})

test('a change that brings a problem is refused; one that was there before is no reason to', async () => {
  const { store, fleets } = await applied()
  const broken = siteOf('athens', {
    lans: [{ name: 'lan0', nic: 'netdev:eth1', segment: 'nowhere' }],
  })
  const asked = { documents: [broken], isWhole: false }
  assert.deepEqual(
    (await planChange(fleets, tenant, asked)).problems.map(({ code, document }) => [
      code,
      document,
    ]),
    [
      ['FLEET_REFERENCE', 'site/athens'],
      ['FLEET_REFERENCE', 'site/athens'],
    ],
  )
  await assert.rejects(applyChange(fleets, tenant, asked, 'ada', 1), { code: 'FLEET_REFERENCE' })
  assert.equal((await readFleet(store, tenant)).documents.length, 5)
})

test('of two sites with one network the one that is changed is told, and the other is named', async () => {
  const { fleets } = await applied()
  const lan = { name: 'lan0', nic: 'netdev:eth1', segment: 'office', address: ['10.0.9.1/24'] }
  const change = (site: string) => ({ documents: [siteOf(site, { lans: [lan] })], isWhole: false })
  await applyChange(fleets, tenant, change('lisbon'), 'ada', 1)
  const asked = change('berlin')
  const [problem] = (await planChange(fleets, tenant, asked)).problems
  assert.deepEqual([problem?.code, problem?.document], ['FLEET_OVERLAP', 'site/berlin'])
  assert.match(
    problem!.message,
    /^10\.0\.9\.0\/24 of berlin's lan0 overlaps lisbon's lan0 \(.*, site\/lisbon\)/,
  )
})

test("no network has another one's `tenant`, until that one is gone or has another", async () => {
  const { store, fleets } = await applied()
  const asked = { documents: [network], isWhole: true }
  const [problem] = (await planChange(fleets, 'other', asked)).problems
  assert.deepEqual(
    [problem?.code, problem?.document, problem?.path],
    ['FLEET_DUPLICATE', 'network/acme', '/tenant'],
  )
  assert.ok(!problem?.message.includes(`'${tenant}'`))
  await assert.rejects(applyChange(fleets, 'other', asked, 'eve', 1), { code: 'FLEET_DUPLICATE' })
  const moved = { ...network, tenant: '00000000-0000-4000-8000-00000000000a' } as typeof network
  await applyChange(fleets, tenant, { documents: [moved], isWhole: false }, 'ada', 2)
  await applyChange(fleets, 'other', asked, 'eve', 3)
  const { entries } = await store.range({ prefix: 'network/' })
  assert.deepEqual(entries.map(({ value }) => value).toSorted(), ['other', tenant])
})

test('of two who want one `tenant` at once one has it', async () => {
  const fleets = new Fleets(await openStore(memoryTable()))
  const asked = { documents: [network], isWhole: true }
  const results = await Promise.allSettled(
    ['one', 'two'].map((name) => applyChange(fleets, name, asked, 'ada', 1)),
  )
  assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('of two who change one document at once the second is told', async () => {
  const { fleets } = await applied()
  const change = (value: string) =>
    applyChange(
      fleets,
      tenant,
      { documents: [siteOf('berlin', { labels: { a: value } })], isWhole: false },
      'ada',
      1,
    )
  const results = await Promise.allSettled([change('one'), change('two')])
  const refused = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason.code] : [],
  )
  assert.deepEqual(refused, ['STORE_CONFLICT'])
})

test('more than a tenant may have is refused before anything is planned', async () => {
  const { fleets } = await applied()
  const pools = Array.from({ length: 65 }, (_, at) => {
    return { kind: 'pool', name: `p${at}`, prefix: `10.${at}.0.0/16`, bits: 24 }
  })
  const asked = { documents: [network, ...pools], isWhole: true }
  await assert.rejects(planChange(fleets, tenant, asked), {
    code: 'FLEET_TOO_MANY',
    message: /^pool\/p\d+: there are at most 64 of this kind$/,
  })
})

test('of two who bring an overlap at once, each by a document of its own, the second is refused', async () => {
  const { store, fleets } = await applied()
  const lan = { name: 'lan0', nic: 'netdev:eth1', segment: 'office', address: ['10.0.9.1/24'] }
  const results = await Promise.allSettled(
    ['berlin', 'lisbon'].map((site) => {
      const asked = { documents: [siteOf(site, { lans: [lan] })], isWhole: false }
      return applyChange(fleets, tenant, asked, 'ada', 1)
    }),
  )
  const refused = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason.code] : [],
  )
  assert.deepEqual(refused, ['FLEET_OVERLAP'])
  const { documents, boxes, allocations } = await readFleet(store, tenant)
  assert.deepEqual(planFleet(documents, boxes, allocations).problems, [])
})

test('who looks keeps nobody from changing, nor other tenants from looking; of one tenant no more than some wait', async () => {
  const { fleets } = await applied()
  const code = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'done',
      (error) => error.code,
    )
  const asked = { documents: base, isWhole: true }
  const looks = Array.from({ length: 9 }, () => code(planChange(fleets, tenant, asked)))
  const change = { documents: [siteOf('berlin', { labels: { a: 'b' } })], isWhole: false }
  const others = [
    code(applyChange(fleets, tenant, change, 'ada', 1)),
    code(planChange(fleets, 'other', asked)),
  ]
  assert.deepEqual(await Promise.all(looks), [...Array(8).fill('done'), 'API_BUSY'])
  assert.deepEqual(await Promise.all(others), ['done', 'done'])
  const changes = Array.from({ length: 9 }, () => code(applyChange(fleets, tenant, asked, 'a', 1)))
  assert.equal((await Promise.all(changes)).filter((one) => one === 'API_BUSY').length, 1)
  await planChange(fleets, tenant, asked)
})

test('what waits in a queue comes one after the other, also behind what failed', async () => {
  const queue = newQueues(3, () => new CausewayError('API_BUSY', 'too many'))
  let running = 0
  const order: number[] = []
  const asked = [0, 1, 2].map((at) =>
    queue('t', async () => {
      assert.equal(++running, 1)
      await new Promise((turn) => setImmediate(turn))
      running--
      order.push(at)
      if (at === 1) throw new CausewayError('STORE_CONFLICT', 'not as it was')
    }),
  )
  const results = await Promise.allSettled(asked)
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(order, [0, 1, 2])
})
