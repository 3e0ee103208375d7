/**
 * Diagnostics of a real gateway: what is pinged, traced and measured answers as it is; recordings open with the field's own tools and
 * hold no payload; a speed test fills a link; flows, an uplink's test and the bundle tell of this very box. Needs root, traceroute, iperf3,
 * tcpdump and tshark.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { askApi } from '../../firmware/host/system/api-client.ts'
import { placesOf } from '../../firmware/host/system/places.ts'
import type { CaptureAnswer, CapturesAnswer } from '../../firmware/model/local-api-capture.ts'
import type { RunAnswer } from '../../firmware/model/local-api-diagnose.ts'
import type { FlowsAnswer } from '../../firmware/model/local-api-flow.ts'
import type { LogAnswer } from '../../firmware/model/local-api-log.ts'
import { requestBytes } from '../unit/gateway/request-bytes.ts'
import { describeSites, type LabDescription } from './description.ts'
import { awaitReachable } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { reconfigure } from './reconfigure.ts'

let lab: Lab
let socket: string
let folder: string
/** In the payload of what hosts send. */
const pattern = '63616e617279'
/** What berlin's uplink takes, either way. */
const linkMbit = 20

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cwdiagnose-'))
  lab = await openLab(shaped(describeSites(2)))
  await lab.start()
  socket = placesOf(lab.names.instance('berlin')).apiSocket
  await awaitReachable(lab, 'berlin', 'lisbon')
})
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab?.[Symbol.asyncDispose]()
})

function shaped(description: LabDescription): LabDescription {
  const way = { delayMs: 5, rateBps: linkMbit * 1e6 }
  const emulated = { up: way, down: way }
  const sites = description.sites.map((site) => {
    return site.name === 'berlin'
      ? { ...site, wans: site.wans.map((wan) => ({ ...wan, emulated })) }
      : site
  })
  return { ...description, sites }
}

async function ask<Answer>(path: string, post?: object): Promise<Answer> {
  return JSON.parse(await askApi(socket, path, post === undefined ? {} : { post })) as Answer
}

async function until<Value>(
  look: () => Promise<Value>,
  isThere: (value: Value) => boolean,
): Promise<Value> {
  const endMs = performance.now() + 60_000
  for (;;) {
    const value = await look()
    if (isThere(value)) return value
    assert.ok(performance.now() < endMs, `not in time: ${JSON.stringify(value)}`)
    await new Promise((passed) => setTimeout(passed, 200))
  }
}

async function carryOut(kind: string, request: object): Promise<RunAnswer> {
  const { id } = await ask<RunAnswer>(`/api/v1/diagnose/${kind}`, request)
  return until(
    () => ask<RunAnswer>(`/api/v1/diagnose/runs/${id}`),
    ({ isDone }) => isDone,
  )
}

async function record(request: object, act: () => Promise<unknown>, path = ''): Promise<string> {
  const { id } = await ask<CaptureAnswer>(`/api/v1/capture${path}`, request)
  const standing = async (): Promise<CaptureAnswer> => {
    const { captures } = await ask<CapturesAnswer>('/api/v1/capture')
    return captures.find((capture) => capture.id === id)!
  }
  // Its head is written once it listens.
  await until(standing, ({ bytes, isDone }) => bytes > 0 || isDone)
  await act()
  await ask(`/api/v1/capture/${id}/stop`, {})
  const { packets } = await until(standing, ({ isDone }) => isDone)
  assert.ok(packets > 0, 'nothing was recorded')
  const { status, bytes } = await requestBytes(socket, `/api/v1/capture/${id}/file`)
  assert.equal(status, 200)
  const file = join(folder, `${id}.pcapng`)
  writeFileSync(file, bytes)
  return file
}

const tshark = (file: string, ...more: readonly string[]): string =>
  execFileSync('tshark', ['-r', file, ...more], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })

const pingFromHost = () =>
  lab.exec('berlin-host', ['ping', '-n', '-c', '5', '-i', '0.2', '-p', pattern, '10.2.0.10'])

