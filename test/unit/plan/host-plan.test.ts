/** What the kernel is told for a configuration: firewall, IPv6 and services of the box. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { HostState } from '../../../firmware/model/host-state.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { privateRanges } from '../../../firmware/plan/prefix.ts'
import { chainOf, facts, sample } from './firewall-sample.ts'

test('the firewall: breakout only where allowed, nothing between segments, the overlay port kept free', () => {
  const { text } = compile(sample(), facts).host.firewall
  assert.match(text, /iifname \{ "lan0" \} oifname @exits accept/)
  assert.match(text, /set own \{\n.*\n.*"lan0", "cams", "seg-office", "seg-cameras" \}/)
  assert.doesNotMatch(text, /"cams".*@exits accept/)
  assert.doesNotMatch(text, /("lan0".*"cams"|"cams".*"lan0").*accept/)
  assert.match(text, /udp masquerade to :3479-51819/)
  assert.match(
    text,
    /set inside4 \{\n.*\n.*\n.*\n.*\{ 10\.0\.0\.0\/16, 10\.0\.7\.0\/24, 10\.1\.0\.0\/24, 10\.1\.20\.0\/24, 10\.9\.0\.0\/16 \}/,
  )
  // Private addresses that nobody has do not break out, but for those of the access networks.
  assert.match(text, /ip daddr @private4 ip daddr != @connected4 counter name kept_private drop/)
  assert.match(text, /set connected4 \{\n.*\n.*\n.*\n.*\{ 192\.0\.2\.0\/24, 203\.0\.113\.8\/30 \}/)
  const other = { ...sample(), overlay: { port: 51821 } }
  const { fingerprint } = compile(sample(), facts).host.firewall
  assert.notEqual(compile(other, facts).host.firewall.fingerprint, fingerprint)
})

test('the firewall denies to every link of ours that is not named as own: an unknown twin is an uplink', () => {
  const { text } = compile(sample(), facts).host.firewall
  const lines = text.split('\n')
  const denials = lines
    .filter((line) => /@inside|@private|jump from_uplink|state invalid|notrack/.test(line))
    // Those of the chain that only what comes from outside gets to.
    .filter((line) => !/^ *ip6? saddr @inside/.test(line))
  assert.equal(denials.length, 12)
  for (const rule of denials) assert.match(rule, /([io])ifgroup 203 \1ifname != @own /)
  // Whatever is not let in or forwarded by name is dropped: each chain ends so.
  for (const chain of ['from_uplink', 'box-office', 'box-cameras', 'forward']) {
    const rules = text.split(`chain ${chain} {\n`)[1]!.split('\n  }')[0]!
    assert.match(rules, /counter name denied_\w+ drop( comment "\w+")?$/)
  }
  const allowances = text
    .split('\n')
    .filter((line) => /iifname.*(accept|masquerade)/.test(line))
    // To the box itself: firewall-speed.test.ts.
    .filter((line) => !line.includes('tcp dport @speed'))
  assert.ok(allowances.length > 0)
  for (const rule of allowances) assert.match(rule, /iifname (\{|").*oifname (\{|@exits)/)
})

test('IPv6 has its place: addresses, routes, rules, switches, and room in the segment', () => {
  const config = sample()
  const [wan, lte] = config.uplinks
  const [lan, cams] = config.lans
  const uplinks = [
    { ...wan!, address: ['192.0.2.2/24', '2001:DB8:0:1::2/64'] },
    { ...lte!, address: ['2001:db8:2::9/64'], gateway: '2001:db8:2::1' },
  ]
  const lans = [{ ...lan!, address: ['10.1.0.1/24', 'fd00:1::1/64'] }, cams!]
  const peers = [{ ...config.peers[0]!, segments: { office: ['fd00:2::/48'] } }]
  const { host } = compile({ ...config, uplinks, lans, peers }, facts)
  const twin = (name: string): HostState['twins'][number] =>
    host.twins.find((one) => one.name === name)!
  assert.deepEqual(twin('wan0').addresses, ['192.0.2.2/24', '2001:db8:0:1::2/64'])
  assert.equal(twin('seg-office').mtuBytes, 1412)
  const routes = host.routes.filter(({ prefix }) => prefix.includes(':'))
  assert.deepEqual(
    routes.map(({ prefix, kind, device, via, source, table, metric }) =>
      [prefix, kind, device, via, source, table, metric].join(' ').replace(/ +/g, ' '),
    ),
    [
      'fd00:2::/48 unicast seg-office fd00:1::1 254 50',
      'fd00:2::/48 unreachable 254 20000',
      'fd00:1::/64 unreachable 254 20000',
      '2001:db8:0:1::/64 unicast wan0 1000 256',
      'fe80::/64 unicast wan0 1000 256',
      '2001:db8:2::/64 unicast lte0 1001 256',
      'fe80::/64 unicast lte0 1001 256',
      '::/0 unicast lte0 2001:db8:2::1 1001 100',
      '::/0 unicast lte0 2001:db8:2::1 254 101',
    ],
  )
  assert.deepEqual(
    host.rules.filter(({ family }) => family === 6),
    [
      { family: 6, priority: 1000, from: null, device: 'wan0', table: 1000 },
      { family: 6, priority: 8001, from: '2001:db8:0:1::2', device: null, table: 1000 },
      { family: 6, priority: 1001, from: null, device: 'lte0', table: 1001 },
      { family: 6, priority: 8008, from: '2001:db8:2::9', device: null, table: 1001 },
    ],
  )
  const switchOf = (key: string): string | undefined =>
    host.sysctls.find((one) => one.scope === 'own' && one.key === `net/ipv6/conf/${key}`)?.value
  assert.equal(switchOf('all/forwarding'), '1')
  for (const name of ['wan0', 'lan0', 'seg-office']) {
    assert.deepEqual([name, switchOf(`${name}/disable_ipv6`)], [name, '0'])
    assert.deepEqual([name, switchOf(`${name}/accept_ra`)], [name, '0'])
  }
  assert.equal(switchOf('cams/disable_ipv6'), '1')
  assert.match(host.firewall.text, /set inside6 \{\n.*\n.*\n.*\n.*\{ fd00:1::\/64, fd00:2::\/48 \}/)
})

test('a segment with IPv6 never gets less than its least MTU: the overlay fragments', () => {
  const config = sample()
  const peers = [{ ...config.peers[0]!, segments: { office: ['fd00:2::/48'] } }]
  const uplinks = config.uplinks.map((uplink) => ({ ...uplink, mtu: 1300 }))
  const { twins } = compile({ ...config, uplinks, peers }, facts).host
  const mtuOf = (name: string): number | undefined =>
    twins.find((twin) => twin.name === name)?.mtuBytes
  assert.deepEqual([mtuOf('seg-office'), mtuOf('seg-cameras')], [1280, 1232])
})

const told = { dnsServers: ['203.0.113.53'], controllers: [], expiresInMs: 1000 }
const lease = { ...told, device: 'lte0', address: '203.0.113.9/30', gateway: '203.0.113.10' }

/** The sample with DHCP on both sides, an administrators' segment and rules between segments. */
function served(): DeviceConfig {
  const { uplinks, lans, segments, ...rest } = sample()
  const [wan, lte] = uplinks
  const { gateway: _, ...plain } = lte!
  const [lan, cams] = lans
  return {
    ...rest,
    uplinks: [wan!, { ...plain, address: 'dhcp' }],
    segments: [{ ...segments[0]!, admin: true }, segments[1]!],
    lans: [
      {
        ...lan!,
        address: ['10.1.0.1/24', 'fd00:1::1/64'],
        dhcp: { from: '10.1.0.50', to: '10.1.0.99' },
      },
      cams!,
    ],
    acl: [
      {
        name: 'view',
        action: 'allow',
        from: { segment: 'office' },
        to: { segment: 'cameras', prefix: '10.1.20.0/24' },
        protocol: 'tcp',
        ports: [443, '8000-8010'],
      },
      {
        name: 'none',
        action: 'deny',
        from: { segment: 'office' },
        to: { segment: 'office' },
        protocol: 'icmp',
      },
    ],
  }
}

