/**
 * Two segments on one box, both families: neither reaches the other's hosts nor the box's addresses in it, but for what a
 * rule allows, and no longer than it does. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bare, describeWhole } from './description.ts'
import { type Lab, openLab } from './lab.ts'
import type { Program } from './program.ts'
import { reconfigure } from './reconfigure.ts'

const office = 'berlin-host'
const cameras = 'berlin-cameras'
const viewPort = 8443
let lab: Lab
let server: Program

/** Of berlin's LAN: the box and the host, in each family. */
function addresses(place: 'host' | 'cameras'): { box: string[]; host: string[] } {
  const lan = lab.sites[0]!.lans.find((one) => one.place === place)!
  return {
    box: [bare(lan.address), bare(lan.v6!.address)],
    host: [bare(lan.host), bare(lan.v6!.host)],
  }
}

async function answers(from: string, to: string): Promise<boolean> {
  const argv = ['ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', to]
  return (await lab.attempt(from, argv)).code === 0
}

async function connects(from: string, to: string, port: number): Promise<boolean> {
  const script = `const s = require('node:net').connect(${port}, '${to}');
    s.setTimeout(1500, () => process.exit(1)); s.on('error', () => process.exit(1));
    s.on('connect', () => process.exit(0))`
  return (await lab.attempt(from, [process.execPath, '-e', script])).code === 0
}

async function serve(where: string, port: number): Promise<Program> {
  const script = `require('node:net').createServer((s) => { s.on('error', () => {}); s.pipe(s) })
    .listen(${port}, '::', () => console.log('listening'))`
  const program = lab.spawn(where, [process.execPath, '-e', script])
  await program.line((line) => line.includes('listening'), 10_000)
  return program
}

before(async () => {
  lab = await openLab(describeWhole(2))
  await lab.start()
  server = await serve(cameras, viewPort)
  await serve(office, viewPort)
})
after(async () => await lab?.[Symbol.asyncDispose]())

test("each segment's hosts reach the box at its addresses there, and at no other", async () => {
  const own = [
    [office, addresses('host').box, addresses('cameras').box],
    [cameras, addresses('cameras').box, addresses('host').box],
  ] as const
  for (const [from, boxHere, boxThere] of own) {
    for (const to of boxHere) assert.equal(await answers(from, to), true, `${from} ${to}`)
    for (const to of [
      ...boxThere,
      bare(lab.sites[0]!.wan.address),
      bare(lab.sites[0]!.wan.v6!.address),
    ]) {
      assert.equal(await answers(from, to), false, `${from} ${to}`)
    }
  }
})

test('between segments nothing passes', async () => {
  for (const to of addresses('cameras').host) {
    assert.equal(await answers(office, to), false, to)
    assert.equal(await connects(office, to, viewPort), false, to)
  }
  for (const to of addresses('host').host)
    assert.equal(await connects(cameras, to, viewPort), false)
})

test('a rule lets one side begin, and what it allowed ends with it', async () => {
  const rule = {
    name: 'view',
    action: 'allow',
    from: { segment: 'office' },
    to: { segment: 'cameras' },
    protocol: 'tcp',
    ports: [viewPort],
  }
  await reconfigure(lab, 'berlin', (config) => ({ ...config, acl: [rule] }))
  for (const to of addresses('cameras').host) {
    assert.equal(await connects(office, to, viewPort), true, to)
    assert.equal(await connects(office, to, viewPort + 1), false, to)
  }
  for (const to of addresses('host').host)
    assert.equal(await connects(cameras, to, viewPort), false)

  const [to] = addresses('cameras').host
  const talk = `const s = require('node:net').connect(${viewPort}, '${to}');
    s.on('data', () => console.log('echo')); s.on('error', () => process.exit(0));
    setInterval(() => s.write('x'), 100)`
  await using talker = lab.spawn(office, [process.execPath, '-e', talk])
  await talker.line((line) => line === 'echo', 10_000)
  await reconfigure(lab, 'berlin', (config) => ({ ...config, acl: [] }))
  await new Promise((passed) => setTimeout(passed, 500))
  const before = talker.tail.length
  await new Promise((passed) => setTimeout(passed, 1_000))
  assert.equal(talker.tail.length, before, 'a flow outlived its rule')
  assert.ok(server.isRunning)
})
