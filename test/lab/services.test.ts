/**
 * A box between an access network that lends it an address and a LAN that it lends addresses to: DHCP on both sides, DNS,
 * who may reach the box, breakout, the box in its own overlay, multicast; and none of it minds a killed gateway. Needs root.
 */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { CommandResult } from './command.ts'
import { describeSites } from './description.ts'
import { awaitReachable } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { setSysctls } from './network.ts'
import { reconfigure } from './reconfigure.ts'
import { until } from './until.ts'

const box = '10.1.0.1'
const lent = '198.51.100.2'
const host = 'berlin-host'
let lab: Lab

const node = (script: string): string[] => [process.execPath, '-e', script]
const ping = (from: string, to: string): Promise<CommandResult> =>
  lab.attempt(from, ['ping', '-n', '-c', '2', '-i', '0.2', '-W', '2', to])

/** Asks the box; prints the answer, or the error's code. */
const resolver = (verb: string, name: string): string[] =>
  node(`const r = new (require('node:dns').Resolver)({ timeout: 1000, tries: 3 });
    r.setServers(['${box}']);
    r.${verb}('${name}', (e, a) => { console.log(e ? e.code : a.join()); process.exit(e ? 1 : 0) })`)

/** Whether a TCP connection comes about. */
async function connects(from: string, address: string, port: number): Promise<boolean> {
  const script = `const s = require('node:net').connect(${port}, '${address}');
    s.setTimeout(1500, () => process.exit(1)); s.on('error', () => process.exit(1));
    s.on('connect', () => process.exit(0))`
  return (await lab.attempt(from, node(script))).code === 0
}

/** For how long the kernel keeps what was lent, in seconds; null: it is not there. */
async function validSeconds(): Promise<number | null> {
  const text = await lab.exec('berlin', ['ip', '-o', 'addr', 'show', 'dev', 'wan0'])
  const [, left] = new RegExp(`inet ${lent}/30 .*valid_lft (\\w+?)(sec)? `).exec(text) ?? []
  return left === undefined ? null : Number(left)
}

const hasAddress = async (): Promise<boolean> => (await validSeconds()) !== null

before(async () => {
  lab = await openLab(describeSites(2))
  // The access network: lends the one address there is, and knows a name.
  const dnsmasq = lab.spawn('internet', [
    ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root'],
    ...[
      '--no-resolv',
      '--no-hosts',
      '--no-ping',
      '--bind-dynamic',
      '--interface=berlin',
      '--log-facility=-',
    ],
    `--dhcp-range=${lent},${lent},255.255.255.252,120`,
    `--dhcp-leasefile=/run/causeway-lab/${lab.id}-server.leases`,
    ...['--dhcp-option=option:router,198.51.100.1', '--dhcp-authoritative'],
    ...['--address=/www.example/9.9.9.9', '--address=/rebind.example/10.2.0.10'],
    ...['--address=/lure.corp.example/9.9.9.9', '--ptr-record=66.0.2.10.in-addr.arpa,lure.example'],
  ])
  await dnsmasq.line((line) => line.includes('started'), 10_000)
  await lab.start()
  await reconfigure(lab, 'berlin', (config) => {
    const { gateway: _, ...wan } = config.uplinks[0]
    config.uplinks = [{ ...wan, address: 'dhcp' }]
    config.segments[0] = { ...config.segments[0], breakout: true, admin: true }
    config.lans[0].address.push('fd00:1::1/64')
    config.lans[0].dhcp = { from: '10.1.0.50', to: '10.1.0.59' }
  })
  const listens = lab.spawn(
    'berlin',
    node(
      "require('node:net').createServer((s) => s.end()).listen(22, () => console.log('listening'))",
    ),
  )
  await listens.line((line) => line.includes('listening'), 10_000)
})
after(async () => await lab?.[Symbol.asyncDispose]())

test('the uplink has what it was lent, and sessions come up by it', async () => {
  await until('address', hasAddress)
  const seconds = await validSeconds()
  assert.ok(seconds! > 60 && seconds! <= 120, `${seconds} s of a lease of 120`)
  await until('route', async () =>
    (await lab.exec('berlin', ['ip', 'route', 'show', 'default'])).includes('via 198.51.100.1'),
  )
  await awaitReachable(lab, 'berlin', 'lisbon')
  // Nobody there can announce routes to what is inside.
  assert.equal(await lab.exec('berlin', ['ip', '-6', '-o', 'addr', 'show', 'dev', 'wan0']), '')
})

