/**
 * The compiled firewall in the kernel, between namespaces that stand for overlay, LAN and Internet: what began inside does not
 * go on outside after a change is taken back, and strangers are told nothing. Needs root.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import { compile } from '../../firmware/plan/compile.ts'
import { sampleConfig, sampleNics } from '../unit/model/sample-config.ts'
import { Program } from './program.ts'

const tag = `cwfw-${process.pid}`
const [box, overlay, camera, internet] = ['box', 'overlay', 'camera', 'internet'].map(
  (place) => `${tag}-${place}`,
) as [string, string, string, string]
const tried = '198.51.100.192/26'
const [far, near, watched] = ['198.51.100.200', '10.1.0.1', '10.1.20.9']
const patienceMs = 10_000

const ip = (netns: string, line: string): string =>
  execFileSync('ip', ['-n', netns, ...line.split(' ')], { encoding: 'utf8' })
const nft = (netns: string, input: string): string =>
  execFileSync('nsenter', [`--net=/run/netns/${netns}`, 'nft', '-f', '-'], {
    input,
    encoding: 'utf8',
  })

/** Puts the box's table in the place of the one before. */
function load(prefixes: readonly string[]): void {
  const config = sampleConfig()
  config.segments[0].admin = true
  config.peers[0].segments.office.push(...prefixes)
  const to = { segment: 'cameras' }
  config.acl = [{ name: 'view', action: 'allow', from: { segment: 'office' }, to }]
  const facts = { mac1Keys: [], nicNetns: 'none', nics: sampleNics, leases: [], withheld: [] }
  const { text } = compile(config as DeviceConfig, facts).host.firewall
  nft(box, `table inet causeway\ndelete table inet causeway\n${text}`)
}

function packets(netns: string, table: string, counter: string): number {
  return Number(/packets (\d+)/.exec(nft(netns, `list counter inet ${table} ${counter}\n`))![1])
}

/** Until the counter is beyond `least`. */
async function counts(counter: string, least: number): Promise<void> {
  for (const endMs = Date.now() + patienceMs; packets(box, 'causeway', counter) <= least; ) {
    assert.ok(Date.now() < endMs, `${counter} does not count`)
    await new Promise((passed) => setImmediate(passed))
  }
}

/** Says `connected`, sends what it is told, says the code of the error that ends it. */
const talk = `(s) => { s.on('error', ({ code }) => console.log(code))
  process.stdin.on('data', (data) => s.write(data)) }`

async function listening(netns: string, address: string, port: number): Promise<Program> {
  const script = `const talk = ${talk}
    require('node:net').createServer((s) => { talk(s); console.log('connected') })
      .listen(${port}, '${address}', () => console.log('listening'))`
  const program = new Program({ netns, argv: [process.execPath, '-e', script], title: 'server' })
  await program.line((line) => line === 'listening', patienceMs)
  return program
}

async function connected(
  netns: string,
  host: string,
  port: number,
  localAddress?: string,
): Promise<Program> {
  const to = JSON.stringify({ host, port, localAddress })
  const script = `const s = require('node:net').connect(${to}); (${talk})(s)
    s.on('connect', () => console.log('connected'))`
  const program = new Program({ netns, argv: [process.execPath, '-e', script], title: 'client' })
  await program.line((line) => line === 'connected', patienceMs)
  return program
}

/** Notes what is sent to it, answers when it is told to. */
async function answering(netns: string, address: string, port: number): Promise<Program> {
  const script = `const socket = require('node:dgram').createSocket('udp4')
    socket.on('message', (_, { address, port }) => {
      process.stdin.on('data', (data) => socket.send(data, port, address))
      console.log('asked')
    })
    socket.bind(${port}, '${address}', () => console.log('listening'))`
  const program = new Program({ netns, argv: [process.execPath, '-e', script], title: 'answers' })
  await program.line((line) => line === 'listening', patienceMs)
  return program
}

const send = (netns: string, address: string): unknown =>
  execFileSync('nsenter', [
    ...[`--net=/run/netns/${netns}`, 'bash', '-c', `echo x >/dev/udp/${address}/9003`],
  ])

