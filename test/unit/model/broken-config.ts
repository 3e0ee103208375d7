/**
 * For every rule of firmware/model/config-rule.ts a change to the whole sample that breaks it, and where that is told.
 * CONFIG.md shows the first of each code as its example.
 */
import type { ConfigRule } from '../../../firmware/model/config-rule.ts'
import type { ErrorCode } from '../../../firmware/model/errors.ts'
import { encodeWireKey } from '../../../firmware/model/wire-key.ts'
import { brokenBoxes } from './broken-box.ts'
import { brokenOverlays } from './broken-overlay.ts'
import { brokenPrefixes } from './broken-prefix.ts'
import { sampleWireKey, wholeConfig } from './sample-config.ts'

/** What is set where (JSON pointer); undefined takes it away. */
export type Change = Readonly<Record<string, unknown>>

export interface Broken {
  readonly rule: ConfigRule
  readonly at: string
  readonly change: Change
}

export const ownWireKey = sampleWireKey(9)

const broken = (rule: ConfigRule, at: string, change: unknown): Broken => ({
  rule,
  at,
  change: { [at]: change },
})
const brokenBy = (rule: ConfigRule, at: string, change: Change): Broken => ({ rule, at, change })

const manyPorts = Array.from({ length: 64 }, (_, at) => 2 * at + 1)
const manyRules = Array.from({ length: 17 }, (_, at) => ({
  name: `r${at}`,
  action: 'allow',
  from: { segment: 'office' },
  to: { segment: 'cameras' },
  protocol: 'udp',
  ports: manyPorts,
}))
const deniesAll = {
  name: 'all',
  action: 'deny',
  from: { segment: 'office' },
  to: { segment: 'cameras' },
}

const manyPrefixes = Array.from({ length: 64 }, (_, at) => `10.0.${at}.0/24`)
const manyHosts = [
  { name: 'erp', to: manyPrefixes, names: manyPorts.slice(0, 13).map((at) => `h${at}.example`) },
  { name: 'crm', names: ['crm.example.com'] },
]

/** 16 paths each by the three uplinks of the sample. */
const manyPeers = Array.from({ length: 449 }, (_, at) => ({
  name: `site-${at}`,
  wireKey: encodeWireKey(
    new Uint8Array(32)
      .fill(77, 0, 30)
      .fill(at & 0xff, 0, 1)
      .fill(at >> 8, 1, 2),
  ),
  endpoints: Array.from(
    { length: 8 },
    (_, place) => `198.18.${at & 0xff}.${(at >> 8) + 1}:${51820 + place}`,
  ),
  segments: {},
}))