test('the box answers a LAN where it is told to, and administrators', () => {
  const { host } = compile(served(), facts)
  const office = chainOf(host, 'box-office')
  const cameras = chainOf(host, 'box-cameras')
  for (const rule of [
    'iifname { "lan0" } udp sport 68 udp dport 67 accept',
    'iifname { "lan0" } udp sport 546 udp dport 547 accept',
    'iifname { "lan0" } meta l4proto { tcp, udp } th dport 53 accept',
    'tcp dport { 22, 80, 443 } accept',
  ]) {
    assert.ok(office.includes(rule), rule)
    assert.ok(!cameras.includes(rule), rule)
  }
  // Only at the own segment's addresses: the rule that says so comes before every service.
  const foreign = office.findIndex((rule) =>
    rule.includes('ip daddr != { 255.255.255.255, 224.0.0.0/4, 10.1.0.1 }'),
  )
  assert.ok(foreign > 0 && foreign < office.indexOf('tcp dport { 22, 80, 443 } accept'))
  assert.ok(
    chainOf(host, 'from_uplink').includes('iifname { "lte0" } udp sport 67 udp dport 68 accept'),
  )
})

test('between segments only what a rule allows, with the state that answers need', () => {
  const rules = chainOf(compile(served(), facts).host, 'forward')
  const links = 'iifname { "lan0", "seg-office" } oifname { "cams", "seg-cameras" }'
  const ports = ['443', '8000-8010'].map(
    (port) =>
      `${links} meta nfproto ipv4 ip daddr 10.1.20.0/24 meta l4proto 6 th dport ${port} accept`,
  )
  for (const rule of ports) assert.ok(rules.includes(rule), rule)
  const within = rules.indexOf('iifname { "lan0" } oifname { "lan0", "seg-office" } accept')
  const denial = rules.findIndex((rule) => /l4proto 58 counter name denied_acl drop/.test(rule))
  assert.ok(denial > 0 && denial < within)
  assert.ok(
    rules.indexOf('ct state established ct direction reply accept') < rules.indexOf(ports[0]!),
  )
})

