/**
 * Two uplinks each, of which one of Berlin's crosses a middle that carries 1280 bytes and says nothing of it: each path has its
 * own MTU, TCP keeps to the least and survives the move, a packet is told what its own path takes, and so is the box. The narrow
 * one is a backup. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { PathCounters } from '../../firmware/model/path-program.ts'
import { startCapture } from './capture.ts'
import { bare, describeManyLinks } from './description.ts'
import { awaitReachable, fetchFile, hostAddress, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { mssOf } from './mss.ts'
import { openPaths, type SitePaths } from './paths.ts'
import { freshDrops } from './status.ts'
import { startSteady } from './steady.ts'
import { waitFor } from './until.ts'

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
/** A path that was down is used again after 30 s. The next time it takes longer, but there are two wide ones. */
const settleMs = 45_000
/** So long a step may fail and be begun anew. */
const stepMs = 90_000
/** A path that carries is down after more than twice that. */
const standMs = 100
const nsPerMs = 1_000_000
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
  return remoteAddress === bare(lab.sites[0]!.wans[1]!.address)
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

test('each path finds out its own, at both ends, also those that carry nothing', async () => {
  const deadlineMs = performance.now() + searchMs
  for (const end of ends) {
    const found = await waitFor(async () => {
      const mtus = await mtusOf(end)
      return mtus.length === 4 && mtus.every(isRight) ? mtus : null
    }, deadlineMs)
    assert.ok(found !== null, JSON.stringify(await mtusOf(end)))
  }
})

/**
 * Begins when both ends send by a wide path. A wire that is kept waiting for its processor is a silent path, which is rightly left
 * for half a minute: a step that fails is tried again where that was so, by the word of the wire, and a wide path went down.
 */
async function onWide<Result>(step: () => Promise<Result>): Promise<Result> {
  const untilMs = performance.now() + stepMs
  let failure: unknown
  for (;;) {
    await longestStandMs()
    const downs = await untilWide(failure)
    try {
      return await step()
    } catch (error) {
      failure = error
    }
    const hasStood = (await longestStandMs()) >= standMs
    if (!hasStood || (await look()).downs === downs || performance.now() > untilMs) throw failure
  }
}

/** @returns how often wide paths had gone down by then. @param failure why it is waited for again */
async function untilWide(failure: unknown): Promise<number> {
  const beganMs = performance.now()
  const found = await waitFor(async () => {
    const now = await look()
    return now.isWide ? now : null
  }, beganMs + settleMs)
  const cause = { cause: failure }
  if (found === null) throw new Error(`no wide path is used: ${await pathsNow()}`, cause)
  const waitedMs = performance.now() - beganMs
  if (found.downs > 0 || waitedMs < searchMs) return found.downs
  throw new Error(`none went down, and none was used for ${waitedMs} ms`, cause)
}

/** How often wide paths have gone down, at both ends together, and whether both send by one. */
async function look(): Promise<{ readonly downs: number; readonly isWide: boolean }> {
  let downs = 0
  let isWide = true
  for (const end of ends) {
    const paths = (await end.read()).filter((path) => !isNarrow(end, path))
    for (const path of paths) downs += path.downs
    isWide &&= paths.some(({ isBest, state }) => isBest && state === 'up')
  }
  return { downs, isWide }
}

async function pathsNow(): Promise<string> {
  return JSON.stringify(await Promise.all(ends.map((end) => end.read())))
}

/** The longest that a wire has kept a frame since this was asked last. */
async function longestStandMs(): Promise<number> {
  const wires = lab.sites.flatMap(({ name, wans }) =>
    wans.map(({ name: wan }) => lab.wan(name, wan)),
  )
  const readings = await Promise.all(wires.map((wire) => wire.read()))
  return Math.max(...readings.flatMap(({ up, down }) => [up.lateNs, down.lateNs])) / nsPerMs
}

/** Whether the path by which most leaves is a narrow one, at each end. */
async function narrowInUse(): Promise<readonly boolean[]> {
  const used = ends.map(async (end, at) => isNarrow(end, await end.inUse(sites[1 - at]!)))
  return Promise.all(used)
}

/** What each site has refused as too big. */
async function tooBig(): Promise<readonly number[]> {
  const counts = sites.map(async (site) => (await freshDrops(lab, site)).reasons.too_big)
  return (await Promise.all(counts)).map((count) => count ?? Number.NaN)
}

test('what is sent takes the wide one, for the narrow one is a backup, at both ends', async () => {
  await untilWide(undefined)
})

test('TCP is held to the least of all, packets to what their own path takes', async () => {
  const filter = 'tcp[tcpflags] & tcp-syn != 0'
  await using atBerlin = await startCapture(lab, 'berlin-host', 'eth0', filter)
  await using atLisbon = await startCapture(lab, 'lisbon-host', 'eth0', filter)
  const fetched = await fetchFile(lab, 'berlin', 'lisbon', { seed: 1, bytes: 100_000 })
  assert.equal(fetched.isEqual, true)
  const own = 1500 - tcpOverhead
  const clamped = narrow - tcpOverhead
  assert.deepEqual(mssOf(await atBerlin.finish()), { syn: own, synAck: clamped })
  assert.deepEqual(mssOf(await atLisbon.finish()), { syn: clamped, synAck: own })
  assert.deepEqual(await tooBig(), [0, 0])
  await onWide(async () => {
    // One that was refused before has told the host.
    await lab.exec('berlin-host', ['ip', 'route', 'flush', 'cache'])
    const whole = await ping('berlin-host', hostAddress(lab, 'lisbon'), wide)
    assert.equal(whole.code, 0, whole.stdout)
  })
})

test('a connection survives the move to the narrow path, and nobody has to be told', async () => {
  const refused = await tooBig()
  await using tcp = await onWide(async () => {
    await using unless = new AsyncDisposableStack()
    const started = unless.use(await startSteady(lab, 'berlin', 'lisbon'))
    assert.deepEqual(await narrowInUse(), [false, false])
    unless.move()
    return started
  })
  await lab.wan('berlin', 'wan0').cut()
  await new Promise((passed) => setTimeout(passed, 2_000))
  assert.deepEqual(await narrowInUse(), [true, true])
  const { sent, received, isEqual, longestMs } = await tcp.finish()
  assert.deepEqual([received, isEqual], [sent, true])
  assert.ok(longestMs < 1_500, `silent for ${longestMs} ms`)
  assert.deepEqual(await tooBig(), refused)
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
