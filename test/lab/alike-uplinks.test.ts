/**
 * A box with two uplinks behind a modem each, alike in network, gateway and address, and one that is another's: the overlay
 * runs by each of them, whoever is gone, and breakout by the first that has a carrier. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { describeManyLinks } from './description.ts'
import { awaitReachable } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { until } from './until.ts'

const alike = '192.168.1.2'
/** In the internet, and of no access network of this site. */
const far = '203.0.113.1'
let lab: Lab

const link = (uplink: string): ReturnType<Lab['wan']> => lab.wan('berlin', uplink)

/** How many frames of the box's have crossed an uplink. */
async function sentBy(uplink: string): Promise<number> {
  return (await link(uplink).read()).up.left
}

/** From the LAN. */
async function reaches(address: string): Promise<boolean> {
  const argv = ['ping', '-n', '-c', '1', '-W', '1', address]
  return (await lab.attempt('berlin-host', argv)).code === 0
}

const breaksOut = (): Promise<boolean> => reaches(far)

/** By which uplink the LAN's packets leave to the Internet. */
async function exit(): Promise<string | null> {
  const argv = ['ip', 'route', 'get', far, 'from', '10.1.0.10', 'iif', 'lan0']
  const { stdout } = await lab.attempt('berlin', argv)
  return /dev (\S+)/.exec(stdout)?.[1] ?? null
}

/** The far end of an uplink's cable. */
async function plug(state: 'up' | 'down', where: string, nic: string): Promise<void> {
  await lab.exec(where, ['ip', 'link', 'set', nic, state])
}

before(async () => {
  lab = await openLab(
    describeManyLinks({
      uplinks: 3,
      natted: { berlin: [1, 2] },
      segments: [{ name: 'office', vni: 100, breakout: true }],
      link: (site, number) => (site === 'berlin' && number === 2 ? { isDhcp: true } : {}),
    }),
  )
  await lab.start()
})

after(() => lab?.[Symbol.asyncDispose]())

test('each of the two has the address, and a socket of its own at it', async () => {
  await until('the lease', async () => {
    const sockets = await lab.exec('berlin', ['ss', '-Huln'])
    return ['wan1', 'wan2'].every((uplink) => sockets.includes(`${alike}%${uplink}:51820 `))
  })
  for (const uplink of ['wan1', 'wan2']) {
    const addresses = await lab.exec('berlin', ['ip', '-4', '-o', 'addr', 'show', 'dev', uplink])
    assert.match(addresses, /inet 192\.168\.1\.2\/24 /)
  }
})

test('the overlay runs by each of them alone', async () => {
  await awaitReachable(lab, 'berlin', 'lisbon')
  const uplinks = ['wan0', 'wan1', 'wan2']
  for (const only of ['wan2', 'wan1', 'wan0']) {
    for (const uplink of uplinks) {
      await (uplink === only ? link(uplink).mend() : link(uplink).cut())
    }
    const before = await sentBy(only)
    await until(`overlay by ${only}`, () => reaches('10.2.0.10'))
    assert.ok((await sentBy(only)) > before, only)
  }
  for (const uplink of uplinks) await link(uplink).mend()
})

test('breakout goes by the next uplink when the first has no carrier, and back again', async () => {
  await until('breakout', breaksOut)
  assert.equal(await exit(), 'wan0')
  for (const [state, where, nic, next] of [
    ['down', 'wan', 'berlin-box', 'wan1'],
    ['down', 'berlin1-nat', 'lan', 'wan2'],
    ['up', 'wan', 'berlin-box', 'wan0'],
    ['up', 'berlin1-nat', 'lan', 'wan0'],
  ] as const) {
    await plug(state, where, nic)
    await until(`exit by ${next}`, async () => (await exit()) === next)
    const before = await sentBy(next)
    await until(`breakout by ${next}`, breaksOut)
    assert.ok((await sentBy(next)) > before)
  }
})

test('a connection that has begun does not go on by another uplink with an address that is not its own', async () => {
  const server = lab.spawn('internet', [
    process.execPath,
    ...[
      '-e',
      `require('node:net').createServer((s) => { s.on('error', () => {}); s.on('data', () => s.write('x')) })
        .listen(7070, '${far}', () => console.log('listening'))`,
    ],
  ])
  await server.line((line) => line.includes('listening'), 10_000)
  const client = lab.spawn('berlin-host', [
    process.execPath,
    ...[
      '-e',
      `const s = require('node:net').connect(7070, '${far}')
        s.on('data', () => console.log('answered')); s.on('connect', () => s.write('a'))
        s.on('error', (e) => console.log(e.code)); setInterval(() => s.write('a'), 200).unref()
        s.on('close', () => process.exit(0))`,
    ],
  ])
  await client.line((line) => line === 'answered', 10_000)
  await plug('down', 'wan', 'berlin-box')
  await client.line((line) => line === 'ECONNRESET', 10_000)
  await plug('up', 'wan', 'berlin-box')
})
