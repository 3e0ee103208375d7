/** A device configuration that uses every word of this release, for tests that change one thing in it. */
import { encodeWireKey } from '../../../firmware/model/wire-key.ts'

/** Some public key: 32 bytes that differ by `seed`. */
export function sampleWireKey(seed: number): string {
  return encodeWireKey(new Uint8Array(32).fill(seed, 0, 31))
}

// biome-ignore lint/suspicious/noExplicitAny: tests reach into it to break it
export function sampleConfig(): any {
  return {
    version: 1,
    revision: 42,
    site: 'berlin',
    tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11',
    overlay: { port: 51820, rekeySeconds: 60 },
    uplinks: [
      {
        name: 'wan0',
        nic: 'netdev:enp1s0',
        address: ['192.0.2.2/24'],
        gateway: '192.0.2.1',
        mtu: 1500,
        up: '40M',
        down: '250M',
        kind: 'internet',
      },
      { name: 'lte0', nic: 'netdev:wwan0', address: ['203.0.113.9/30'], gateway: '203.0.113.10' },
    ],
    segments: [
      { name: 'office', vni: 100, breakout: true },
      { name: 'cameras', vni: 200 },
    ],
    lans: [
      {
        name: 'lan0',
        nic: 'netdev:enp2s0',
        segment: 'office',
        address: ['10.1.0.1/24'],
        mtu: 1500,
      },
      { name: 'cams', nic: 'netdev:enp3s0', segment: 'cameras', address: ['10.1.20.1/24'] },
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
        endpoints: [],
        segments: { office: ['10.0.7.0/24'] },
      },
    ],
  }
}

/** Facts that fit it: every NIC is there. */
export const sampleNics = ['enp1s0', 'wwan0', 'enp2s0', 'enp3s0'].map((name, index) => ({
  name,
  mac: `02:00:00:00:00:0${index + 1}`,
  mtuBytes: 1500,
  tsoMaxBytes: 65_536,
}))

/** The same with every word that a configuration can have, and both families. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into it to break it
export function wholeConfig(): any {
  const config = sampleConfig()
  config.uplinks[0].address.push('2001:db8:0:1::2/64')
  config.uplinks[0].gateway6 = 'fe80::1'
  config.uplinks.push({
    name: 'wan2',
    nic: 'pmd:0000:01:00.0',
    vlan: 7,
    queues: 2,
    address: 'dhcp',
  })
  config.segments[0].admin = true
  config.lans[0].address.push('fd00:1::1/64')
  config.lans[0].dhcp = { from: '10.1.0.50', to: '10.1.0.250', leaseSeconds: 3600 }
  config.lans.push({
    name: 'cams2',
    nic: 'netdev:enp3s0',
    vlan: 20,
    segment: 'cameras',
    address: ['fd00:1:20::1/64'],
  })
  config.lans.push({
    name: 'cams3',
    nic: 'pmd:0000:01:00.0',
    vlan: 8,
    queues: 2,
    segment: 'cameras',
    address: ['10.1.21.1/24'],
  })
  config.peers[0].endpoints.push('[2001:db8:7::7]:51820')
  config.peers[0].segments.office.push('fd00::/48')
  config.peers[0].transit = true
  config.acl = [
    {
      name: 'nvr',
      action: 'allow',
      from: { segment: 'office', prefix: '10.1.0.0/24' },
      to: { segment: 'cameras', prefix: '10.1.20.0/24' },
      protocol: 'tcp',
      ports: [443, '8000-8010'],
    },
    {
      name: 'ping',
      action: 'allow',
      from: { segment: 'office' },
      to: { segment: 'cameras' },
      protocol: 'icmp',
    },
    {
      name: 'quiet',
      action: 'deny',
      from: { segment: 'office', prefix: 'fd00:1::/64' },
      to: { segment: 'office' },
      protocol: 47,
    },
  ]
  config.controllers = ['controller.example.net:8443']
  config.recovery = { nic: 'netdev:enp4s0', address: '192.168.127.1/24' }
  config.ssh = {
    keys: [`ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} admin@example.com`],
  }
  config.uplinks[0].risk = 'duct-1'
  config.uplinks[1].metered = true
  config.uplinks[1].backup = true
  config.uplinks[2].kind = 'private'
  config.applications = [
    {
      name: 'erp',
      to: ['10.0.9.0/24', 'fd00:0:0:9::/64'],
      protocol: 'tcp',
      ports: [443, '8443-8450'],
      dscp: ['af21', 26],
    },
    { name: 'crm', names: ['crm.example.com', '*.crm.example.com'] },
  ]
  config.policies = [
    {
      name: 'calls',
      for: { applications: ['voice', 'teams'], segments: ['office'], dscp: ['ef', 34] },
      loss: 0.5,
      latencyMs: 150,
      jitterMs: 30,
      prefer: ['wan0'],
      kinds: ['internet', 'private'],
      metered: 'never',
      otherwise: 'drop',
      use: 'one',
      breakout: 'deny',
    },
    { name: 'business', for: { applications: ['erp', 'crm'] }, use: 'all' },
    { name: 'default', metered: 'ok' },
  ]
  config.profiles = [{ name: 'calls-first', voice: 70, business: 60, normal: 30, bulk: 10 }]
  config.uplinks[0].profile = 'calls-first'
  config.uplinks[0].internet = 90
  config.uplinks[0].marks = 'copy'
  config.segments[1].limit = { up: '4M', down: '20M' }
  config.peers[1].limit = '30M'
  config.policies[0].class = 'voice'
  config.overlay.ports = [443, 4500]
  config.overlay.stun = ['203.0.113.5:3478', '[2001:db8:5::5]:3478']
  config.overlay.relay = { rate: '100M' }
  config.overlay.transit = true
  config.dns = { servers: ['10.0.0.53', '2001:db8::53'], domain: 'berlin.example.com' }
  config.api = { lan: 'status' }
  return config
}