test('an uplink by DHCP has the address that it was lent, its gateway and its rule, and none without', () => {
  const none = compile(served(), facts)
  assert.deepEqual(
    none.uplinks.map(({ name }) => name),
    ['wan0'],
  )
  const sourcesOf = ({ rules }: HostState): (string | null)[] =>
    rules.filter(({ table }) => table === 1001).map(({ from }) => from)
  assert.deepEqual(sourcesOf(none.host), [null])
  assert.deepEqual(none.host.twins.find(({ name }) => name === 'lte0')?.addresses, [])
  const { host, uplinks } = compile(served(), { ...facts, leases: [lease] })
  assert.deepEqual(uplinks[1], { name: 'lte0', addresses: ['203.0.113.9/30'] })
  assert.equal(host.routes.filter(({ via }) => via === '203.0.113.10').length, 2)
  assert.deepEqual(sourcesOf(host), [null, '203.0.113.9'])
  // Nobody is asked to be his own gateway, whatever a server lends.
  const own = compile(served(), { ...facts, leases: [{ ...lease, gateway: '192.0.2.2' }] })
  assert.equal(own.host.routes.filter(({ via }) => via === '192.0.2.2').length, 0)
  assert.match(
    host.services.find(({ name }) => name === 'dnsmasq')!.config,
    /^server=203\.0\.113\.53$/m,
  )
  // Its network must not be one of those inside: packets for the overlay would follow it.
  const inside = compile(served(), { ...facts, leases: [{ ...lease, address: '10.9.1.2/24' }] })
  assert.deepEqual([inside.refusedLeases, inside.uplinks.length], [['lte0'], 1])
})

test('dnsmasq serves the LANs with dhcp and no other link', () => {
  const { services } = compile(served(), facts).host
  assert.deepEqual(
    services.map(({ name }) => name),
    ['dnsmasq', 'udhcpc-lte0'],
  )
  const lines = services[0]!.config.split('\n')
  assert.deepEqual(
    lines.filter((line) => line.startsWith('interface=')),
    ['interface=lan0'],
  )
  for (const line of [
    'bind-dynamic',
    'except-interface=lo',
    'domain-needed',
    'bogus-priv',
    'stop-dns-rebind',
    'enable-ra',
    'dhcp-range=set:lan0,10.1.0.50,10.1.0.99,255.255.255.0,43200',
    'dhcp-range=set:lan0,::,constructor:lan0,ra-stateless,64,43200',
    'dhcp-option=tag:lan0,option:router,10.1.0.1',
  ]) {
    assert.ok(lines.includes(line), line)
  }
  assert.deepEqual(compile(sample(), facts).host.services, [])
  // A server inside answers with addresses inside, and may.
  const own = compile(
    { ...served(), dns: { servers: ['10.0.0.53'], domain: 'corp.example' } },
    facts,
  )
  assert.doesNotMatch(own.host.services[0]!.config, /stop-dns-rebind/)
  const servers = own.host.services[0]!.config.match(/^(server|rev-server|local)=.*$/gm)
  assert.deepEqual(servers, [
    'server=/corp.example/10.0.0.53',
    ...privateRanges.map((range) => `rev-server=${range},10.0.0.53`),
    'server=10.0.0.53',
  ])
})

test('an uplink by DHCP takes nothing that IPv6 routers announce', () => {
  const { sysctls } = compile(served(), { ...facts, leases: [lease] }).host
  const own = sysctls.filter(({ key }) => key.startsWith('net/ipv6/conf/lte0/'))
  const texts = own.map(({ key, value }) => `${key} ${value}`)
  assert.deepEqual(texts, ['net/ipv6/conf/lte0/disable_ipv6 1'])
})

test('what an access network says of DNS changes nothing about whom the box believes', () => {
  const told = { ...lease, dnsServers: ['10.9.1.53', '10.1.0.77', '198.51.100.53'] }
  const [dnsmasq] = compile(served(), { ...facts, leases: [told] }).host.services
  assert.match(dnsmasq!.config, /^stop-dns-rebind$/m)
  assert.deepEqual(dnsmasq!.config.match(/^server=.*$/gm), ['server=198.51.100.53'])
})