test('the cable is pulled and put back: the lease is asked for at once, not at half of its time', async () => {
  const path = `/run/causeway/${lab.names.instance('berlin')}/services/udhcpc-wan0.lease`
  const before = readFileSync(path, 'utf8')
  const shows = async (word: string): Promise<boolean> =>
    (await lab.exec('berlin', ['ip', '-o', 'link', 'show', 'dev', 'wan0'])).includes(word)
  await lab.exec('internet', ['ip', 'link', 'set', 'dev', 'berlin', 'down'])
  await until('no carrier', () => shows('NO-CARRIER'))
  await lab.exec('internet', ['ip', 'link', 'set', 'dev', 'berlin', 'up'])
  await until('a lease anew', async () => readFileSync(path, 'utf8') !== before, 10_000)
  await awaitReachable(lab, 'berlin', 'lisbon')
})

test('a LAN host is lent an address, the box as its router and its DNS, which answers', async () => {
  const script = `/run/causeway-lab/${lab.id}-udhcpc.sh`
  writeFileSync(script, '#!/bin/sh\n[ "$1" != bound ] || echo "lent $ip $mask $router $dns"\n')
  chmodSync(script, 0o755)
  const asks = ['udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', script, '-t', '15', '-T', '1']
  const { stdout } = await lab.attempt(host, asks, { timeoutMs: 30_000 })
  assert.match(stdout, /^lent 10\.1\.0\.5\d 24 10\.1\.0\.1 10\.1\.0\.1$/m)
  const resolve = (name: string): Promise<CommandResult> =>
    lab.attempt(host, resolver('resolve4', name))
  await until('a name', async () => (await resolve('www.example')).stdout.trim() === '9.9.9.9')
  // A name of a stranger's that points inside.
  assert.notEqual((await resolve('rebind.example')).stdout.trim(), '10.2.0.10')
})

test('a server inside is asked for the names of inside, and nobody else is', async () => {
  const serves = lab.spawn('lisbon-host', [
    ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root'],
    ...['--no-resolv', '--no-hosts', '--log-facility=-', '--address=/db.corp.example/10.2.0.20'],
    ...['--local=/corp.example/', '--local=/10.in-addr.arpa/'],
    '--ptr-record=20.0.2.10.in-addr.arpa,db.corp.example',
  ])
  await serves.line((line) => line.includes('started'), 10_000)
  await reconfigure(lab, 'berlin', (config) => {
    config.dns = { servers: ['198.51.100.1', '10.2.0.10'], domain: 'corp.example' }
  })
  const resolve = async (verb: string, name: string): Promise<string> =>
    (await lab.attempt(host, resolver(verb, name))).stdout.trim()
  await until('a name', async () => (await resolve('resolve4', 'www.example')) === '9.9.9.9')
  assert.equal(await resolve('resolve4', 'db.corp.example'), '10.2.0.20')
  assert.equal(await resolve('reverse', '10.2.0.20'), 'db.corp.example')
  // The one outside has an answer, and is not asked.
  assert.equal(await resolve('resolve4', 'lure.corp.example'), 'ENOTFOUND')
  assert.equal(await resolve('reverse', '10.2.0.66'), 'ENOTFOUND')
})

test('a LAN host makes itself an IPv6 address from what the box announces', async () => {
  await setSysctls(lab.netns(host), { 'ipv6/conf/eth0/disable_ipv6': 0 })
  await until('an address', async () =>
    /inet6 fd00:1::.* dynamic/.test(
      await lab.exec(host, ['ip', '-o', '-6', 'addr', 'show', 'dev', 'eth0']),
    ),
  )
  await until('an answer', async () => (await ping(host, 'fd00:1::1')).code === 0)
  const routes = await lab.exec(host, ['ip', '-6', 'route', 'show', 'default'])
  assert.match(routes, /default via fe80::\S+ dev eth0 proto ra/)
})

test('breakout goes through NAT, and the box uses its own overlay', async () => {
  assert.equal((await ping(host, '203.0.113.1')).code, 0)
  assert.equal((await ping('berlin', '10.2.0.10')).code, 0)
  // Private addresses that nobody here has do not break out.
  assert.equal((await ping(host, '172.20.0.1')).code, 1)
})

