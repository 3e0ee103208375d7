/** compile and diff together: what they want comes about on a machine in memory, and then nothing is left to do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeNet } from '../../../firmware/host/net/fake.ts'
import { spell } from '../../../firmware/host/net/steps.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { HostReading, HostState } from '../../../firmware/model/host-state.ts'
import { compile, nameSegmentTwins } from '../../../firmware/plan/compile.ts'
import { diff, isRemoval } from '../../../firmware/plan/diff.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'

const facts = {
  mac1Keys: [new Uint8Array(32)],
  nicNetns: 'causeway-test',
  nics: sampleNics,
  leases: [],
  withheld: [],
}
const sample = (): DeviceConfig => sampleConfig() as DeviceConfig

test('the program names ports, segments, peers and routes as configured', () => {
  const { program } = compile(sample(), facts)
  assert.deepEqual(
    program.ports.map(({ twin, nic, role, uplink, segment, overlayPort, table }) => [
      ...[twin, nic, role, uplink, segment, overlayPort, table],
    ]),
    [
      ['wan0', 'enp1s0', 'uplink', 0, '', 51820, 1000],
      ['lte0', 'wwan0', 'uplink', 1, '', 51820, 1001],
      ['lan0', 'enp2s0', 'lan', 0, 'office', 0, 254],
      ['cams', 'enp3s0', 'lan', 0, 'cameras', 0, 254],
    ],
  )
  assert.deepEqual(program.segments[0], {
    name: 'office',
    vni: 100,
    twin: 'seg-office',
    upBps: 0,
    downBps: 0,
  })
  assert.deepEqual(program.routes, [
    { segment: 'office', prefix: '10.0.7.0/24', peer: 'lisbon', rank: 0 },
    { segment: 'office', prefix: '10.0.0.0/16', peer: 'hub-1', rank: 0 },
    { segment: 'cameras', prefix: '10.9.0.0/16', peer: 'hub-1', rank: 0 },
  ])
  assert.equal(program.isTransit, false)
  assert.deepEqual(
    program.peers.map(({ name, isHub }) => [name, isHub]),
    [
      ['hub-1', true],
      ['lisbon', false],
    ],
  )
})

test('every overlay prefix and every LAN has an unreachable behind it', () => {
  const { routes } = compile(sample(), facts).host
  const nets = routes.filter(({ kind }) => kind === 'unreachable').map(({ prefix }) => prefix)
  assert.deepEqual(nets.toSorted(), [
    ...['10.0.0.0/16', '10.0.7.0/24', '10.1.0.0/24', '10.1.20.0/24', '10.9.0.0/16'],
  ])
  for (const prefix of nets) {
    const better = routes.filter((route) => route.prefix === prefix && route.kind === 'unicast')
    for (const { metric } of better) assert.ok(metric < 20_000)
  }
})

test('segment twins leave room for the overlay on the narrowest uplink', () => {
  const mtuOf = (state: HostState): number | undefined =>
    state.twins.find(({ name }) => name === 'seg-office')?.mtuBytes
  assert.equal(mtuOf(compile(sample(), facts).host), 1432)
  const narrow = sampleNics.map((nic) => (nic.name === 'wwan0' ? { ...nic, mtuBytes: 1400 } : nic))
  assert.equal(mtuOf(compile(sample(), { ...facts, nics: narrow }).host), 1332)
  const jumbo = sampleNics.map((nic) => ({ ...nic, mtuBytes: 9000 }))
  assert.equal(mtuOf(compile(sample(), { ...facts, nics: jumbo }).host), 1432)
})

test('names of segment twins fit the kernel, differ, and stay when a segment is added', () => {
  const names = ['guests-floor-1', 'guests-floor-2', 'guests-floor-12', 'a']
  const twins = [...nameSegmentTwins(names).values()]
  assert.deepEqual(twins, ['seg-guests-floo', 'seg-guests-fl-2', 'seg-guests-fl-3', 'seg-a'])
  assert.deepEqual([...nameSegmentTwins([...names, 'b']).values()].slice(0, 4), twins)
})

test('a twin whose name another NIC had is made anew before the firewall trusts the name', async () => {
  const net = fakeNet(sampleNics)
  const { host } = compile(sample(), facts)
  await net.apply(diff(host, await net.read(host)))
  const [wan, lte] = sample().uplinks
  const [lan, cams] = sample().lans
  const swapped = {
    ...sample(),
    uplinks: [{ ...wan!, name: 'lan0' }, lte!],
    lans: [{ ...lan!, name: 'wan0' }, cams!],
  }
  const after = compile(swapped, facts).host
  const steps = diff(after, await net.read(after))
  const firewall = steps.findIndex(({ kind }) => kind === 'load-firewall')
  const anew = steps.flatMap((step, at) =>
    step.kind === 'replace-twin' && at < firewall ? step.twin.name : [],
  )
  assert.deepEqual(anew.toSorted(), ['lan0', 'wan0'])
  await net.apply(steps)
  assert.deepEqual(diff(after, await net.read(after)), [])
})

test('a twin that was left half made is finished, not refused', async () => {
  const net = fakeNet(sampleNics)
  const { host } = compile(sample(), facts)
  await net.apply(diff(host, await net.read(host)))
  const have = await net.read(host)
  const half = { isOurs: false, mac: '02:00:00:00:00:77' }
  const links = have.links.map((link) => (link.name === 'wan0' ? { ...link, ...half } : link))
  const kinds = diff(host, { ...have, links }).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['set-twin'])
})

test('a twin whose MTU alone is another keeps its neighbours: its MAC is not set again', async () => {
  const net = fakeNet(sampleNics)
  const { host } = compile(sample(), facts)
  await net.apply(diff(host, await net.read(host)))
  const have = await net.read(host)
  const macsAfter = (change: object): (string | null)[] => {
    const links = have.links.map((link) => (link.name === 'wan0' ? { ...link, ...change } : link))
    const steps = diff(host, { ...have, links })
    return steps.map((step) => (step.kind === 'set-twin' ? step.twin.mac : step.kind))
  }
  assert.deepEqual(macsAfter({ mtuBytes: 1400 }), [null])
  const mac = host.twins.find(({ name }) => name === 'wan0')?.mac
  assert.deepEqual(macsAfter({ isOurs: false, mac: '02:00:00:00:00:77' }), [mac])
})

test('a NIC gets no larger buffers than its driver takes', async () => {
  const nics = sampleNics.map((nic) => ({
    ...nic,
    tsoMaxBytes: { enp1s0: 64_000, wwan0: 32_000, enp2s0: null }[nic.name] ?? null,
  }))
  const { host } = compile(sample(), { ...facts, nics })
  assert.deepEqual(
    host.nics.map(({ gsoMaxBytes }) => gsoMaxBytes),
    [64_000, 32_000, 65_280, 65_280],
  )
  const net = fakeNet(nics)
  await net.apply(diff(host, await net.read(host)))
  assert.deepEqual(diff(host, await net.read(host)), [])
})

test('features: only what differs and can be changed is asked for', async () => {
  const net = fakeNet(sampleNics)
  const { host } = compile(sample(), facts)
  await net.apply(diff(host, await net.read(host)))
  const have = await net.read(host)
  const stepsWith = (features: HostReading['nics'][number]['features']): unknown =>
    diff(host, {
      ...have,
      nics: have.nics.map((nic) => (nic.name === 'enp1s0' ? { ...nic, features } : nic)),
    })
  const on = { isOn: true, isFixed: false }
  const forwarding = { 'rx-gro': on, 'rx-udp-gro-forwarding': on }
  const step = { kind: 'set-features', netns: 'causeway-test', nic: 'enp1s0', on: [], off: [] }
  assert.deepEqual(stepsWith({ ...forwarding, 'rx-lro': on }), [{ ...step, off: ['rx-lro'] }])
  assert.deepEqual(stepsWith({ ...forwarding, 'rx-lro': { isOn: true, isFixed: true } }), [])
  assert.deepEqual(stepsWith({ ...forwarding, 'rx-gro': { isOn: false, isFixed: true } }), [])
  const off = { ...forwarding, 'rx-gro': { isOn: false, isFixed: false } }
  assert.deepEqual(stepsWith(off), [{ ...step, on: ['rx-gro'] }])
})

test('routes and rules go before the addresses that would take them along', async () => {
  const net = fakeNet(sampleNics)
  const { host } = compile(sample(), facts)
  await net.apply(diff(host, await net.read(host)))
  const [wan, lte] = sample().uplinks
  const { gateway: _, ...rest } = wan!
  const moved = [
    { ...rest, address: ['198.18.0.2/24'] },
    { ...lte!, address: ['198.19.0.2/30'], gateway: '198.19.0.1' },
  ]
  const after = compile({ ...sample(), uplinks: moved }, facts).host
  const kinds = diff(after, await net.read(after)).map(({ kind }) => kind)
  const address = kinds.indexOf('remove-address')
  const route = kinds.lastIndexOf('remove-route')
  const rule = kinds.lastIndexOf('remove-rule')
  assert.ok(route >= 0 && rule >= 0 && Math.max(route, rule) < address, kinds.join(' '))
})

test('the firewall stands before anything forwards, and the traps below the overlay before its routes', async () => {
  const net = fakeNet(sampleNics)
  const { host } = compile(sample(), facts)
  const steps = diff(host, await net.read(host))
  const at = (matches: (step: (typeof steps)[number]) => boolean): number =>
    steps.findIndex(matches)
  const forwards = at(
    (step) => step.kind === 'set-sysctl' && step.sysctl.key.endsWith('ip_forward'),
  )
  const up = at((step) => step.kind === 'set-twin')
  assert.ok(at(({ kind }) => kind === 'load-firewall') < Math.min(forwards, up))
  const trap = steps.findLastIndex((s) => s.kind === 'set-route' && s.route.kind === 'unreachable')
  assert.ok(trap < at((s) => s.kind === 'set-route' && s.route.kind === 'unicast'))
  const quiet = steps.findLastIndex((s) => s.kind === 'set-sysctl' && s.netns !== '')
  assert.ok(quiet < at(({ kind }) => kind === 'move-nic'), 'the NIC comes into a quiet namespace')
})

test('from any configuration to any other: the steps lead there, and then there are none', async () => {
  const part = <Item>(list: Item[]): fc.Arbitrary<Item[]> => fc.subarray(list)
  const config = fc
    .record({
      uplinks: fc.subarray(sample().uplinks, { minLength: 1 }),
      lans: part(sample().lans),
      peers: part(sample().peers),
      port: fc.constantFrom(51820, 2000),
      nics: part(sampleNics),
    })
    .map(({ uplinks, lans, peers, port, nics }) => ({
      config: { ...sample(), uplinks, lans, peers, overlay: { port } },
      nics,
    }))
  await fc.assert(
    fc.asyncProperty(fc.array(config, { minLength: 2, maxLength: 4 }), async (sequence) => {
      const net = fakeNet(sampleNics)
      for (const { config, nics } of sequence) {
        const { host } = compile(config, { ...facts, nics })
        await net.apply(diff(host, await net.read(host)))
        assert.deepEqual(diff(host, await net.read(host)), [])
        const { links, nics: moved } = await net.read(host)
        const twins = links.filter(({ isOurs }) => isOurs).map(({ name }) => name)
        assert.deepEqual(twins.toSorted(), host.twins.map(({ name }) => name).toSorted())
        assert.deepEqual(
          moved.map(({ name }) => name).toSorted(),
          host.nics.map(({ name }) => name).toSorted(),
        )
      }
    }),
    { numRuns: 200 },
  )
})

test('an address that is lent lives as long as its lease, is renewed with it, and no sooner', async () => {
  const config = sample()
  const { gateway: _, ...lte } = config.uplinks[1]!
  const dynamic = { ...config, uplinks: [config.uplinks[0]!, { ...lte, address: 'dhcp' as const }] }
  const net = fakeNet(sampleNics)
  const stepsTo = async (config: DeviceConfig, expiresInMs: number): Promise<string[]> => {
    const address = '203.0.113.9/30'
    const lease = {
      device: 'lte0',
      address,
      gateway: null,
      dnsServers: [],
      controllers: [],
      expiresInMs,
    }
    const { host } = compile(config, { ...facts, leases: [lease] })
    const steps = diff(host, await net.read(host))
    await net.apply(steps)
    assert.deepEqual(diff(host, await net.read(host)), [])
    return spell(steps, 1).flatMap((action) =>
      action.kind === 'ip' ? action.lines.filter((line) => line.includes(address)) : [],
    )
  }
  const line = (life: string): string =>
    `addr replace 203.0.113.9/30 dev lte0 valid_lft ${life} preferred_lft ${life}`
  assert.deepEqual(await stepsTo(dynamic, 120_000), [line('120')])
  // Both have run down meanwhile, if not to the second alike.
  assert.deepEqual(await stepsTo(dynamic, 118_000), [])
  assert.deepEqual(await stepsTo(dynamic, 300_000), [line('300')])
  assert.deepEqual(await stepsTo(dynamic, 60_000), [line('60')])
  // The longest lease there is must not look like none.
  assert.deepEqual(await stepsTo(dynamic, 0xffff_ffff * 1000), [line('4294967294')])
  const fixed = { ...lte, address: ['203.0.113.9/30'] }
  assert.deepEqual(await stepsTo({ ...config, uplinks: [config.uplinks[0]!, fixed] }, 120_000), [
    line('forever'),
  ])
})

test('what the datapath holds goes last', async () => {
  const net = fakeNet(sampleNics)
  const full = compile(sample(), facts).host
  await net.apply(diff(full, await net.read(full)))
  const less = compile({ ...sample(), lans: [], peers: [] }, facts).host
  const steps = diff(less, await net.read(less))
  const first = steps.findIndex(isRemoval)
  assert.ok(first > 0)
  assert.ok(steps.slice(first).every(isRemoval))
})
