/**
 * IPv6 between LANs of 1500 over WAN links of 1280, the least there may be: senders are told, packets of the least MTU cross
 * in pieces, fragments of hosts arrive, TCP is clamped, and each gateway looks like a router. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startCapture } from './capture.ts'
import type { CommandResult } from './command.ts'
import { bare, describeWhole } from './description.ts'
import { awaitReachable, fetchFile, hostAddress, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { setWanFrames } from './links.ts'
import { mssOf } from './mss.ts'
import { freshDrops } from './status.ts'

const wanMtu = 1280
/** wire.md: 68 bytes of overhead over IPv4. */
const innerMtu = wanMtu - 68
const leastMtu = 1280
const icmpOverhead = 48
const tcpOverhead = 60
const berlin = 'berlin-host'

let lab: Lab

before(async () => {
  lab = await openLab(describeWhole(2, { wanMtu }))
  await lab.start()
  await setWanFrames(lab, 'real', 'own')
  await startServers(lab)
  await awaitReachable(lab, 'berlin', 'lisbon', 6)
  await awaitReachable(lab, 'lisbon', 'berlin', 6)
})
after(async () => await lab?.[Symbol.asyncDispose]())

async function ping(from: string, to: string, ...options: string[]): Promise<CommandResult> {
  return lab.attempt(from, ['ping', '-n', '-c', '1', '-W', '2', ...options, to])
}

test('what is too big is answered, but never with less than 1280', async () => {
  const to = hostAddress(lab, 'lisbon', 6)
  const refused = await ping(berlin, to, '-M', 'do', '-s', String(leastMtu - icmpOverhead + 1))
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /From fd00:1::1 .*Packet too big: mtu=1280/)
  const learned = await ping(berlin, to, '-M', 'do', '-s', String(leastMtu - icmpOverhead + 1))
  assert.match(learned.stderr, /message too long, mtu: 1280/)
})

test('packets of 1280 bytes cross in pieces, smaller ones whole', async () => {
  await using wan = await startCapture(lab, 'internet', 'berlin', 'udp and greater 1000')
  for (const [from, to] of [
    [berlin, hostAddress(lab, 'lisbon', 6)],
    ['lisbon-host', hostAddress(lab, 'berlin', 6)],
    ['berlin', hostAddress(lab, 'lisbon', 6)],
  ] as const) {
    for (const bytes of [innerMtu, innerMtu + 1, leastMtu]) {
      const { code, stdout } = await ping(from, to, '-M', 'do', '-s', String(bytes - icmpOverhead))
      assert.equal(code, 0, `${bytes} bytes from ${from}: ${stdout}`)
    }
  }
  const { frames, missed } = await wan.finish()
  assert.equal(missed, 0)
  assert.ok(Math.max(...frames.map(({ wireBytes }) => wireBytes)) <= wanMtu + 14)
})

test('fragments of hosts arrive', async () => {
  const to = hostAddress(lab, 'lisbon', 6)
  // The far host, too, has to be told once.
  await ping(berlin, to, '-s', '1400')
  for (const size of ['1400', '4000', '30000']) {
    const { code, stdout } = await ping(berlin, to, '-M', 'dont', '-s', size)
    assert.equal(code, 0, `${size} bytes: ${stdout}`)
  }
})

test('TCP is told what fits without pieces', async () => {
  const filter = 'ip6 and ip6[6] = 6 and ip6[53] & 18 = 2'
  await using atLisbon = await startCapture(lab, 'lisbon-host', 'eth0', filter)
  const spec = { seed: 1, bytes: 300_000, family: 6 } as const
  assert.equal((await fetchFile(lab, 'berlin', 'lisbon', spec)).isEqual, true)
  assert.equal(mssOf(await atLisbon.finish()).syn, innerMtu - tcpOverhead)
})

test('each gateway is a hop that answers', async () => {
  const to = hostAddress(lab, 'lisbon', 6)
  const first = await ping(berlin, to, '-t', '1')
  assert.match(first.stdout, /From fd00:1::1 .*Time exceeded: Hop limit/)
  const second = await ping(berlin, to, '-t', '2')
  assert.match(second.stdout, /From fd00:2::1 .*Time exceeded: Hop limit/)
  const third = await ping(berlin, to, '-t', '3')
  assert.match(third.stdout, / ttl=62 /)
})

test('the boxes use the overlay themselves', async () => {
  const boxes = lab.sites.map(({ lan }) => bare(lan.v6!.address))
  for (const [from, to, ttl] of [
    ['berlin', hostAddress(lab, 'lisbon', 6), 63],
    ['berlin', boxes[1]!, 64],
    [berlin, boxes[1]!, 63],
  ] as const) {
    const { stdout } = await ping(from, to)
    assert.match(stdout, new RegExp(` from ${to}: icmp_seq=1 ttl=${ttl} `))
  }
})

test('nothing was dropped but what was too big', async () => {
  for (const { name } of lab.sites) {
    const { reasons } = await freshDrops(lab, name)
    const counted = Object.entries(reasons).filter(([, count]) => count > 0)
    assert.deepEqual(counted, [['too_big', 1]])
  }
})