test('a TCP connection that nobody knows to have begun outside does not go on there', async () => {
  await using server = lab.spawn(
    'internet',
    node(`require('node:net').createServer((s) => s.on('error', () => {}).pipe(s))
      .listen(7001, () => console.log('listening'))`),
  )
  await server.line((line) => line.includes('listening'), 10_000)
  await using client = lab.spawn(
    host,
    node(`const s = require('node:net').connect(7001, '203.0.113.1');
      s.on('error', (e) => { console.log(e.code); process.exit() });
      s.once('data', () => console.log('echoed'));
      setInterval(() => s.write('x'), 100)`),
  )
  await client.line((line) => line === 'echoed', 10_000)
  // With the address the kernel forgets what it translated to it.
  await lab.exec('berlin', ['ip', 'addr', 'del', `${lent}/30`, 'dev', 'wan0'])
  lab.processes.get('berlin')!.gateway.signal('SIGHUP')
  await client.line((line) => line === 'ECONNRESET', 10_000)
  await until('address', hasAddress)
  await awaitReachable(lab, 'berlin', 'lisbon')
})

test('administrators reach the box, from their LAN and through the overlay; nobody else does', async () => {
  assert.equal(await connects(host, box, 22), true)
  assert.equal(await connects('lisbon-host', box, 22), true)
  assert.equal(await connects('internet', lent, 22), false)
  assert.equal(
    await connects(host, lent, 22),
    false,
    "the uplink's address is none of the segment's",
  )
  await reconfigure(lab, 'berlin', (config) => {
    config.segments[0].admin = false
  })
  assert.equal(await connects(host, box, 22), false)
  assert.equal(await connects('lisbon-host', box, 22), false)
  for (const from of [host, 'lisbon-host']) assert.equal((await ping(from, box)).code, 0)
})

test('multicast passes between NIC and twin, both ways', async () => {
  const group = '224.0.0.251'
  const hear = (where: string, nic: string, text: string): ReturnType<Lab['spawn']> =>
    lab.spawn(where, ['tcpdump', '-l', '-n', '-A', '-i', nic, '-c', '1', `dst ${group} and udp`], {
      title: text,
    })
  const say = (from: string, address: string, text: string): Promise<CommandResult> =>
    lab.attempt(
      from,
      node(`const s = require('node:dgram').createSocket('udp4'); s.bind(0, '${address}', () => {
        s.setMulticastInterface('${address}'); s.send('${text}', 5353, '${group}', () => s.close()) })`),
    )
  for (const [from, address, where, nic] of [
    [host, '10.1.0.10', 'berlin', 'lan0'],
    ['berlin', box, host, 'eth0'],
  ] as const) {
    await using heard = hear(where, nic, `tcpdump at ${where}`)
    await heard.line((line) => line.includes('listening on'), 10_000)
    assert.equal((await say(from, address, 'hello all')).code, 0)
    await heard.line((line) => line.includes('hello all'), 5_000)
  }
})

test('a killed gateway takes no lease, no address and no service with it', async () => {
  const folder = `/run/causeway/${lab.names.instance('berlin')}/services`
  const notes = ['dnsmasq', 'udhcpc-wan0'].map((name) => `${folder}/${name}.json`)
  const before = notes.map((path) => readFileSync(path, 'utf8'))
  await lab.processes.get('berlin')!.gateway.stop('SIGKILL')
  // Nobody but the DHCP client renews what it was lent.
  const life = ['valid_lft', '50', 'preferred_lft', '50']
  await lab.exec('berlin', ['ip', 'addr', 'change', `${lent}/30`, 'dev', 'wan0', ...life])
  const client = JSON.parse(before[1]!) as { pid: number }
  await lab.exec('berlin', ['kill', '-USR1', String(client.pid)])
  await until('a longer life', async () => ((await validSeconds()) ?? 0) > 60)
  await lab.restart('berlin', 'gateway')
  await awaitReachable(lab, 'berlin', 'lisbon')
  assert.deepEqual(
    notes.map((path) => readFileSync(path, 'utf8')),
    before,
  )
  assert.equal(await hasAddress(), true)
  // One that dies comes back.
  await lab.exec('berlin', ['kill', '-9', String(client.pid)])
  await until('another DHCP client', async () => readFileSync(notes[1]!, 'utf8') !== before[1])
  assert.equal(await hasAddress(), true)
})

test('what is not configured any more ends', async () => {
  await reconfigure(lab, 'berlin', (config) => {
    config.uplinks[0] = { ...config.uplinks[0], address: [`${lent}/30`], gateway: '198.51.100.1' }
    delete config.lans[0].dhcp
  })
  assert.ok(Number.isNaN(await validSeconds()), 'an address of its own is for ever')
  const { stdout } = await lab.attempt('berlin', [
    'sh',
    '-c',
    `ip netns pids ${lab.netns('berlin')} | xargs ps -o comm= -p`,
  ])
  assert.doesNotMatch(stdout, /dnsmasq|udhcpc|busybox/)
  await awaitReachable(lab, 'berlin', 'lisbon')
})
