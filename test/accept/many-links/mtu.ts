/**
 * The middle of a path carries less than its ends, and whatever would say so is lost: the path finds out by itself, TCP and IPv6
 * cross, senders that look after their size are told the right one, and a change is found out in time. 40 ms of round trip.
 */
import { chanceOf } from '../../lab/chance.ts'
import { describeManyLinks, type Family } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { fetchFile, hostAddress, startServers } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { openPaths, type SitePaths } from '../../lab/paths.ts'
import type { Program } from '../../lab/program.ts'
import type { Check, Context, Line } from '../line.ts'
import { families, forgetPaths, from, overheadOf, probe, to } from '../whole/mtu-parts.ts'
import { sendUncut } from './uncut.ts'

const linkDelayMs = 10
/** wire.md: where a search ends. */
const nearBytes = 8
const lookMs = 50
const foundMs = { first: 3_000, again: 10_000 }
const tcpBytes = 1024 * 1024
const tcpMs = 12_000
const uncutBytes = 1_400
const uncutCount = 10
const leastMtu6 = 1280
const packets6 = 20
const fullMtu = 1500
const seed = 8
/** Of the middle, one after the other; over IPv6 no link has less than 1280. */
const mtus: Readonly<Record<Family, readonly [number, number]>> = {
  4: [1280, 1124],
  6: [1400, 1280],
}
const changes = 8
const phaseMs = 2_500

const control = 'udp dport 51820 @th,64,8 0xd2'
const data = 'udp dport 51820 @th,64,8 0xd1'
/** What does not get through either, so that a check is seen to notice; the pieces of IPv6 packets by their sizes. */
const lostIn: Readonly<Record<string, string>> = {
  'tcp-hole': `${data} meta length > 1000`,
  'half-packets': `${data} meta length { 150-160, 300-316 }`,
  'lost-probes': `${control} meta length > 700`,
  'lost-later': `${control} meta length > 700`,
}

export const mtu: Line = {
  name: 'mtu',
  title: 'a middle that carries less and says nothing: the path MTU is found, and all cross',
  isQuickBeside: true,
  faults: {
    'lost-probes': 'path MTU found,',
    'lost-later': 'path MTU found again',
    'tcp-hole': 'TCP',
    'deaf-sender': 'UDP sender',
    'half-packets': 'IPv6 packets of 1280',
  },
  measure: async (context) => {
    const isQuick = context.isQuick || context.fault !== undefined
    const checks: Check[] = []
    for (const outer of isQuick ? ([4] as const) : families) {
      checks.push(...(await measureOver(outer, { ...context, isQuick })))
    }
    return checks
  },
}

/** A lab, the paths at both ends, and what crosses them outside. */
interface Scene {
  readonly lab: Lab
  readonly outer: Family
  readonly ends: readonly SitePaths[]
}

async function measureOver(outer: Family, { isQuick, fault }: Context): Promise<Check[]> {
  const [first, second] = mtus[outer]
  await using lab = await openLab(describe(outer, first))
  if (fault === 'lost-probes') await plant(lab, fault)
  await lab.start()
  await startServers(lab)
  await using berlin = await openPaths(lab, from)
  await using lisbon = await openPaths(lab, to)
  const scene: Scene = { lab, outer, ends: [berlin, lisbon] }
  const checks = [await checkFound(scene, first, 'path MTU found,', foundMs.first)]
  if (fault === 'deaf-sender') {
    await plantDrop(lab, `${from}-host`, 'input', 'icmp type destination-unreachable icmp code 4')
  } else if (fault !== undefined && fault !== 'lost-probes') await plant(lab, fault)
  await using _ = startPings(lab)
  checks.push(...(await checkCrossing(scene, first)))
  checks.push(...(await checkShrinking(scene, second)))
  checks.push(...(await checkCrossing(scene, second, false)))
  if (isQuick) return checks
  checks.push(await checkChange(scene, fullMtu))
  checks.push(await checkChanges(scene))
  return checks
}

function describe(outer: Family, mtuBytes: number) {
  const way = { delayMs: linkDelayMs }
  return describeManyLinks({
    uplinks: 1,
    isV6: true,
    endpoints: [outer],
    seed,
    link: (site) => {
      const mine = site === from ? { ...way, mtuBytes } : way
      return { emulated: { up: mine, down: mine } }
    },
  })
}

async function plant(lab: Lab, fault: string): Promise<void> {
  await plantDrop(lab, 'internet', 'forward', lostIn[fault]!)
}

/** Both ends send, a little, all the time. */
function startPings(lab: Lab): Program {
  return lab.spawn(`${from}-host`, ['ping', '-n', '-q', '-i', '0.1', hostAddress(lab, to)])
}

async function setMiddle({ lab }: Scene, mtuBytes: number): Promise<void> {
  await lab.wan(from, 'wan0').set('both', { mtuBytes })
}

/** What a packet inside may have. */
function rightMtu({ outer }: Scene, middle: number): number {
  return Math.min(middle, fullMtu) - overheadOf(outer)
}

/** @returns what both ends have found; how long it took until both were right, null if it took too long */
async function search(scene: Scene, middle: number, limitMs: number) {
  const right = rightMtu(scene, middle)
  const startedMs = performance.now()
  for (;;) {
    const paths = (await Promise.all(scene.ends.map((end) => end.read()))).flat()
    const found = paths.filter(({ state }) => state === 'up').map(({ mtuBytes }) => mtuBytes)
    const ms = performance.now() - startedMs
    const areRight = found.every((bytes) => bytes <= right && bytes > right - nearBytes)
    if (areRight && found.length === scene.ends.length) return { found, ms }
    if (ms > limitMs) return { found, ms: null }
    await new Promise((passed) => setTimeout(passed, lookMs))
  }
}

