/** The configuration of the fake box: a branch with two uplinks, three segments, and something of everything else. */
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { sampleWireKey } from '../../unit/model/sample-config.ts'

export const siteConfig: DeviceConfig = {
  version: 1,
  revision: 42,
  site: 'berlin',
  tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11',
  overlay: { port: 51820 },
  uplinks: [
    { name: 'wan0', nic: 'netdev:enp1s0', address: 'dhcp', up: '40M', down: '250M' },
    { name: 'lte0', nic: 'netdev:wwan0', address: 'dhcp', metered: true, backup: true },
  ],
  segments: [
    { name: 'office', vni: 100, breakout: true, admin: true },
    { name: 'cameras', vni: 200, limit: { up: '4M', down: '20M' } },
    { name: 'guests', vni: 300, breakout: true },
  ],
  lans: [
    {
      name: 'lan0',
      nic: 'netdev:enp2s0',
      segment: 'office',
      address: ['10.1.0.1/24', 'fd00:1::1/64'],
      dhcp: { from: '10.1.0.50', to: '10.1.0.99' },
    },
    { name: 'cams', nic: 'netdev:enp2s0', vlan: 20, segment: 'cameras', address: ['10.1.20.1/24'] },
  ],
  peers: [
    {
      name: 'hub-1',
      wireKey: sampleWireKey(1),
      role: 'hub',
      endpoints: ['198.51.100.7:51820'],
      segments: { office: ['10.0.0.0/16'], cameras: ['10.9.0.0/16'] },
    },
    {
      name: 'lisbon',
      wireKey: sampleWireKey(2),
      endpoints: ['203.0.113.20:51820'],
      segments: { office: ['10.2.0.0/16'] },
    },
    {
      name: 'oslo',
      wireKey: sampleWireKey(3),
      endpoints: ['203.0.113.30:51820'],
      segments: { office: ['10.3.0.0/16', '10.4.0.0/16'] },
    },
    {
      name: 'porto',
      wireKey: sampleWireKey(4),
      endpoints: [],
      segments: { office: ['10.5.0.0/16'] },
    },
  ],
  acl: [
    {
      name: 'watch-cameras',
      action: 'allow',
      from: { segment: 'office', prefix: '10.1.0.0/24' },
      to: { segment: 'cameras' },
      protocol: 'tcp',
      ports: [443, 554],
    },
    {
      name: 'no-telnet',
      action: 'deny',
      from: { segment: 'office' },
      to: { segment: 'office' },
      protocol: 'tcp',
      ports: [23],
    },
  ],
  applications: [
    { name: 'erp', to: ['10.0.9.0/24'], protocol: 'tcp', ports: [443, '8443-8450'] },
    { name: 'crm', names: ['crm.example.com', '*.crm.example.com'] },
  ],
  policies: [
    {
      name: 'calls',
      for: { applications: ['voice', 'teams', 'zoom'] },
      latencyMs: 150,
      jitterMs: 30,
      loss: 1,
      prefer: ['wan0'],
      class: 'voice',
    },
    { name: 'business', for: { applications: ['erp', 'crm'] }, use: 'all', class: 'business' },
    {
      name: 'updates',
      for: { applications: ['windows-update', 'apple-update'], segments: ['office'] },
      metered: 'never',
      class: 'bulk',
    },
  ],
  profiles: [{ name: 'calls-first', voice: 70, business: 60, normal: 30, bulk: 10 }],
  dns: { domain: 'berlin.example.com' },
  api: { lan: 'web' },
}
