/**
 * The real kernel, in a throwaway network namespace with veth pairs for NICs: what plan/ wants comes about, a
 * second look finds nothing to do, and what vanishes comes back.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { sampleConfig } from '../model/sample-config.ts'
import { inside, ip, makeSpace, nicNetns, nics, runInside, space } from './linux-net-space.ts'

makeSpace()

test('a bare machine becomes what the configuration says, and stays untouched by a second pass', async () => {
  const first = await inside(sampleConfig())
  assert.equal(first.failure, undefined)
  assert.ok(first.steps.includes('add-netns') && first.steps.includes('load-firewall'))
  assert.deepEqual((await inside(sampleConfig())).steps, [])

  const main = ip('-n', space, '-4', 'route')
  assert.match(main, /^default via 192\.0\.2\.1 dev wan0 proto 203 metric 100/m)
  assert.match(main, /^10\.0\.0\.0\/16 dev seg-office proto 203 .*src 10\.1\.0\.1 metric 50/m)
  assert.match(main, /^unreachable 10\.0\.0\.0\/16 proto 203 metric 20000/m)
  assert.match(ip('-n', space, 'rule'), /from 203\.0\.113\.9 lookup 1001/)
  assert.match(ip('-n', space, 'rule'), /from all oif lte0 lookup 1001/)
  const inNetns = ip('-n', nicNetns, 'link')
  for (const nic of nics) assert.match(inNetns, new RegExp(`${nic}@.*ALLMULTI.*UP.*`))
  assert.equal(ip('-n', nicNetns, 'addr').match(/inet/g), null)
})

test('a packet for the overlay is refused once its twin is gone, whoever sends it', () => {
  ip('-n', space, 'link', 'del', 'seg-cameras')
  assert.throws(() => ip('-n', space, 'route', 'get', '10.9.0.1'), /unreachable|host/i)
  assert.throws(() =>
    ip('-n', space, 'route', 'get', '10.9.0.1', 'from', '10.1.20.1', 'iif', 'cams'),
  )
})

test('what others changed is put right: a lost twin, address, flushed rules, a switch', async () => {
  ip('-n', space, 'addr', 'flush', 'dev', 'wan0')
  ip('-n', nicNetns, 'link', 'set', 'enp2s0', 'down')
  const enter = [`--net=/run/netns/${space}`]
  execFileSync('nsenter', [...enter, 'nft', 'flush', 'chain', 'inet', 'causeway', 'forward'])
  execFileSync('nsenter', [...enter, 'sysctl', '-qw', 'net.ipv4.ip_forward=0'])
  const { steps } = await inside(sampleConfig())
  for (const kind of ['load-firewall', 'add-twin', 'set-nic', 'set-sysctl', 'set-route']) {
    assert.ok(steps.includes(kind), kind)
  }
  assert.deepEqual((await inside(sampleConfig())).steps, [])
})

const nft = (...args: string[]): string =>
  execFileSync('nsenter', [`--net=/run/netns/${space}`, 'nft', ...args], { encoding: 'utf8' })

test('a set of the firewall that somebody empties, thins or fills is as it was again', async () => {
  const changes = [
    ...['inside4', 'own', 'private4'].map((set) => ['flush', 'set', set]),
    ['delete', 'element', 'private4', '{ 172.16.0.0/12 }'],
    ['delete', 'element', 'own', '{ "cams" }'],
    ['add', 'element', 'own', '{ "wan0" }'],
    ['add', 'element', 'connected4', '{ 10.0.0.0/8 }'],
  ]
  for (const [verb, what, set, ...elements] of changes) {
    nft(verb!, what!, 'inet', 'causeway', set!, ...elements)
    const { steps } = await inside(sampleConfig())
    assert.deepEqual(steps, ['load-firewall'], `${verb} ${set}`)
  }
  assert.deepEqual((await inside(sampleConfig())).steps, [])
})

test('prefixes that the kernel joins are no difference', async () => {
  const config = dualStack()
  const more = ['10.10.0.0/24', '10.10.1.0/24', '10.10.2.0/24', '10.11.0.7/32', 'fd00:3::/64']
  config.peers[0].segments.office.push(...more, 'fd00:3:0:1::/64')
  assert.equal((await inside(config)).failure, undefined)
  assert.match(nft('list', 'set', 'inet', 'causeway', 'inside4'), /10\.9\.0\.0-10\.10\.2\.255/)
  assert.deepEqual((await inside(config)).steps, [])
  assert.equal((await inside(sampleConfig())).failure, undefined)
})

test('a table that takes the place of another counts on', async () => {
  const counter = (): string => nft('list', 'counter', 'inet', 'causeway', 'kept_inside')
  // The box itself, which nothing leads into the overlay: as with a route that somebody set.
  const wan = ['dev', 'wan0', 'metric', '1']
  // Nobody holds the twin here, and the route would not count.
  const carrier = 'net.ipv4.conf.wan0.ignore_routes_with_linkdown=0'
  execFileSync('nsenter', [`--net=/run/netns/${space}`, 'sysctl', '-qw', carrier])
  ip('-n', space, 'route', 'add', '10.9.77.0/24', ...wan)
  const send = 'echo x >/dev/udp/10.9.77.1/9 || true'
  execFileSync('nsenter', [`--net=/run/netns/${space}`, 'bash', '-c', send], { stdio: 'ignore' })
  ip('-n', space, 'route', 'del', '10.9.77.0/24', ...wan)
  const before = /packets [1-9]\d* bytes \d+/.exec(counter())![0]
  const config = sampleConfig()
  config.segments[0].breakout = !config.segments[0].breakout
  for (const one of [config, sampleConfig()]) {
    assert.ok((await inside(one)).steps.includes('load-firewall'))
    assert.ok(counter().includes(before), counter())
  }
})

test('a firewall whose counters cannot be read is replaced nevertheless, and that is told', async () => {
  // In a mount namespace of its own: an nft that does everything else.
  const broken = `set -e
    nft=$(readlink -f "$(command -v nft)")
    mount -t tmpfs tmpfs /mnt
    cp "$nft" /mnt/nft
    printf '#!/bin/sh\ncase $* in *counters*) exit 1 ;; esac\nexec /mnt/nft "$@"\n' >/mnt/broken
    chmod +x /mnt/broken
    mount --bind /mnt/broken "$nft"
    exec "$@"`
  const config = sampleConfig()
  config.segments[0].breakout = !config.segments[0].breakout
  const wrapper = ['unshare', '--mount', 'sh', '-c', broken, 'sh']
  const { steps, lost, failure } = await runInside({ config, nicNetns }, wrapper)
  assert.deepEqual([steps, failure], [['load-firewall'], undefined])
  assert.deepEqual([lost.length, lost[0]?.code], [1, 'HOST_COMMAND_FAILED'])
  assert.deepEqual((await inside(sampleConfig())).lost, [])
})

test('an uplink moves to another address and loses its gateway in one pass', async () => {
  const config = sampleConfig()
  config.uplinks[0].address = ['198.18.0.2/24']
  delete config.uplinks[0].gateway
  config.uplinks[1].address = ['198.19.0.2/30']
  config.uplinks[1].gateway = '198.19.0.1'
  assert.equal((await inside(config)).failure, undefined)
  assert.deepEqual((await inside(config)).steps, [])
  assert.equal((await inside(sampleConfig())).failure, undefined)
})

/** The sample with IPv6 on every side. */
function dualStack(): ReturnType<typeof sampleConfig> {
  const config = sampleConfig()
  config.uplinks[0].address.push('2001:db8:1::2/64')
  config.uplinks[1].address = ['2001:db8:2::9/64']
  config.uplinks[1].gateway = '2001:db8:2::1'
  config.lans[0].address.push('FD00:1:0::1/64')
  config.peers[0].segments.office.push('fd00:2::/48')
  return config
}

