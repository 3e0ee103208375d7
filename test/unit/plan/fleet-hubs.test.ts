/** Hub and spoke with several hubs: who has whom as a peer, who carries for whom, and that a hub of a thousand has room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { planFleet, planFleetLater } from '../../../firmware/plan/fleet.ts'
import { compileOverlayRoutes } from '../../../firmware/plan/overlay-route.ts'
import { networkOf, overlapsAny } from '../../../firmware/plan/prefix.ts'
import { encodeProgram } from '../../../firmware/wire/datapath-program.ts'
import { boxOf, hubOf, main, network, office, siteOf } from './fleet-sample.ts'

const facts = { mac1Keys: [new Uint8Array(32)], nicNetns: 'causeway-test', withheld: [] }

function boxesOf(documents: readonly FleetDocument[]) {
  return documents.flatMap((one) => (one.kind === 'site' ? [boxOf(one.name)] : []))
}

function plan(documents: readonly FleetDocument[]) {
  return planFleet(documents, boxesOf(documents), new Map())
}

function configOf(result: ReturnType<typeof plan>, site: string): DeviceConfig {
  const found = result.sites.find((one) => one.site === site)?.config
  assert.ok(found, `${site}: ${JSON.stringify(result.problems)}`)
  return found
}

test('with hubs, a spoke has the hubs alone as peers, in their order, and all others behind each', () => {
  const result = plan([
    { ...network, topology: { kind: 'hubs', hubs: ['hub-2', 'hub-1'] } } as FleetDocument,
    main,
    office,
    hubOf('hub-1', '198.51.100.7:51820'),
    hubOf('hub-2', '198.51.100.8:51820'),
    ...['a', 'b', 'c'].map((name) => siteOf(name)),
  ])
  assert.deepEqual(result.problems, [])
  const lanOf = (site: string): string => networkOf(configOf(result, site).lans[0]!.address[0]!)
  const spoke = configOf(result, 'a')
  assert.deepEqual(
    spoke.peers.map(({ name, transit }) => [name, transit]),
    [
      ['hub-2', true],
      ['hub-1', true],
    ],
  )
  assert.equal(spoke.overlay.transit, undefined)
  for (const { name, segments } of spoke.peers) {
    const behind = segments.office!
    assert.ok(behind.length <= 24, `${behind.length} prefixes`)
    assert.ok(behind.includes(lanOf(name)), `${name} has its own`)
    for (const site of ['b', 'c']) assert.ok(overlapsAny(lanOf(site), behind), site)
    assert.ok(!overlapsAny(lanOf('a'), behind))
  }
})

test('a hub forwards, has the spokes as peers, and the other hubs as those that carry for them', () => {
  const result = plan([
    { ...network, topology: { kind: 'hubs' } } as FleetDocument,
    main,
    office,
    ...[1, 2, 3].map((at) => hubOf(`hub-${at}`, `198.51.100.${at}:51820`)),
    ...['a', 'b'].map((name) => siteOf(name)),
  ])
  assert.deepEqual(result.problems, [])
  const hub = configOf(result, 'hub-2')
  assert.equal(hub.overlay.transit, true)
  assert.deepEqual(
    hub.peers.map(({ name, transit }) => [name, transit]),
    [
      ['hub-1', true],
      ['hub-3', true],
      ['a', undefined],
      ['b', undefined],
    ],
  )
  const lanOf = (site: string): string => networkOf(configOf(result, site).lans[0]!.address[0]!)
  const carriers = (config: DeviceConfig, prefix: string): string[] =>
    compileOverlayRoutes(config.peers)
      .filter((route) => route.prefix === prefix)
      .map(({ peer }) => peer)
  assert.deepEqual(carriers(hub, lanOf('a')), ['a', 'hub-1', 'hub-3'])
  // A hub's own LAN is that hub's first, wherever it stands in the order.
  assert.deepEqual(carriers(hub, lanOf('hub-3')).slice(0, 1), ['hub-3'])
  assert.deepEqual(carriers(configOf(result, 'a'), lanOf('hub-2')), ['hub-2', 'hub-1', 'hub-3'])
})

test('a hub of a thousand spokes gets a configuration that its datapath has room for', () => {
  const spokes = Array.from({ length: 1_000 }, (_, at) => siteOf(`s${at}`))
  const documents = [
    { ...network, topology: { kind: 'hubs' } } as FleetDocument,
    main,
    office,
    ...[1, 2, 3].map((at) => hubOf(`hub-${at}`, `198.51.100.${at}:51820`)),
    ...spokes,
  ]
  const planner = planFleetLater(documents, boxesOf(documents), new Map())
  assert.deepEqual(planner.problems, [])
  const hub = planner.sites.find(({ name }) => name === 'hub-1')!
  const { config, problems } = planner.planSite(hub)
  assert.deepEqual(problems, [])
  assert.equal(config!.peers.length, 1_002)
  const { config: parsed, errors } = parseDeviceConfig(JSON.stringify(config))
  assert.deepEqual(errors, [])
  const nics = ['eth0', 'eth1'].map((name, at) => {
    return { name, mac: `02:00:00:00:00:0${at + 1}`, mtuBytes: 1500, tsoMaxBytes: 65_536 }
  })
  const lease = {
    ...{ device: 'wan0', address: '198.51.100.1/24', gateway: '198.51.100.254' },
    ...{ dnsServers: [], controllers: [], expiresInMs: 60_000 },
  }
  const { program } = compile(parsed!, { ...facts, nics, leases: [lease] })
  const ofSpokes = program.routes.filter(({ rank, peer }) => rank === 0 && peer.startsWith('s'))
  assert.equal(ofSpokes.length, 1_000)
  assert.equal(program.routes.filter(({ peer }) => peer === 'hub-2').length > 1_000, true)
  assert.ok(program.routes.every(({ rank }) => rank < 4))
  assert.ok(encodeProgram({ ...program, generation: 1 }).length < 1_048_576)
})

test('a mesh has room for 512 sites, and hubs for a thousand others: who is one too many is told so', () => {
  const crowded = (count: number, topology: 'mesh' | 'hubs') => {
    const sites = Array.from({ length: count }, (_, at) =>
      siteOf(`s${String(at).padStart(4, '0')}`),
    )
    const hub = hubOf('a-hub', '198.51.100.1:51820')
    const documents = [
      { ...network, topology: { kind: topology } } as FleetDocument,
      ...[main, office, hub, ...sites],
    ]
    return planFleetLater(documents, boxesOf(documents), new Map()).problems.map(
      ({ code, document }) => `${code} ${document}`,
    )
  }
  assert.deepEqual(crowded(511, 'mesh'), [])
  assert.deepEqual(crowded(513, 'mesh'), ['FLEET_TOO_MANY site/s0511', 'FLEET_TOO_MANY site/s0512'])
  assert.deepEqual(crowded(1_025, 'hubs'), ['FLEET_TOO_MANY site/s1024'])
})