test('a ping from a LAN crosses the overlay, one by an uplink reaches its gateway, one to nobody says so', async () => {
  const far = await carryOut('ping', { to: '10.2.0.1', lan: 'lan0', count: 2 })
  assert.match(far.sentence!, /^10\.2\.0\.1 answers LAN lan0: 2 of 2 answered/)
  const near = await carryOut('ping', { to: '198.51.100.1', uplink: 'wan0', count: 1 })
  assert.equal(near.verdict, 'good', near.sentence!)
  const none = await carryOut('ping', { to: '10.1.0.77', lan: 'lan0', count: 1 })
  assert.equal(none.verdict, 'bad')
})

test('a traceroute names who is on the way', async () => {
  const run = await carryOut('trace', { to: '203.0.113.2', uplink: 'wan0' })
  assert.deepEqual(
    [run.verdict, run.steps[0]!.address, run.steps.at(-1)!.address],
    ['good', '198.51.100.1', '203.0.113.2'],
    JSON.stringify(run),
  )
})

test('sizes: what an uplink takes is found, and to a peer the datapath’s own figure is told', async () => {
  const wan = await carryOut('mtu', { to: '198.51.100.1', uplink: 'wan0' })
  assert.match(wan.sentence!, /packets of up to 1500 bytes whole/)
  const peer = await carryOut('mtu', { peer: 'lisbon' })
  const [, bytes] = /up to (\d+) bytes whole/.exec(peer.sentence!) ?? []
  assert.ok(Number(bytes) > 1300 && Number(bytes) < 1500, peer.sentence!)
})

test('a speed test gets what the link takes, each way; meanwhile nobody else is let in, and then nothing listens', async () => {
  const { id } = await ask<RunAnswer>('/api/v1/diagnose/speed', { peer: 'lisbon', seconds: 4 })
  const standing = () => ask<RunAnswer>(`/api/v1/diagnose/runs/${id}`)
  const listening = () => lab.exec('lisbon', ['ss', '-Hltn', 'sport = :5210'])
  const admitted = () => lab.exec('lisbon', ['nft', 'list', 'set', 'inet', 'causeway', 'speed4'])
  const under = await until(
    standing,
    ({ steps, isDone }) => isDone || steps.some(({ number }) => number !== null),
  )
  assert.equal(under.isDone, false, JSON.stringify(under))
  assert.match(await listening(), /10\.2\.0\.1:5210/)
  assert.match(await admitted(), /10\.1\.0\.1 \. 10\.2\.0\.1 \. 5210 timeout/)
  const connect = ['timeout', '1', 'bash', '-c', 'exec 3<>/dev/tcp/10.2.0.1/5210']
  for (const host of ['lisbon-host', 'berlin-host'])
    assert.equal((await lab.attempt(host, connect)).code, 124, `${host} is let in`)
  const run = await until(standing, ({ isDone }) => isDone)
  const [, there, back] =
    /^([\d.]+) Mbit\/s to lisbon, ([\d.]+) Mbit\/s from lisbon/.exec(run.sentence!) ?? []
  for (const mbit of [there, back])
    assert.ok(Number(mbit) > 0.75 * linkMbit && Number(mbit) <= linkMbit, JSON.stringify(run))
  console.log(run.sentence)
  await until(listening, (text) => text === '')
  await until(admitted, (text) => !text.includes('elements'))
  const again = await carryOut('speed', { peer: 'lisbon', seconds: 2 })
  assert.match(
    again.sentence!,
    /^lisbon had a speed test with this box less than half a minute ago/,
  )
})

test('the test of an uplink finds all well, and says what a lab without Internet cannot tell', async () => {
  const run = await carryOut('link', { uplink: 'wan0' })
  const told = run.steps.map(({ verdict, sentence }) => `${verdict}: ${sentence}`).join('\n')
  assert.match(told, /^good: wan0 has a carrier/m)
  assert.match(told, /^good: The gateway \S+ answers \d of 3 pings/m)
  assert.match(told, /^unknown: Whether a sign-in page stands between cannot be told/m)
  assert.match(told, /^good: 1 of 1 paths to peers by it are up/m)
  assert.equal(run.verdict, 'good', told)
})

