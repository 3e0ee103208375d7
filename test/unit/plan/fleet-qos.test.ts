/** Who goes first where a link is full, as documents say it: what of it each box is told, and what is refused and where. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Uplink } from '../../../firmware/model/device-config-uplink.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { planFleet } from '../../../firmware/plan/fleet.ts'
import { fleetWarnings } from '../../../firmware/plan/fleet-warning.ts'
import { boxOf, hubOf, main, network, office, siteOf } from './fleet-sample.ts'

const wan: Uplink = { name: 'wan0', nic: 'netdev:eth0', address: 'dhcp', up: '10M', down: '50M' }
const shapes = { voice: 60, business: 50, normal: 20, bulk: 5 }
const profileOf = (name: string): FleetDocument => ({ kind: 'profile', name, ...shapes })

function plan(...documents: readonly FleetDocument[]) {
  const all = [network, main, office, ...documents]
  const boxes = all.flatMap((one) => (one.kind === 'site' ? [boxOf(one.name)] : []))
  const { problems, sites } = planFleet(all, boxes, new Map())
  return {
    problems: problems.map(({ code, document, path, message }) => [code, document, path, message]),
    configOf: (name: string) => sites.find(({ site }) => site === name)!.config!,
  }
}

test('a box gets the profiles that its uplinks name, and no other', () => {
  const { problems, configOf } = plan(
    profileOf('calls'),
    profileOf('spare'),
    siteOf('a', { uplinks: [{ ...wan, profile: 'calls' }] }),
    siteOf('b', { uplinks: [{ ...wan, profile: 'voice-first' }] }),
    siteOf('c', { uplinks: [wan] }),
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(configOf('a').profiles, [{ name: 'calls', ...shapes }])
  assert.equal(configOf('b').profiles, undefined)
  assert.equal(configOf('c').profiles, undefined)
})

test('one in the place of the default is that of uplinks that name none', () => {
  const { problems, configOf } = plan(
    profileOf('balanced'),
    siteOf('a', { uplinks: [wan] }),
    siteOf('b', { uplinks: [{ ...wan, profile: 'bulk-last' }] }),
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(configOf('a').profiles, [{ name: 'balanced', ...shapes }])
  assert.equal(configOf('b').profiles, undefined)
})

test('the limit of a site is that of a peer at all others, at a hub and at spokes', () => {
  const limits = (result: ReturnType<typeof plan>, site: string) =>
    Object.fromEntries(result.configOf(site).peers.map(({ name, limit }) => [name, limit]))
  const sites = [
    hubOf('hub', '198.51.100.7:51820', { limit: '90M' }),
    siteOf('a', { limit: '2M' }),
    siteOf('b'),
  ]
  const mesh = plan(...sites)
  assert.deepEqual(mesh.problems, [])
  assert.deepEqual(limits(mesh, 'b'), { hub: '90M', a: '2M' })
  assert.deepEqual(limits(mesh, 'a'), { hub: '90M', b: undefined })
  const all = [{ ...network, topology: { kind: 'hubs' } } as FleetDocument, main, office, ...sites]
  const { sites: planned } = planFleet(all, ['hub', 'a', 'b'].map(boxOf), new Map())
  const peersOf = (name: string) => planned.find(({ site }) => site === name)!.config!.peers
  assert.deepEqual(
    peersOf('hub').map(({ name, limit }) => [name, limit]),
    [
      ['a', '2M'],
      ['b', undefined],
    ],
  )
  assert.equal(peersOf('b').find(({ name }) => name === 'hub')!.limit, '90M')
})

test('limits of segments, marks, what comes from the Internet and classes of policies are told as written', () => {
  const uplinks: Uplink[] = [{ ...wan, marks: 'none', internet: 80 }]
  const { problems, configOf } = plan(
    { kind: 'segment', name: 'guests', pools: ['main'], limit: { up: '1M', down: '5M' } },
    { kind: 'policy', name: 'calls', order: 1, for: { applications: ['voice'] }, class: 'voice' },
    siteOf('a', {
      uplinks,
      lans: [{ name: 'lan0', nic: 'netdev:eth1', segment: 'guests' }],
    }),
  )
  assert.deepEqual(problems, [])
  const { uplinks: told, segments, policies } = configOf('a')
  assert.deepEqual(told, uplinks)
  assert.deepEqual(segments[0]!.limit, { up: '1M', down: '5M' })
  assert.equal(policies![0]!.class, 'voice')
})

test('a profile that there is not is told of the site that names it, and is no reason for others', () => {
  const { problems, configOf } = plan(
    profileOf('calls'),
    siteOf('a', { uplinks: [{ ...wan, profile: 'cals' }] }),
    siteOf('b', { uplinks: [{ ...wan, profile: 'calls' }] }),
  )
  assert.deepEqual(problems, [
    [
      'FLEET_REFERENCE',
      'site/a',
      '/uplinks/0/profile',
      "there is no profile 'cals', did you mean calls?",
    ],
  ])
  assert.equal(configOf('a'), null)
  assert.equal(configOf('b').profiles!.length, 1)
})

test('what a box would refuse is told of its document', () => {
  const { down, ...rateless } = wan
  const { problems } = plan(siteOf('a', { uplinks: [{ ...rateless, internet: 50 }] }))
  assert.deepEqual(
    problems.map(([code, document, path]) => [code, document, path]),
    [['CONFIG_UPLINK_RATE', 'site/a', '/uplinks/0/internet']],
  )
})

test('profiles that do nothing are warned of', () => {
  const { up, ...slow } = wan
  const warned = (...documents: readonly FleetDocument[]) =>
    fleetWarnings([main, office, ...documents]).map(({ document, path }) => `${document} ${path}`)
  const site = siteOf('a', { uplinks: [{ ...wan, profile: 'calls' }] })
  assert.deepEqual(warned(profileOf('calls'), site), [])
  assert.deepEqual(warned(profileOf('calls'), profileOf('spare'), site), ['profile/spare /name'])
  assert.deepEqual(warned(profileOf('balanced'), siteOf('a', { uplinks: [wan] })), [])
  const rateless = siteOf('a', { uplinks: [{ ...slow, profile: 'voice-first' }] })
  assert.deepEqual(warned(rateless), ['site/a /uplinks/0/profile'])
  /* It shares out what a site with a limit is sent; its own limit is for others. */
  assert.deepEqual(warned(rateless, siteOf('b', { limit: '5M' })), [])
  assert.deepEqual(warned({ ...rateless, limit: '5M' } as FleetDocument, siteOf('b')), [
    'site/a /uplinks/0/profile',
  ])
})