export const brokenConfigs: readonly Broken[] = [
  broken('name-reserved', '/lans/0/name', 'all'),
  broken('name-of-segment-twin', '/uplinks/1/name', 'seg-office'),
  broken('name-of-nic', '/lans/0/name', 'enp1s0'),
  broken('port-name-once', '/lans/0/name', 'wan0'),
  brokenBy('segment-name-once', '/segments/1/name', {
    '/segments/1/name': 'office',
    '/lans': [],
    '/peers': [],
    '/acl': [],
    '/api': undefined,
  }),
  broken('peer-name-once', '/peers/1/name', 'hub-1'),
  broken('peer-is-other', '/peers/1/name', 'berlin'),
  broken('acl-name-once', '/acl/1/name', 'nvr'),
  brokenBy('profile-name-once', '/profiles/1/name', {
    '/profiles/1': { name: 'calls-first', voice: 10, business: 1, normal: 1, bulk: 1 },
  }),
  broken('uplink-profile-known', '/uplinks/0/profile', 'call-first'),
  broken('uplink-internet-rate', '/uplinks/1/internet', 80),
  broken('nic-once', '/lans/1/nic', 'netdev:enp1s0'),
  brokenBy('nic-once', '/lans/2/nic', { '/lans/2/vlan': undefined }),
  broken('nic-alike', '/lans/3/nic', 'pmd:01:00.0'),
  broken('nic-alike', '/lans/3/nic', 'pmd:0000:01:00.0,mac=1'),
  brokenBy('nic-once', '/lans/3/nic', {
    '/lans/3/nic': 'pmd:0000:01:00.0',
    '/lans/3/vlan': 7,
  }),
  broken('queues-of-pmd', '/lans/1/queues', 2),
  broken('queues-agree', '/lans/3/queues', 4),
  brokenBy('mtu-fits', '/lans/0/mtu', {
    '/lans/0/mtu': 9000,
    '/uplinks/1/mtu': 1400,
    '/uplinks/2/mtu': 1492,
  }),
  broken('vni-once', '/segments/1/vni', 100),
  broken('lan-segment-known', '/lans/1/segment', 'camera'),
  broken('peer-segment-known', '/peers/1/segments/guests', []),
  broken('acl-segment-known', '/acl/1/to/segment', 'camera'),
  broken('wire-key-usable', '/peers/0/wireKey', 'AAAA'),
  broken('wire-key-usable', '/peers/0/wireKey', sampleWireKey(0)),
  broken('wire-key-other', '/peers/1/wireKey', ownWireKey),
  broken('wire-key-once', '/peers/1/wireKey', sampleWireKey(1)),
  broken('wire-key-apart', '/peers/1/wireKey', 'AQEBAQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk='),
  broken('address-form', '/lans/0/address/0', '10.1.0.1'),
  broken('address-form', '/lans/0/address/0', '010.1.0.1/24'),
  broken('address-form', '/lans/0/address/1', 'fd00:1:::1/64'),
  broken('address-form', '/lans/0/address/1', '::ffff:10.7.0.1/120'),
  broken('address-routable', '/lans/0/address/1', 'fe80::1/64'),
  broken('address-routable', '/lans/0/address/1', 'ff02::1/64'),
  broken('address-routable', '/lans/1/address/0', '127.0.0.1/8'),
  broken('address-routable', '/lans/1/address/0', '169.254.7.1/16'),
  broken('address-routable', '/lans/1/address/0', '224.0.0.5/24'),
  broken('address-of-host', '/lans/1/address/0', '10.1.20.0/24'),
  broken('address-of-host', '/lans/1/address/0', '10.1.20.255/24'),
  broken('address-of-host', '/lans/0/address/1', 'fd00:1::/64'),
  broken('address-once', '/lans/1/address/0', '10.1.0.1/16'),
  brokenBy('address-once', '/uplinks/0/address/2', {
    '/uplinks/0/address': ['192.0.2.2/24', '2001:db8:0:1::2/64', '192.0.2.2/25'],
  }),
  broken('address-once', '/lans/2/address/0', 'FD00:1:0::1/48'),
  broken('networks-apart', '/lans/1/address/0', '192.0.2.9/25'),
  broken('networks-apart', '/lans/2/address/0', 'fd00:1::9/64'),
  broken('networks-apart', '/lans/2/address/0', '2001:db8:0:1::9/64'),
  brokenBy('networks-apart', '/lans/0/address/0', { '/peers/1/segments/office/0': '10.1.0.0/22' }),
  brokenBy('networks-apart', '/peers/1/segments/cameras/0', {
    '/peers/1/segments/cameras': ['10.0.8.0/24'],
  }),
  brokenBy('networks-apart', '/peers/1/segments/cameras/0', {
    '/peers/1/segments/cameras': ['fd00:0:0:7::/64'],
  }),
  broken('gateway-form', '/uplinks/0/gateway', 'gw'),
  broken('gateway-form', '/uplinks/0/gateway', 'fe80::1'),
  broken('gateway6-form', '/uplinks/0/gateway6', '192.0.2.1'),
  broken('gateway-by-dhcp', '/uplinks/2/gateway', '192.0.2.1'),
  broken('gateway-near', '/uplinks/0/gateway', '8.8.8.8'),
  broken('gateway-near', '/uplinks/0/gateway', '192.0.2.2'),
  broken('gateway6-near', '/uplinks/0/gateway6', '2001:db8:0:2::1'),
  broken('gateway6-near', '/uplinks/1/gateway6', 'fe80::1'),
  brokenBy('gateway-near', '/uplinks/1/gateway', {
    '/uplinks/1/address': ['192.0.2.3/24'],
    '/uplinks/1/gateway': '192.0.2.2',
  }),
  ...brokenPrefixes,
  broken('endpoint-form', '/peers/0/endpoints/0', 'hub:51820'),
  broken('endpoint-form', '/peers/0/endpoints/0', '198.51.100.7:65536'),
  broken('endpoint-form', '/peers/0/endpoints/1', '2001:db8::7:51820'),
  broken('endpoint-routable', '/peers/0/endpoints/0', '224.0.0.5:51820'),
  broken('endpoint-routable', '/peers/0/endpoints/1', '[fe80::7]:51820'),
  brokenBy('endpoint-once', '/peers/1/endpoints/0', {
    '/peers/1/endpoints': ['198.51.100.7:51820'],
  }),
  brokenBy('endpoint-once', '/peers/1/endpoints/0', {
    '/peers/1/endpoints': ['[2001:DB8:7::7]:51820'],
  }),
  broken('endpoint-other', '/peers/0/endpoints/0', '192.0.2.2:51820'),
  broken('endpoint-other', '/peers/0/endpoints/1', '[fd00:1::1]:51820'),
  broken('endpoint-outside', '/peers/0/endpoints/0', '10.0.7.9:51820'),
  broken('endpoint-outside', '/peers/0/endpoints/1', '[fd00::9]:51820'),
  brokenBy('endpoint-reachable', '/peers/0/endpoints', {
    '/peers/0/endpoints': ['[2001:db8:7::7]:51820'],
    '/uplinks/0/gateway6': undefined,
  }),
  broken('uplink-reaches', '/uplinks/1/gateway', undefined),
  brokenBy('uplink-reaches', '/uplinks/1/gateway6', {
    '/uplinks/1/address': ['2001:db8:9::2/64'],
    '/uplinks/1/gateway': undefined,
  }),
  broken('endpoint-routable', '/peers/0/endpoints/1', '[100::7]:51820'),
  ...[...brokenOverlays, ...brokenBoxes].map((one) => broken(...one)),
  broken('dhcp-form', '/lans/0/dhcp/from', 'fd00:1::50'),
  broken('dhcp-inside', '/lans/0/dhcp/from', '10.2.0.50'),
  broken('dhcp-inside', '/lans/0/dhcp/to', '10.1.0.255'),
  brokenBy('dhcp-inside', '/lans/2/dhcp/from', {
    '/lans/2/dhcp': { from: '10.1.22.2', to: '10.1.22.9' },
  }),
  broken('dhcp-forward', '/lans/0/dhcp/to', '10.1.0.49'),
  broken('dhcp-length6', '/lans/0/address/1', 'fd00:1::1/48'),
  broken('dhcp-length6', '/lans/0/address/1', 'fd00:1::1/80'),
  brokenBy('dhcp-others', '/lans/0/dhcp', { '/lans/0/dhcp/from': '10.1.0.1' }),
  broken('dns-form', '/dns/servers/0', 'dns.example.com'),
  broken('dns-routable', '/dns/servers/0', '127.0.0.53'),
  broken('dns-other', '/dns/servers/0', '10.1.0.1'),
  broken('dns-once', '/dns/servers/1', '10.0.0.53'),
  broken('dns-domain', '/dns/domain', 'berlin.local'),
  broken('acl-prefix-form', '/acl/0/from/prefix', '10.1.0.0'),
  broken('acl-prefix-exact', '/acl/0/from/prefix', '10.1.0.1/24'),
  broken('acl-prefix-inside', '/acl/0/to/prefix', '10.1.30.0/24'),
  broken('acl-prefix-inside', '/acl/2/from/prefix', 'fd00:1:20::/64'),
  broken('acl-family', '/acl/0/to/prefix', 'fd00:1:20::/64'),
  brokenBy('acl-ports-protocol', '/acl/0/ports', { '/acl/0/protocol': 'icmp' }),
  brokenBy('acl-ports-protocol', '/acl/0/ports', { '/acl/0/protocol': undefined }),
  broken('acl-ports-range', '/acl/0/ports/1', '8010-8000'),
  broken('acl-ports-range', '/acl/0/ports/1', '8000-80000'),
  broken('acl-size', '/acl', manyRules),
  brokenBy('acl-effective', '/acl/1', { '/acl/0': deniesAll }),
  brokenBy('application-name-once', '/applications/1/name', {
    '/applications/1/name': 'erp',
    '/policies/1/for/applications': ['erp'],
  }),
  brokenBy('application-criterion', '/applications/1', { '/applications/1/names': undefined }),
  broken('application-prefix-form', '/applications/0/to/0', '10.0.9.0'),
  broken('application-prefix-exact', '/applications/0/to/0', '10.0.9.1/24'),
  broken('application-prefix-routable', '/applications/0/to/0', '0.0.0.0/0'),
  broken('application-prefix-routable', '/applications/0/to/1', 'ff00::/8'),
  brokenBy('application-ports-protocol', '/applications/0/ports', {
    '/applications/0/protocol': undefined,
  }),
  broken('application-ports-range', '/applications/0/ports/1', '8450-8443'),
  brokenBy('application-names-protocol', '/applications/1/names', {
    '/applications/1/protocol': 'icmp',
  }),
  broken('policy-name-once', '/policies/1/name', 'calls'),
  broken('policy-for', '/policies/1/for', undefined),
  broken('policy-for', '/policies/1/for', {}),
  broken('policy-default', '/policies/2/for', { segments: ['cameras'] }),
  brokenBy('policy-possible', '/policies/0/for/dscp', {
    '/policies/0/for': { applications: ['voice'], dscp: ['af11'] },
  }),
  broken('policy-application-known', '/policies/0/for/applications/1', 'team'),
  broken('policy-segment-known', '/policies/0/for/segments/0', 'offices'),
  broken('policy-uplink-known', '/policies/0/prefer/0', 'wan1'),
  brokenBy('policy-prefer-once', '/policies/0/prefer/1', {
    '/policies/0/prefer': ['wan0', 'wan0'],
  }),
  broken('policy-prefer-usable', '/policies/0/prefer/0', 'lte0'),
  brokenBy('policy-prefer-usable', '/policies/0/prefer/0', { '/policies/0/kinds': ['private'] }),
  brokenBy('policy-prefer-effective', '/policies/2/prefer/0', {
    '/policies/2/prefer': ['lte0', 'wan0', 'wan2'],
  }),
  brokenBy('policy-prefer-effective', '/policies/1/prefer/1', {
    '/policies/1/prefer': ['wan0', 'lte0'],
    '/uplinks/1/backup': undefined,
  }),
  brokenBy('policy-uplink-left', '/policies/0/kinds', {
    '/policies/0/kinds': ['private'],
    '/uplinks/2/kind': 'internet',
  }),
  brokenBy('policy-uplink-left', '/policies/0/metered', {
    '/uplinks/0/metered': true,
    '/uplinks/2/metered': true,
  }),
  brokenBy('policy-effective', '/policies/1', {
    '/policies/1/for': { applications: ['voice'], segments: ['office'], dscp: [46] },
  }),
  broken('policy-size', '/applications', manyHosts),
  brokenBy('policy-size', '/policies', {
    '/applications/0/to': manyPrefixes,
    '/policies/1/for/segments': ['office', 'cameras'],
  }),
  brokenBy('paths-size', '/peers', { '/peers': [...wholeConfig().peers, ...manyPeers] }),
  brokenBy('uplink-regular', '/uplinks', {
    '/uplinks/0/backup': true,
    '/uplinks/2/backup': true,
  }),
  brokenBy('api-for-somebody', '/api/lan', { '/segments/0/admin': false }),
]