test('IPv6 comes about as well, stays untouched, and goes', async () => {
  assert.equal((await inside(dualStack())).failure, undefined)
  assert.deepEqual((await inside(dualStack())).steps, [])
  const routes = ip('-n', space, '-6', 'route', 'show', 'table', 'all', 'proto', '203')
  assert.match(routes, /fd00:2::\/48 dev seg-office.* src fd00:1::1 metric 50/)
  assert.match(routes, /unreachable fd00:2::\/48 dev lo.* metric 20000/)
  assert.match(routes, /default via 2001:db8:2::1 dev lte0.* table 1001/)
  // Usable at once, also while nobody holds the twin.
  assert.doesNotMatch(ip('-n', space, '-6', 'addr', 'show', 'scope', 'global'), /tentative/)
  // A segment's twin says nothing by itself.
  assert.equal(ip('-n', space, '-6', 'addr', 'show', 'dev', 'seg-office'), '')
  assert.equal((await inside(sampleConfig())).failure, undefined)
  assert.deepEqual((await inside(sampleConfig())).steps, [])
  assert.equal(ip('-n', space, '-6', 'route', 'show', 'table', 'all', 'proto', '203'), '')
})

test('the kernel takes the firewall with every word of the configuration in it', async () => {
  const config = dualStack()
  config.uplinks[0] = { name: 'wan0', nic: 'netdev:enp1s0', address: 'dhcp' }
  config.segments[0].admin = true
  config.lans[0].dhcp = { from: '10.1.0.50', to: '10.1.0.99' }
  const to = { segment: 'cameras' }
  config.acl = [
    { name: 'a', action: 'allow', from: { segment: 'office', prefix: '10.1.0.0/25' }, to },
    {
      name: 'b',
      action: 'allow',
      from: { segment: 'office' },
      to,
      protocol: 'tcp',
      ports: [443, '8000-8010'],
    },
    {
      name: 'c',
      action: 'deny',
      from: { segment: 'office', prefix: 'fd00:1::/64' },
      to,
      protocol: 'icmp',
    },
  ]
  assert.equal((await inside(config)).failure, undefined)
  assert.deepEqual((await inside(config)).steps, [])
  assert.equal((await inside(sampleConfig())).failure, undefined)
})