async function checkFound(
  scene: Scene,
  middle: number,
  what: string,
  limitMs: number,
): Promise<Check> {
  const right = rightMtu(scene, middle)
  const { found, ms } = await search(scene, middle, limitMs)
  return {
    check: `${what} ${named(scene, middle)}`,
    target: `${right - nearBytes + 1} to ${right}, both ends, ≤ ${limitMs / 1000} s`,
    figure: `${found.join(', ') || 'no path'}${ms === null ? '' : ` after ${(ms / 1000).toFixed(1)} s`}`,
    isOk: ms !== null,
  }
}

function named({ outer }: Scene, middle: number): string {
  return `${middle}${outer === 6 ? ' (IPv6 outside)' : ''}`
}

async function checkChange(scene: Scene, middle: number): Promise<Check> {
  await setMiddle(scene, middle)
  return checkFound(scene, middle, 'path MTU found again,', foundMs.again)
}

/** TCP begins with the change: at first what it sends is lost. */
async function checkShrinking(scene: Scene, middle: number): Promise<Check[]> {
  await setMiddle(scene, middle)
  return Promise.all([
    checkFound(scene, middle, 'path MTU found again,', foundMs.again),
    checkTcp(scene, middle),
  ])
}

async function checkCrossing(scene: Scene, middle: number, hasTcp = true): Promise<Check[]> {
  await Promise.all(families.map((family) => forgetPaths(scene.lab, family)))
  const found = await Promise.all([
    ...(hasTcp ? [checkTcp(scene, middle)] : []),
    ...families.map((family) => checkUncut(scene, middle, family)),
    checkLeast6(scene, middle),
  ])
  return found
}

/** Both ways at once. */
async function checkTcp(scene: Scene, middle: number): Promise<Check> {
  const { lab } = scene
  const spec = { seed: middle, bytes: tcpBytes }
  const fetched = await Promise.all([
    fetchFile(lab, from, to, spec, tcpMs).catch(() => null),
    fetchFile(lab, to, from, spec, tcpMs).catch(() => null),
  ])
  const figures = fetched.map((one) => {
    if (one === null) return 'not complete'
    return `${one.isEqual ? 'equal' : 'NOT EQUAL'} after ${(one.ms / 1000).toFixed(1)} s`
  })
  return {
    check: `TCP over ${named(scene, middle)}: 1 MiB each way`,
    target: `equal, ≤ ${tcpMs / 1000} s`,
    figure: figures.join(', '),
    isOk: fetched.every((one) => one?.isEqual === true),
  }
}

/** It is told once, and all that it sends then comes back. */
async function checkUncut(scene: Scene, middle: number, family: Family): Promise<Check> {
  const { lab, ends } = scene
  const right = rightMtu(scene, middle)
  const { sent, answered, told } = await sendUncut(lab, from, to, {
    family,
    bytes: uncutBytes,
    count: uncutCount,
  })
  const mtuBytes = (await ends[0]!.read())[0]?.mtuBytes ?? 0
  const must = family === 6 ? Math.max(mtuBytes, leastMtu6) : mtuBytes
  const isNear = mtuBytes <= right && mtuBytes > right - nearBytes
  return {
    check: `UDP sender of ${uncutBytes} bytes told, IPv${family} over ${named(scene, middle)}`,
    target: `${family === 6 ? Math.max(right, leastMtu6) : right}, then all answered`,
    figure: `${told === 0 ? 'nothing' : told}, ${answered} of ${sent} answered`,
    isOk: isNear && told === must && sent === uncutCount && answered === sent - 1,
  }
}

async function checkLeast6(scene: Scene, middle: number): Promise<Check> {
  const ways = [
    [from, to],
    [to, from],
  ] as const
  const counts = await Promise.all(
    ways.map(([near, far]) => probe(scene.lab, near, far, 6, leastMtu6, packets6)),
  )
  return {
    check: `IPv6 packets of ${leastMtu6} cross ${named(scene, middle)}`,
    target: `${packets6} of ${packets6} each way`,
    figure: counts.map(({ count }) => count).join(', '),
    isOk: counts.every(({ count }) => count === packets6),
  }
}

/** At any moment, to any size. */
async function checkChanges(scene: Scene): Promise<Check> {
  const chance = chanceOf(seed)
  const least = scene.outer === 4 ? 576 : leastMtu6
  const seconds: number[] = []
  const wrong: string[] = []
  for (let change = 0; change < changes; change++) {
    await new Promise((passed) => setTimeout(passed, chance() * phaseMs))
    const middle = least + Math.floor(chance() * (fullMtu + 1 - least))
    await setMiddle(scene, middle)
    const { found, ms } = await search(scene, middle, foundMs.again)
    seconds.push((ms ?? Number.POSITIVE_INFINITY) / 1000)
    if (ms === null) wrong.push(`${rightMtu(scene, middle)}: ${found.join(', ')}`)
  }
  return {
    check: `path MTU found again, ${changes} changes${scene.outer === 6 ? ' (IPv6 outside)' : ''}`,
    target: `each ≤ ${foundMs.again / 1000} s`,
    figure: wrong.join('; ') || `at most ${Math.max(...seconds).toFixed(1)} s`,
    isOk: wrong.length === 0,
  }
}