/** The sample with something changed. */
export function changed(change: Change): unknown {
  const config = wholeConfig()
  for (const [pointer, value] of Object.entries(change)) {
    const tokens = pointer.split('/').slice(1)
    let at = config
    for (const token of tokens.slice(0, -1)) at = at[token]
    const last = tokens.at(-1)!
    if (value === undefined) delete at[last]
    else at[last] = value
  }
  return config
}

/** Codes of the form, each with a change that earns it. Their constraints are walked in device-config-form.test.ts. */
export const formExamples: readonly {
  readonly code: ErrorCode
  readonly at: string
  readonly change: Change
}[] = [
  { code: 'CONFIG_VERSION', at: '/version', change: { '/version': 9 } },
  { code: 'CONFIG_INVALID', at: '/overlay/port', change: { '/overlay/port': '51820' } },
  { code: 'CONFIG_MISSING_FIELD', at: '/lans/0/segment', change: { '/lans/0/segment': undefined } },
  { code: 'CONFIG_UNKNOWN_FIELD', at: '/lans/0/adress', change: { '/lans/0/adress': [] } },
  { code: 'CONFIG_UNSUPPORTED', at: '/uplinks/1/pppoe', change: { '/uplinks/1/pppoe': {} } },
  {
    code: 'CONFIG_TOO_MANY',
    at: '/dns/servers',
    change: { '/dns/servers': Array.from({ length: 9 }, (_, at) => `10.0.0.${at + 1}`) },
  },
  { code: 'CONFIG_SSH_KEY_INVALID', at: '/ssh/keys/0', change: { '/ssh/keys/0': 'ssh-rsa AA' } },
  { code: 'CONFIG_MTU_INVALID', at: '/uplinks/0/mtu', change: { '/uplinks/0/mtu': 576 } },
]
