/**
 * Two uplinks each, of which one of Berlin's crosses a middle that carries 1280 bytes and says nothing of it: each path has its
 * own MTU, TCP keeps to the least and survives the move, a packet is told what its own path takes, and so is the box. The narrow
 * one is a backup. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { PathCounters } from '../../firmware/model/path-program.ts'
import { startCapture } from './capture.ts'
import { describeManyLinks } from './description.ts'
import { awaitReachable, fetchFile, hostAddress, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { openPaths, type SitePaths } from './paths.ts'
import { freshDrops } from './status.ts'
import { startSteady } from './steady.ts'

const narrowMtu = 1280
/** wire.md: 68 bytes of overhead over IPv4. */
const wide = 1500 - 68
const narrow = narrowMtu - 68
const icmpOverhead = 28
const tcpOverhead = 40
const searchMs = 5_000
const narrowWay = { mtuBytes: narrowMtu }
/** Without it, what is sent takes whichever way fared better with the first packets. */
const more = { backup: true }
/** A path that was down is used again after 30 s, by flows that left it within three more. */
const settleMs = 45_000
const comeBackMs = 4_000
const mostAttempts = 3
const lookMs = 50
const sites = ['berlin', 'lisbon'] as const

let lab: Lab
const ends: SitePaths[] = []

before(async () => {
  const emulated = { up: narrowWay, down: narrowWay }
  const isNarrowLink = (site: string, number: number): boolean => site === 'berlin' && number === 1
  lab = await openLab(
    describeManyLinks({
      uplinks: 2,
      link: (site, number) => (isNarrowLink(site, number) ? { emulated, more } : {}),
    }),
  )
  await lab.start()
  await startServers(lab)
  await awaitReachable(lab, 'berlin', 'lisbon')
  for (const site of sites) ends.push(await openPaths(lab, site))
})
after(async () => {
  for (const end of ends) await end[Symbol.asyncDispose]()
  await lab?.[Symbol.asyncDispose]()
})

/** Whether a path takes Berlin's narrow uplink; both ends number their own. */
function isNarrow(end: SitePaths, { uplink, remoteAddress }: PathCounters): boolean {
  if (end === ends[0]) return uplink === 1
  return remoteAddress === lab.sites[0]!.wans[1]!.address.split('/')[0]
}

/** The MTU of each path, by Berlin's uplink. */
async function mtusOf(end: SitePaths): Promise<readonly (readonly [number, number])[]> {
  const paths = (await end.read()).filter(({ state }) => state === 'up')
  return paths.map((path) => [isNarrow(end, path) ? 1 : 0, path.mtuBytes] as const)
}

function isRight([uplink, mtuBytes]: readonly [number, number]): boolean {
  return mtuBytes === (uplink === 1 ? narrow : wide)
}

async function ping(from: string, to: string, bytes: number) {
  const size = String(bytes - icmpOverhead)
  return lab.attempt(from, ['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', size, to])
}

/** What each site has refused as too big. */
async function tooBig(): Promise<readonly (number | undefined)[]> {
  return Promise.all(sites.map(async (site) => (await freshDrops(lab, site)).reasons.too_big))
}

test('each path finds out its own, at both ends, also those that carry nothing', async () => {
  const deadlineMs = performance.now() + searchMs
  for (const end of ends) {
    let found = await mtusOf(end)
    while (found.length < 4 || !found.every(isRight)) {
      assert.ok(performance.now() < deadlineMs, JSON.stringify(found))
      await new Promise((passed) => setTimeout(passed, lookMs))
      found = await mtusOf(end)
    }
  }
})

/**
 * Done while what Berlin and Lisbon send each other takes the wide way. A wire that is kept waiting for its processor is a silent
 * path, which is left for half a minute: where that came in between, and only then, it is done once more.
 */
async function onWide<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const before = await untilWide()
    try {
      return await step()
    } catch (error) {
      if (attempt === mostAttempts || (await downsOfWide()) === before) throw error
    }
  }
}