test('what is gone already is removed with success, and what cannot be removed is not', async () => {
  const place = { table: 1001, metric: 5, kind: 'unicast', source: null } as const
  const route = { ...place, prefix: '10.99.0.0/16', device: 'wan0', via: '192.0.2.1' }
  const rule = { family: 4, priority: 8999, from: '192.0.2.77', device: null, table: 1001 } as const
  const byDevice = { ...rule, from: null, device: 'lte7' }
  const route6 = { ...place, prefix: 'fd00:99::/48', device: 'wan0', via: null }
  const rule6 = { ...rule, family: 6, from: 'fd00:99::1' } as const
  const gone = [
    { kind: 'remove-route', route },
    { kind: 'remove-route', route: route6 },
    { kind: 'remove-rule', rule: rule6 },
    { kind: 'remove-address', device: 'wan0', address: 'fd00:99::1/64' },
    { kind: 'remove-rule', rule },
    { kind: 'remove-rule', rule: byDevice },
    { kind: 'remove-address', device: 'wan0', address: '192.0.2.99/24' },
    { kind: 'remove-twin', name: 'nothing' },
  ] as const
  assert.equal((await runInside({ steps: gone })).failure, undefined)
  const { failure } = await runInside({ steps: [...gone, { kind: 'remove-twin', name: 'lo' }] })
  assert.equal(failure?.code, 'HOST_COMMAND_FAILED')
})

test('one gateway holds a namespace; the next may when it is gone', async () => {
  const { claims } = await runInside({ claims: 3 })
  assert.deepEqual(claims, ['held', 'HOST_IN_USE', 'held'])
})

test('a link of ours that the configuration no longer names is treated as an uplink', async () => {
  await inside(sampleConfig())
  const outside = `${space}-x`
  ip('netns', 'add', outside)
  try {
    // An old uplink's twin whose removal is still to come.
    const peer = ['peer', 'name', 'eth0', 'netns', outside]
    ip('-n', space, 'link', 'add', 'old0', 'group', '203', 'type', 'veth', ...peer)
    ip('-n', space, 'addr', 'add', '198.18.7.1/24', 'dev', 'old0')
    ip('-n', space, 'link', 'set', 'old0', 'up')
    ip('-n', outside, 'addr', 'add', '198.18.7.2/24', 'dev', 'eth0')
    ip('-n', outside, 'link', 'set', 'eth0', 'up')
    const send = 'echo x >/dev/udp/198.18.7.1/9'
    execFileSync('nsenter', [`--net=/run/netns/${outside}`, 'bash', '-c', send])
    const list = 'nft list counter inet causeway denied_uplink'.split(' ')
    const rules = execFileSync('nsenter', [`--net=/run/netns/${space}`, ...list], {
      encoding: 'utf8',
    })
    assert.match(rules, /packets 1 bytes/)
  } finally {
    ip('-n', space, 'link', 'del', 'old0')
    ip('netns', 'del', outside)
  }
})

test('what a new configuration does not name goes: twin, routes, rule; the NIC comes back', async () => {
  const config = sampleConfig()
  config.uplinks.pop()
  config.lans.pop()
  config.segments.pop()
  config.peers[0].segments = { office: ['10.0.0.0/16'] }
  await inside(config)
  assert.deepEqual((await inside(config)).steps, [])
  const links = ip('-n', space, 'link')
  assert.doesNotMatch(links, /(cams|lte0|seg-cameras)/)
  assert.match(links, /enp3s0@/)
  assert.doesNotMatch(ip('-n', space, 'route', 'show', 'table', 'all'), /10\.9\.0\.0/)
})

test('an interface that is no twin is not taken for one', async () => {
  ip('-n', space, 'link', 'add', 'cams', 'type', 'veth', 'peer', 'name', 'x-cams')
  assert.equal((await inside(sampleConfig())).failure?.code, 'HOST_TWIN_TAKEN')
})
