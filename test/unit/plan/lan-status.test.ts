/** The networks of a site and the NICs of a box, as people ask for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { HostLease } from '../../../firmware/model/host-lease.ts'
import { composeLans, composeNics, type LanFacts } from '../../../firmware/plan/lan-status.ts'
import { sampleConfig, wholeConfig } from '../model/sample-config.ts'

const lease = (address: string, hostName: string | null = null): HostLease => ({
  address,
  mac: '02:00:00:00:00:01',
  hostName,
  expiresInMs: 60_000,
})

const facts = (config: DeviceConfig, hosts: readonly HostLease[] = []): LanFacts => ({
  config,
  counters: null,
  rates: { ports: new Map() },
  hosts,
  leases: [],
})

test('a host is in the LAN of its address, under the name that others have for it', () => {
  const config = wholeConfig() as DeviceConfig
  const hosts = [lease('10.1.0.90', 'tv.local'), lease('10.1.0.51'), lease('10.9.9.9', 'stray')]
  const { lans } = composeLans(facts(config, hosts))
  assert.deepEqual(
    lans[0]!.leases.map(({ address, dnsName }) => [address, dnsName]),
    [
      ['10.1.0.51', null],
      ['10.1.0.90', 'tv.berlin.example.com'],
    ],
  )
  assert.deepEqual(lans[0]!.range, { from: '10.1.0.50', to: '10.1.0.250', size: 201 })
  assert.deepEqual([lans[1]!.range, lans[1]!.leases], [null, []])
})

test('where several segments are served nobody has a name, as dnsmasq is told', () => {
  const config = wholeConfig()
  config.lans[1].dhcp = { from: '10.1.20.50', to: '10.1.20.60' }
  const { lans } = composeLans(facts(config, [lease('10.1.0.90', 'tv')]))
  assert.deepEqual(
    lans[0]!.leases.map(({ hostName, dnsName }) => [hostName, dnsName]),
    [['tv', null]],
  )
})

test('DNS servers: one says them, or those who lend addresses do, of whom none is inside', () => {
  const own = composeLans(facts(wholeConfig())).dns
  assert.deepEqual([own.servers, own.isLent], [['10.0.0.53', '2001:db8::53'], false])
  const lent = {
    ...{ device: 'wan0', address: '192.0.2.9/24', gateway: null, controllers: [] },
    ...{ dnsServers: ['192.0.2.53', '10.0.0.1', '10.1.0.7'], expiresInMs: 1 },
  }
  const { dns } = composeLans({ ...facts(sampleConfig()), leases: [lent] })
  assert.deepEqual(dns, { domain: null, servers: ['192.0.2.53'], isLent: true })
})

test('a NIC has the ports that the configuration gives it; a twin is none, but tells of one of DPDK; what is missing is told', () => {
  const [mac, macOfDpdk] = ['02:00:00:00:00:01', '02:00:00:00:00:03']
  const told = { mtuBytes: 1500, hasCarrier: null, speedBps: null, place: null }
  const links = [
    ...['enp1s0', 'enp3s0', 'enp9s0'].map((name) => ({ ...told, name, mac, isTap: false })),
    ...['wan0', 'lte0'].map((name) => ({ ...told, name, mac, isTap: true })),
    { ...told, name: 'wan2', mac: macOfDpdk, mtuBytes: 1492, isTap: true },
    { ...told, name: 'cams3', mac: macOfDpdk, mtuBytes: 9000, isTap: true },
  ]
  type Ports = NonNullable<LanFacts['counters']>['ports']
  const opened = ['cams', 'wan2', 'cams3'].map((twin) => ({ twin, isUp: true }))
  const counters = { ports: opened as unknown as Ports }
  const nics = composeNics(links, wholeConfig(), counters)
  assert.deepEqual(
    nics.map(({ nic, isPresent, ports, hasCarrier, mac, mtuBytes }) => [
      nic,
      isPresent,
      ports.map(({ name, vlan }) => `${name} ${vlan}`).join(),
      hasCarrier,
      mac,
      mtuBytes,
    ]),
    [
      ['netdev:enp1s0', true, 'wan0 null', null, mac, 1500],
      ['netdev:enp3s0', true, 'cams null,cams2 20', true, mac, 1500],
      ['netdev:enp9s0', true, '', null, mac, 1500],
      ['netdev:wwan0', false, 'lte0 null', null, null, null],
      ['pmd:0000:01:00.0', true, 'wan2 7,cams3 8', true, macOfDpdk, 9000],
      ['netdev:enp2s0', false, 'lan0 null', null, null, null],
    ],
  )
  // Until the datapath has opened it, its twin has a MAC that the kernel made up.
  const unopened = composeNics(links, wholeConfig(), { ports: [] })
  const { mac: made, mtuBytes } = unopened.find(({ nic }) => nic === 'pmd:0000:01:00.0')!
  assert.deepEqual([made, mtuBytes], [null, null])
})

test('without a configuration there is nothing to tell but what is plugged in', () => {
  assert.deepEqual(composeLans({ ...facts(sampleConfig()), config: null }).lans, [])
  assert.deepEqual(composeNics([], null, null), [])
})