before(() => {
  for (const netns of [box, overlay, camera, internet]) {
    execFileSync('ip', ['netns', 'add', netns])
    ip(netns, 'link set lo up')
  }
  const links = [
    { name: 'seg-office', own: `${near}/32`, end: overlay, other: `${far}/32` },
    { name: 'cams', own: '10.1.20.1/24', end: camera, other: `${watched}/24` },
    { name: 'wan0', own: '192.0.2.2/24', end: internet, other: '192.0.2.1/24' },
    { name: 'lte0', own: '203.0.113.9/30', end: internet, other: '203.0.113.10/30' },
  ]
  for (const { name, own, end, other } of links) {
    ip(box, `link add ${name} group 203 type veth peer name x-${name} netns ${end}`)
    for (const [netns, link, address] of [
      [box, name, own],
      [end, `x-${name}`, other],
    ] as const) {
      ip(netns, `addr add ${address} dev ${link}`)
      ip(netns, `link set ${link} up`)
    }
  }
  const settings = ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0']
  execFileSync('nsenter', [`--net=/run/netns/${box}`, 'sysctl', '-qw', ...settings])
  ip(box, 'route add default via 192.0.2.1')
  ip(overlay, `route add default via ${near} dev x-seg-office onlink`)
  ip(camera, 'route add default via 10.1.20.1')
  nft(
    internet,
    `table inet witness {
      counter tried { }
      counter resets { }
      chain in {
        type filter hook prerouting priority raw;
        ip daddr ${tried} counter name tried
        tcp flags & rst == rst iifname != "lo" counter name resets
      }
    }\n`,
  )
})

after(() => {
  for (const netns of [box, overlay, camera, internet]) {
    try {
      execFileSync('ip', ['netns', 'del', netns], { stdio: 'ignore' })
    } catch {
      // It was not made.
    }
  }
})

// Before the others: what is left of their connections is answered with resets while the box has no table.
test("a stranger's segment that would cross the box is dropped, not answered", async () => {
  load([])
  const other = '198.51.100.77'
  ip(box, 'route add 198.51.100.64/26 via 203.0.113.10')
  ip(internet, `addr add ${other}/32 dev lo`)
  await using _server = await listening(internet, other, 9001)
  await using client = await connected(internet, other, 9001, '192.0.2.1')
  // From now on the box is the way there, and the connection in its middle.
  ip(internet, `addr del ${other}/32 dev lo`)
  ip(internet, 'route add default via 192.0.2.2 src 192.0.2.1')
  client.write('x')
  await counts('denied_forward', 0)
  assert.equal(packets(internet, 'witness', 'resets'), 0)
  assert.doesNotMatch(client.tail, /ECONN/)
  ip(internet, 'route del default via 192.0.2.2')
})

test('what began inside while a change was tried does not go on outside once it is taken back', async () => {
  ip(box, `route add ${tried} dev seg-office src ${near}`)
  load([tried])
  await using farServer = await listening(overlay, far, 9001)
  await using boxServer = await listening(box, near, 22)
  await using cameraServer = await listening(camera, watched, 9001)
  await using cameraAnswers = await answering(camera, watched, 9003)
  await using boxClient = await connected(box, far, 9001)
  await using toBox = await connected(overlay, near, 22)
  await using toCamera = await connected(overlay, watched, 9001)
  send(overlay, watched)
  await cameraAnswers.line((line) => line === 'asked', patienceMs)
  assert.ok([farServer, toBox, toCamera].every(({ isRunning }) => isRunning))

  ip(box, `route del ${tried} dev seg-office`)
  load([])
  for (const program of [boxClient, boxServer, cameraServer]) {
    program.write('clear text')
    await program.line((line) => line === 'ECONNRESET', patienceMs)
  }
  const kept = packets(box, 'causeway', 'kept_inside')
  assert.ok(kept >= 3)
  cameraAnswers.write('clear text')
  await counts('kept_inside', kept)
  assert.equal(packets(internet, 'witness', 'tried'), 0)
  // The prefix itself is outside again, and the witness sees it.
  send(box, far)
  assert.equal(packets(internet, 'witness', 'tried'), 1)
})

test('a connection of the box that conntrack does not know does not break out', async () => {
  // Without a table that asks for it nothing is tracked.
  nft(box, 'delete table inet causeway\n')
  ip(box, `route add ${tried} dev seg-office src ${near}`)
  await using _server = await listening(overlay, far, 9002)
  await using client = await connected(box, far, 9002)
  const before = packets(internet, 'witness', 'tried')
  // First the table: what is left of earlier connections (a FIN that is sent again) has the box answer at any time.
  load([])
  ip(box, `route del ${tried} dev seg-office`)
  client.write('clear text')
  await client.line((line) => line === 'ECONNRESET', patienceMs)
  assert.equal(packets(internet, 'witness', 'tried'), before)
})
