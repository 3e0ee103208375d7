/** From documents to what each box is told: who knows of whom, what is given and stays, and what is refused and where. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FleetDocument, FleetSite } from '../../../firmware/model/fleet.ts'
import { planFleet } from '../../../firmware/plan/fleet.ts'
import { boxOf, hubOf, main, network, office, siteOf } from './fleet-sample.ts'

const base = [network, main, office] as const

function plan(
  documents: readonly FleetDocument[],
  allocations: ReadonlyMap<string, string> = new Map(),
) {
  return planFleet(documents, boxesOf(documents), allocations)
}

function boxesOf(documents: readonly FleetDocument[]) {
  return documents.flatMap((one) => (one.kind === 'site' ? [boxOf(one.name)] : []))
}

function configOf(result: ReturnType<typeof plan>, site: string) {
  const found = result.sites.find((one) => one.site === site)?.config
  assert.ok(found, `${site}: ${JSON.stringify(result.problems)}`)
  return found
}

test('in a mesh each site has all others as peers, with their LANs, which pools gave', () => {
  const result = plan([
    ...base,
    siteOf('berlin'),
    siteOf('lisbon'),
    hubOf('hub-1', '198.51.100.7:51820'),
  ])
  assert.deepEqual(result.problems, [])
  const berlin = configOf(result, 'berlin')
  assert.deepEqual(berlin.lans[0], {
    name: 'lan0',
    nic: 'netdev:eth1',
    segment: 'office',
    address: ['10.0.0.1/24'],
    dhcp: { from: '10.0.0.32', to: '10.0.0.254' },
  })
  assert.deepEqual(
    berlin.peers.map(({ name, segments }) => [name, segments]),
    [
      ['hub-1', { office: ['10.0.1.0/24'] }],
      ['lisbon', { office: ['10.0.2.0/24'] }],
    ],
  )
  assert.equal(berlin.segments[0]!.vni, 4_096)
})

test('what was given stays when sites come and go, and is not given twice', () => {
  const first = plan([...base, siteOf('berlin'), siteOf('lisbon')])
  const kept = new Map(first.allocations.map(({ name, value }) => [name, value]))
  const second = plan([...base, siteOf('athens'), siteOf('lisbon')], kept)
  assert.deepEqual(configOf(second, 'lisbon').lans[0]!.address, ['10.0.1.1/24'])
  assert.deepEqual(second.allocations, [{ name: 'lan/athens/lan0/main', value: '10.0.2.0/24' }])
})

test('a site without a box is not yet a peer of anybody', () => {
  const documents = [...base, siteOf('berlin'), siteOf('lisbon')]
  const result = planFleet(documents, [boxOf('berlin')], new Map())
  assert.deepEqual(configOf(result, 'berlin').peers, [])
})

test('a site knows nothing of segments that it has not, nor of sites with which it shares none', () => {
  const cameras: FleetDocument = { kind: 'segment', name: 'cameras', vni: 200, pools: ['main'] }
  const lan = (segment: string, nic: string): FleetSite['lans'][number] => ({
    name: `lan-${segment}`,
    nic,
    segment,
  })
  const result = plan([
    ...base,
    cameras,
    siteOf('berlin'),
    siteOf('lisbon', { lans: [lan('office', 'netdev:eth1'), lan('cameras', 'netdev:eth2')] }),
    siteOf('store', { lans: [lan('cameras', 'netdev:eth1')] }),
  ])
  assert.deepEqual(result.problems, [])
  const berlin = configOf(result, 'berlin')
  assert.deepEqual(
    berlin.segments.map(({ name }) => name),
    ['office'],
  )
  assert.deepEqual(
    berlin.peers.map(({ name, segments }) => [name, Object.keys(segments)]),
    [['lisbon', ['office']]],
  )
  assert.ok(!JSON.stringify(berlin).includes(boxOf('store').wireKey))
})

test('two sites with one network are told, with a network that nobody has', () => {
  const lans: FleetSite['lans'] = [
    { name: 'lan0', nic: 'netdev:eth1', segment: 'office', address: ['192.168.1.1/24'] },
  ]
  const { problems } = plan([...base, siteOf('berlin', { lans }), siteOf('lisbon', { lans })])
  const [problem] = problems
  assert.equal(problem?.code, 'FLEET_OVERLAP')
  assert.equal(problem?.document, 'site/lisbon')
  assert.equal(problem?.path, '/lans/0/address')
  assert.match(
    problem!.message,
    /^192\.168\.1\.0\/24 of lisbon's lan0 overlaps berlin's lan0 \(192.168.1.0\/24, site\/berlin\): .*; 10\.0\.0\.0\/24 is free$/,
  )
})

test('policies and rules go where their labels say, and name nothing that is not there', () => {
  const policy = (name: string, more: object): FleetDocument =>
    ({ kind: 'policy', name, order: 10, for: { applications: ['sip'] }, ...more }) as FleetDocument
  const voice: FleetDocument = {
    kind: 'application',
    name: 'sip',
    order: 1,
    protocol: 'udp',
    ports: [5060],
  }
  const result = plan([
    ...base,
    { kind: 'segment', name: 'cameras', vni: 200 },
    voice,
    policy('everywhere', { latencyMs: 100, prefer: ['wan0', 'wan9'] }),
    policy('labs-only', {
      order: 5,
      for: { segments: ['office'], dscp: ['ef'] },
      sites: { kind: 'lab' },
    }),
    policy('other-segment', { for: { segments: ['office', 'cameras'] }, order: 20 }),
    siteOf('berlin'),
    siteOf('lisbon', { labels: { kind: 'lab' } }),
  ])
  assert.deepEqual(result.problems, [])
  const names = (site: string) => configOf(result, site).policies?.map(({ name }) => name)
  assert.deepEqual(names('berlin'), ['everywhere', 'other-segment'])
  assert.deepEqual(names('lisbon'), ['labs-only', 'everywhere', 'other-segment'])
  assert.deepEqual(configOf(result, 'berlin').policies![0]!.prefer, ['wan0'])
  assert.deepEqual(configOf(result, 'berlin').policies![1]!.for, { segments: ['office'] })
})

function ruleOf(from: string, to: string): FleetDocument {
  const sides = { from: { segment: from }, to: { segment: to } }
  return { kind: 'rule', name: 'r', action: 'deny', order: 1, ...sides }
}

const refused: readonly [
  what: string,
  documents: readonly FleetDocument[],
  code: string,
  document: string,
  path: string,
][] = [
  ['no network', [office], 'FLEET_NO_NETWORK', 'network', ''],
  ['an unknown segment', [network, siteOf('a')], 'FLEET_REFERENCE', 'site/a', '/lans/0/segment'],
  [
    'an unknown pool',
    [network, office, siteOf('a')],
    'FLEET_REFERENCE',
    'segment/office',
    '/pools/0',
  ],
  ['a name twice', [...base, siteOf('a'), siteOf('a')], 'FLEET_DUPLICATE', 'site/a', '/name'],
  [
    'a pool twice',
    [network, main, { ...office, pools: ['main', 'main'] } as FleetDocument, siteOf('a')],
    'FLEET_DUPLICATE',
    'segment/office',
    '/pools/1',
  ],
  [
    'a box twice',
    [...base, siteOf('a'), siteOf('b', { edge: boxOf('a').deviceId })],
    'FLEET_DUPLICATE',
    'site/b',
    '/edge',
  ],
  [
    'a hub that is none',
    [
      { ...network, topology: { kind: 'hubs', hubs: ['a'] } } as FleetDocument,
      main,
      office,
      siteOf('a'),
    ],
    'FLEET_REFERENCE',
    'network/acme',
    '/topology/hubs/0',
  ],
  [
    "a rule's segment that there is not",
    [...base, ruleOf('offce', 'office')],
    'FLEET_REFERENCE',
    'rule/r',
    '/from/segment',
  ],
  [
    'the other one of a rule',
    [...base, ruleOf('office', 'offce')],
    'FLEET_REFERENCE',
    'rule/r',
    '/to/segment',
  ],
  [
    "a policy's segment that there is not",
    [
      ...base,
      { kind: 'policy', name: 'p', order: 1, for: { segments: ['office', 'nowhere'] } } as const,
    ],
    'FLEET_REFERENCE',
    'policy/p',
    '/for/segments/1',
  ],
  [
    'two pools of the same addresses',
    [...base, { kind: 'pool', name: 'more', prefix: '10.0.0.0/8', bits: 24 } as const],
    'FLEET_OVERLAP',
    'pool/more',
    '/prefix',
  ],
  [
    'a full pool',
    [
      network,
      { ...main, prefix: '10.0.0.0/23' } as FleetDocument,
      office,
      siteOf('a'),
      siteOf('b'),
      siteOf('c'),
    ],
    'FLEET_POOL_FULL',
    'site/c',
    '/lans/0',
  ],
  [
    'a pool with bits set',
    [network, { ...main, prefix: '10.0.0.1/12' } as FleetDocument, office],
    'FLEET_POOL_INVALID',
    'pool/main',
    '/prefix',
  ],
  [
    'what a box would refuse',
    [...base, siteOf('a', { uplinks: [{ name: 'lo', nic: 'netdev:eth0', address: 'dhcp' }] })],
    'CONFIG_NAME_RESERVED',
    'site/a',
    '/uplinks/0/name',
  ],
]

for (const [what, documents, code, document, path] of refused) {
  test(`is refused, with its document and its place: ${what}`, () => {
    const { problems } = plan(documents)
    const found = problems.find((one) => one.code === code)
    assert.ok(found, JSON.stringify(problems))
    assert.deepEqual([found.document, found.path ?? ''], [document, path])
  })
}

test('what a rule, a policy, an application brings upon boxes is told once, of its document, with where', () => {
  const sites = ['a', 'b', 'c', 'd'].map((name) => siteOf(name))
  const sides = { from: { segment: 'office' }, to: { segment: 'office' } } as const
  const result = plan([
    ...base,
    { kind: 'segment', name: 'cameras', pools: ['main'] },
    ...sites,
    { kind: 'rule', name: 'web', order: 1, action: 'allow', ...sides, ports: [443] },
    {
      kind: 'policy',
      name: 'p',
      order: 2,
      for: { segments: ['cameras', 'office'], applications: ['nope'] },
    },
    { kind: 'application', name: 'one', order: 3, to: ['10.0.0.1/8'] },
  ])
  const told = result.problems.map(({ document, path, message }) => [document, path, message])
  assert.deepEqual(
    told.map(([document, path]) => `${document} ${path}`),
    ['rule/web /ports', 'application/one /to/0', 'policy/p /for/applications/0'],
  )
  for (const [, , message] of told) assert.match(message!, / \(at a, b and 2 more\)$/)
})

test('a site with a problem keeps others from nothing', () => {
  const broken = siteOf('broken', {
    uplinks: [{ name: 'lo', nic: 'netdev:eth0', address: 'dhcp' }],
  })
  const result = plan([...base, siteOf('berlin'), broken])
  assert.equal(result.sites.find(({ site }) => site === 'broken')!.config, null)
  configOf(result, 'berlin')
})