/** What came back is taken again in steps, so it has to be so for a while. @returns as `downsOfWide` when it is */
async function untilWide(): Promise<number> {
  const deadlineMs = performance.now() + settleMs
  let sinceMs: number | undefined
  for (;;) {
    const downs = await downsOfWide()
    const all = await Promise.all(ends.map((end) => end.read()))
    const best = all.map((paths) => paths.find(({ isBest }) => isBest))
    const isWide = best.every((path, end) => path !== undefined && !isNarrow(ends[end]!, path))
    sinceMs = isWide ? (sinceMs ?? performance.now()) : undefined
    if (sinceMs !== undefined && performance.now() - sinceMs >= (downs === 0 ? 0 : comeBackMs)) {
      return downs
    }
    assert.ok(performance.now() < deadlineMs, JSON.stringify(best))
    await new Promise((passed) => setTimeout(passed, lookMs))
  }
}

/** How often the wide paths went down, at both ends together. */
async function downsOfWide(): Promise<number> {
  let downs = 0
  for (const end of ends) {
    const wideOnes = (await end.read()).filter((path) => !isNarrow(end, path))
    downs += wideOnes.reduce((sum, path) => sum + path.downs, 0)
  }
  return downs
}

test('what is sent takes the wide one, for the narrow one is a backup, at both ends', async () => {
  await untilWide()
})

test('TCP is held to the least of all, packets to what their own path takes', async () => {
  await onWide(tryWide)
})

async function tryWide(): Promise<void> {
  await lab.exec('berlin-host', ['ip', 'route', 'flush', 'cache'])
  const filter = 'tcp[tcpflags] & tcp-syn != 0'
  await using atBerlin = await startCapture(lab, 'berlin-host', 'eth0', filter)
  await using atLisbon = await startCapture(lab, 'lisbon-host', 'eth0', filter)
  const fetched = await fetchFile(lab, 'berlin', 'lisbon', { seed: 1, bytes: 100_000 })
  assert.equal(fetched.isEqual, true)
  const said: number[] = []
  for (const capture of [atBerlin, atLisbon]) {
    for (const { bytes } of (await capture.finish()).frames) {
      said.push(bytes.readUInt16BE(14 + 20 + 20 + 2))
    }
  }
  const own = 1500 - tcpOverhead
  const clamped = narrow - tcpOverhead
  assert.deepEqual(
    said.toSorted((a, b) => a - b),
    [clamped, clamped, own, own],
  )
  const whole = await ping('berlin-host', hostAddress(lab, 'lisbon'), wide)
  assert.equal(whole.code, 0, whole.stdout)
}

test('a connection survives the move to the narrow path, and nobody has to be told', async () => {
  const tooBigBefore = await tooBig()
  await using tcp = await onWide(async () => {
    await using unless = new AsyncDisposableStack()
    const started = unless.use(await startSteady(lab, 'berlin', 'lisbon'))
    assert.equal((await ends[0]!.inUse('lisbon')).uplink, 0)
    unless.move()
    return started
  })
  await lab.wan('berlin', 'wan0').cut()
  await new Promise((passed) => setTimeout(passed, 2_000))
  assert.equal((await ends[0]!.inUse('lisbon')).uplink, 1)
  const { sent, received, isEqual, longestMs } = await tcp.finish()
  assert.deepEqual([received, isEqual], [sent, true])
  assert.ok(longestMs < 1_500, `silent for ${longestMs} ms`)
  assert.deepEqual(await tooBig(), tooBigBefore)
})

test('hosts and boxes are told what the narrow path takes', async () => {
  const to = hostAddress(lab, 'lisbon')
  for (const from of ['berlin-host', 'berlin']) {
    const refused = await ping(from, to, narrow + 1)
    const said = new RegExp(`Frag needed and DF set \\(mtu = ${narrow}\\)`)
    assert.match(refused.stdout, said, from)
    const fits = await ping(from, to, narrow)
    assert.equal(fits.code, 0, `${from}: ${fits.stdout}`)
    const learned = await ping(from, to, narrow + 1)
    assert.match(learned.stderr, new RegExp(`message too long, mtu=${narrow}`), from)
  }
})
