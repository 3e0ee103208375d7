/**
 * LAN and WAN both have an MTU of 1500, and everything simply works: the gateways say what fits, cut what may be cut,
 * clamp what TCP announces, and look like two routers. Real 1500-byte frames on the WAN. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startCapture } from './capture.ts'
import type { CommandResult } from './command.ts'
import { bare, describeSites } from './description.ts'
import {
  awaitReachable,
  echoPort,
  exchangeDatagrams,
  fetchFile,
  filePort,
  hostAddress,
  startNode,
} from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { setWanFrames } from './links.ts'
import { mssOf } from './mss.ts'
import { setSysctls } from './network.ts'
import type { Frame } from './pcap.ts'
import { freshDrops } from './status.ts'

const lanMtu = 1500
/** wire.md: 68 bytes of overhead over IPv4. */
const innerMtu = 1432
const icmpOverhead = 28
const tcpOverhead = 40
const maxFrameBytes = 1514
const startTimeoutMs = 10_000
const berlin = 'berlin-host'
const lisbon = 'lisbon-host'

let lab: Lab

before(async () => {
  lab = await openLab(describeSites(2))
  await lab.start()
  await setWanFrames(lab, 'real', 'own')
  await serve('file-server.ts', filePort)
  await awaitReachable(lab, 'berlin', 'lisbon')
  await awaitReachable(lab, 'lisbon', 'berlin')
})
after(async () => await lab?.[Symbol.asyncDispose]())

/** Starts a server at both hosts; its sockets are made now, with the settings of now. */
async function serve(file: string, port: number): Promise<void> {
  const started = lab.sites.map(({ name }) =>
    startNode(lab, name, file, [port]).line((line) => line.includes('"listening"'), startTimeoutMs),
  )
  await Promise.all(started)
}

/** One ping, or `-c` of them, from a place of the lab. */
async function ping(from: string, to: string, ...options: string[]): Promise<CommandResult> {
  return lab.attempt(from, ['ping', '-n', '-c', '1', '-W', '2', ...options, to])
}

function isFragment({ bytes }: Frame): boolean {
  return (bytes.readUInt16BE(14 + 6) & 0x3fff) !== 0
}

/** What a host has learned about paths is forgotten. */
async function forgetPaths(): Promise<void> {
  for (const host of [berlin, lisbon]) await lab.exec(host, ['ip', 'route', 'flush', 'cache'])
}

test('what is too big and may not be cut is answered with the MTU that fits', async () => {
  const to = hostAddress(lab, 'lisbon')
  await forgetPaths()
  const refused = await ping(berlin, to, '-M', 'do', '-s', '1450')
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /From 10\.1\.0\.1 .*Frag needed and DF set \(mtu = 1432\)/)
  const fits = await ping(berlin, to, '-M', 'do', '-s', String(innerMtu - icmpOverhead))
  assert.equal(fits.code, 0, fits.stdout)
  // The host has learned it and now refuses one byte more itself.
  const learned = await ping(berlin, to, '-M', 'do', '-s', String(innerMtu - icmpOverhead + 1))
  assert.match(learned.stderr, /message too long, mtu=1432/)
  await forgetPaths()
  const exact = await ping(berlin, to, '-M', 'do', '-s', String(innerMtu - icmpOverhead))
  assert.equal(exact.code, 0, exact.stdout)
})

test('what may be cut arrives whole, however large', async () => {
  for (const [from, to] of [
    [berlin, hostAddress(lab, 'lisbon')],
    [lisbon, hostAddress(lab, 'berlin')],
    ['berlin', hostAddress(lab, 'lisbon')],
  ] as const) {
    for (const size of ['1405', '1472', '4000', '60000']) {
      const { code, stdout } = await ping(from, to, '-M', 'dont', '-s', size)
      assert.equal(code, 0, `${size} bytes: ${stdout}`)
    }
  }
})

test('TCP is told in both directions what fits', async () => {
  const filter = 'tcp[tcpflags] & tcp-syn != 0'
  await using atBerlin = await startCapture(lab, berlin, 'eth0', filter)
  await using atLisbon = await startCapture(lab, lisbon, 'eth0', filter)
  const fetched = await fetchFile(lab, 'berlin', 'lisbon', { seed: 1, bytes: 100_000 })
  assert.equal(fetched.isEqual, true)
  const said = { syn: lanMtu - tcpOverhead, synAck: lanMtu - tcpOverhead }
  const clamped = { syn: innerMtu - tcpOverhead, synAck: innerMtu - tcpOverhead }
  assert.deepEqual(mssOf(await atBerlin.finish()), { ...said, synAck: clamped.synAck })
  assert.deepEqual(mssOf(await atLisbon.finish()), { ...said, syn: clamped.syn })
})

test('no frame on the WAN is larger than 1500 bytes, and none is a fragment', async () => {
  await using wan = await startCapture(lab, 'internet', 'berlin', 'ip')
  const spec = { seed: 2, bytes: 1_000_000 }
  const [there, back] = await Promise.all([
    fetchFile(lab, 'berlin', 'lisbon', spec),
    fetchFile(lab, 'lisbon', 'berlin', spec),
  ])
  assert.deepEqual([there.isEqual, back.isEqual], [true, true])
  const { frames, missed } = await wan.finish()
  assert.equal(missed, 0)
  assert.ok(frames.length > 1400, `${frames.length} frames`)
  assert.equal(Math.max(...frames.map(({ wireBytes }) => wireBytes)), maxFrameBytes)
  assert.deepEqual(frames.filter(isFragment), [])
})

test('each gateway is a hop that answers', async () => {
  const to = hostAddress(lab, 'lisbon')
  const first = await ping(berlin, to, '-t', '1')
  assert.match(first.stdout, /From 10\.1\.0\.1 .*Time to live exceeded/)
  const second = await ping(berlin, to, '-t', '2')
  assert.match(second.stdout, /From 10\.2\.0\.1 .*Time to live exceeded/)
  const third = await ping(berlin, to, '-t', '3')
  assert.match(third.stdout, / ttl=62 /)
})

test('the boxes use the overlay themselves', async () => {
  const boxes = lab.sites.map(({ lan }) => bare(lan.address))
  for (const [from, to, ttl] of [
    ['berlin', hostAddress(lab, 'lisbon'), 63],
    ['berlin', boxes[1]!, 64],
    [berlin, boxes[1]!, 63],
    [lisbon, boxes[0]!, 63],
  ] as const) {
    const { stdout } = await ping(from, to)
    assert.match(stdout, new RegExp(` from ${to}: icmp_seq=1 ttl=${ttl} `))
  }
})

// From here on the hosts' new sockets send without DF.
test('UDP datagrams that fill the LAN are exchanged whole', async () => {
  for (const host of [berlin, lisbon]) {
    await setSysctls(lab.netns(host), { 'ipv4/ip_no_pmtu_disc': 1 })
  }
  await forgetPaths()
  await serve('udp-echo.ts', echoPort)
  const maxBytes = lanMtu - icmpOverhead
  for (const [from, to] of [
    ['berlin', 'lisbon'],
    ['lisbon', 'berlin'],
  ] as const) {
    const { equal, resent } = await exchangeDatagrams(lab, from, to, { count: 5, maxBytes })
    assert.deepEqual([equal, resent], [5, 0])
  }
})

test('nothing was dropped but what was too big', async () => {
  for (const { name } of lab.sites) {
    const { reasons } = await freshDrops(lab, name)
    const counted = Object.entries(reasons).filter(([, count]) => count > 0)
    assert.deepEqual(counted, name === 'berlin' ? [['too_big', 1]] : [])
  }
})