test('a recording of a LAN opens with tshark and tcpdump, and has headers alone', async () => {
  const file = await record(
    { lan: 'lan0', filter: { protocol: 'icmp', host: '10.2.0.10' } },
    pingFromHost,
  )
  const lines = tshark(
    file,
    '-T',
    'fields',
    '-e',
    'ip.src',
    '-e',
    'icmp.type',
    '-e',
    'frame.len',
    '-e',
    'frame.cap_len',
  )
  const requests = lines
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('10.1.0.10\t8'))
  assert.equal(requests.length, 5, lines)
  assert.match(requests[0]!, /\t98\t42$/)
  assert.ok(!readFileSync(file).includes(pattern, 0, 'hex'), 'a payload is in it')
  assert.match(tshark(file, '-T', 'fields', '-e', 'frame.interface_name'), /\S/)
  const read = execFileSync('tcpdump', ['-n', '-r', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  assert.match(read, /10\.1\.0\.10 > 10\.2\.0\.10: \[?\|?icmp|ICMP echo request/)
})

test('whole packets have payloads; at the uplink the same ones are sealed', async () => {
  const lan = await record({ lan: 'lan0', filter: { protocol: 'icmp' } }, pingFromHost, '/full')
  assert.ok(readFileSync(lan).includes(pattern, 0, 'hex'))
  const wan = await record({ uplink: 'wan0', filter: { protocol: 'udp' } }, pingFromHost, '/full')
  assert.ok(!readFileSync(wan).includes(pattern, 0, 'hex'), 'something leaves in clear')
  assert.match(tshark(wan, '-T', 'fields', '-e', 'udp.dstport'), /51820/)
})

test('flows are listed once there is something to decide, with policy, peer and path', async () => {
  await reconfigure(lab, 'berlin', (config) => {
    config.policies = [{ name: 'pings', for: { segments: ['office'] }, class: 'voice' }]
  })
  await awaitReachable(lab, 'berlin', 'lisbon')
  await pingFromHost()
  const { flows, places } = await ask<FlowsAnswer>('/api/v1/flows')
  const found = flows.find(({ source, protocol }) => source === '10.1.0.10' && protocol === 1)
  assert.ok(found !== undefined, JSON.stringify(flows))
  const { verdict, destination, segment, peer, uplink, policy, packets } = found
  assert.deepEqual(
    [verdict, destination, segment, peer, uplink, policy, found.class],
    ['to-peer', '10.2.0.10', 'office', 'lisbon', 'wan0', 'pings', 'voice'],
  )
  assert.ok(packets! >= 5 && places! >= 16)
})

test('the log has what the gateway wrote, and the bundle opens and holds none of its keys', async () => {
  const { lines } = await ask<LogAnswer>('/api/v1/log')
  assert.ok(lines.some(({ message }) => message === 'gateway ready'))
  const { bytes } = await requestBytes(socket, '/api/v1/bundle')
  const file = join(folder, 'bundle.tar.gz')
  writeFileSync(file, bytes)
  execFileSync('tar', ['xzf', file, '-C', folder, '--strip-components=1'])
  const routes = readFileSync(join(folder, 'kernel/routes.txt'), 'utf8')
  assert.match(routes, /10\.2\.0\.0\/24/)
  assert.match(readFileSync(join(folder, 'kernel/nics.txt'), 'utf8'), /mtu/)
  const all = execFileSync('tar', ['xzOf', file])
  const { wireKey, deviceKey } = placesOf(lab.names.instance('berlin'))
  for (const path of [wireKey, deviceKey]) {
    const key = readFileSync(path)
    const text = key
      .toString('latin1')
      .replace(/-----[^-]+-----/g, '')
      .trim()
    assert.ok(!all.includes(text.split('\n')[0]!), path)
    if (key.length === 32)
      assert.ok(!all.includes(key.toString('base64')) && !all.includes(key.toString('hex')))
  }
})
