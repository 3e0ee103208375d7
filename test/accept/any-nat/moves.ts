/**
 * 1,000 packets a second each way between two branches, while the way they take changes: from the relay to the direct way when
 * that is found, to the relay and back when the direct way becomes worse than a policy allows, and when a NAT blocks it. What
 * is moved loses nothing; what a wall swallows before anybody can know of it is a gap, and is said.
 */
import { startDetour } from '../../lab/detour.ts'
import { plantDrop } from '../../lab/faults.ts'
import type { FlowAccount } from '../../lab/gaps.ts'
import { hostAddress } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Nat, natsOf } from '../../lab/nat.ts'
import { describeNatSites, publicPrefixes } from '../../lab/nat-sites.ts'
import { type PacedFlows, type PaceReport, startPace } from '../../lab/pace.ts'
import { lookAt } from '../../lab/status.ts'
import { waitFor } from '../../lab/until.ts'
import { nowNs, type Wan } from '../../lab/wan.ts'
import type { Check, Line } from '../line.ts'
import type { Cut } from '../many-links/cuts.ts'
import { lostBeside, silencesOf } from '../many-links/silence.ts'
import { directMs } from './expected.ts'
import { firstAnswer, openScene, type Scene } from './scene.ts'

const ratePps = 1_000
const basePort = 9_100
const linkDelayMs = 10
/** One way, direct: beyond what the policy takes, and well within it by the relay, which takes 40 ms. */
const slowMs = 150
const policy = { name: 'default', latencyMs: 100 }
const againMs = 60_000
const steerMs = 30_000
const gapMs = 600
const blockedMs = 1_500
const lookMs = 200
/** So long nothing goes directly at first, under all that load: by then the pauses of a search are as long as they become. */
const shutMs = 65_000
/** Times that the direct way becomes slow. */
const rounds = { full: 4, quick: 1 }

const sides = ['left', 'right'] as const

interface Moves {
  readonly cuts: Cut[]
  /** From the unblocking to the first data that went directly. */
  readonly againMs: number[]
  /** How long it took until all went by the relay, where the direct way was slow; null: never. */
  readonly steeredMs: (number | null)[]
}

export const moves: Line = {
  name: 'moves',
  title:
    'relay to direct and back at 1,000 packets/s: 0 lost; direct ≤ 60 s after the NAT is relaxed',
  isQuickBeside: true,
  faults: {
    'lossy-lan': 'lost where the way',
    'stays-shut': 'direct after',
    'stays-quick': 'by the relay',
    stall: 'a wall between',
    asleep: 'a direct way is looked for',
  },
  measure: async ({ isQuick, fault }) => {
    await using scene = await openScene(describe(), { onBuilt: shut })
    const { lab } = scene
    const detour = await startDetour(lab, publicPrefixes)
    await firstAnswer(scene, directMs.spray)
    await scene.pings.program.stop()
    const lossy = `udp dport ${basePort} numgen inc mod 700 == 0`
    if (fault === 'lossy-lan') await plantDrop(lab, 'right-host', 'input', lossy)
    const flows = await startFlows(lab)
    const [nat] = natsOf(lab, 'left') as [Nat]
    const searches = isQuick && fault !== 'asleep' ? [] : [await staysShut(scene, fault)]
    const made: Moves = { cuts: [], againMs: [], steeredMs: [] }
    made.againMs.push(fault === 'stays-shut' ? againMs : await relax(scene, nat))
    if (!isQuick || fault === 'stall') {
      made.cuts.push(await wall(scene, nat, fault === 'stall'))
      made.againMs.push(await relax(scene, nat))
    }
    const steers = fault === 'stays-shut' ? 0 : rounds[isQuick ? 'quick' : 'full']
    for (let round = 1; round <= steers; round++) {
      made.steeredMs.push(await steer(scene, detour, fault))
      if (round < steers) made.againMs.push(await steerBack(scene, detour))
    }
    const reports = await Promise.all(flows.map((one) => one.finish()))
    for (const one of flows) await one[Symbol.asyncDispose]()
    return [...searches, ...checksOf(made, reports)]
  },
}

function describe() {
  const way = { delayMs: linkDelayMs }
  return describeNatSites('port-restricted', 'port-restricted', {
    policies: [policy],
    link: () => ({ emulated: { up: way, down: way } }),
  })
}

/** Nothing goes directly at first. */
async function shut(lab: Lab): Promise<void> {
  const [nat] = natsOf(lab, 'right') as [Nat]
  await natsOf(lab, 'left')[0]!.block([nat.publicAddress])
}

async function startFlows(lab: Lab): Promise<PacedFlows[]> {
  const ways = [
    ['left', 'right'],
    ['right', 'left'],
  ] as const
  const started = await Promise.all(
    ways.map(([from, to], index) =>
      startPace(lab, `${from}-host`, `${to}-host`, hostAddress(lab, to), {
        ratePps,
        port: basePort + index,
      }),
    ),
  )
  for (const one of started) await one.heard()
  return started
}

/** Once the way has been shut for a minute, with data: whether both ends still look for it, and when next. */
async function staysShut(scene: Scene, fault: string | undefined): Promise<Check> {
  const { lab, crossings } = scene
  const gateways = sides.map((side) => lab.processes.get(side)!.gateway)
  const before = await crossings()
  if (fault === 'asleep') for (const gateway of gateways) gateway.signal('SIGSTOP')
  await new Promise((passed) => setTimeout(passed, shutMs))
  const next = await Promise.all(sides.map((side, index) => nextTry(lab, side, sides[1 - index]!)))
  if (fault === 'asleep') for (const gateway of gateways) gateway.signal('SIGCONT')
  const after = await crossings()
  const isShut = sides.every((side) => after[side].data === before[side].data)
  return {
    check: `a direct way is looked for, after ${shutMs / 1_000} s of data by the relay`,
    target: `again within ${againMs / 1_000} s, by both ends`,
    figure: `${sides.map((side, index) => `${side}: ${next[index]}${typeof next[index] === 'number' ? ' s' : ''}`).join(', ')}${isShut ? '' : '; it was not shut'}`,
    isOk: isShut && next.every((one) => one === 'now' || Number(one) <= againMs / 1_000),
  }
}

/** In how many seconds a site looks for a direct way to the peer again; `never` if it does not, or says nothing. */
async function nextTry(lab: Lab, site: string, peer: string): Promise<number | 'now' | 'never'> {
  const look = await lookAt(lab, site).catch(() => null)
  const reach = look?.status.peers.find(({ name }) => name === peer)?.reach
  if (reach?.how === 'relayed' && reach.reason === 'trying') return 'now'
  const seconds = reach?.nextTrySeconds ?? null
  return seconds === null ? 'never' : Math.ceil(seconds)
}

async function relax(scene: Scene, nat: Nat): Promise<number> {
  return comesBack(scene, () => nat.unblock())
}

/** @returns how long it takes from then on until data goes directly both ways, a minute and more if it does not */
async function comesBack(scene: Scene, change: () => Promise<void>): Promise<number> {
  const beganMs = performance.now()
  const before = await scene.crossings()
  await change()
  await waitFor(async () => {
    const now = await scene.crossings()
    const isBoth = now.left.data > before.left.data && now.right.data > before.right.data
    return isBoth ? now : null
  }, beganMs + againMs)
  const tookMs = performance.now() - beganMs
  await new Promise((passed) => setTimeout(passed, lookMs))
  return tookMs
}

/** Makes the direct way slow. @returns how long it takes until nothing goes by it any more */
async function steer(scene: Scene, detour: Wan, fault: string | undefined): Promise<number | null> {
  const beganMs = performance.now()
  if (fault !== 'stays-quick') await detour.set('both', { delayMs: slowMs })
  const untilMs = beganMs + (fault === 'stays-quick' ? steerMs / 10 : steerMs)
  const ended = await waitFor(async () => {
    const before = await scene.crossings()
    await new Promise((passed) => setTimeout(passed, lookMs))
    const now = await scene.crossings()
    const isStill = now.left.data === before.left.data && now.right.data === before.right.data
    return isStill ? performance.now() : null
  }, untilMs)
  return ended === null ? null : ended - lookMs - beganMs
}

/** @returns how long it takes until data goes directly both ways again */
async function steerBack(scene: Scene, detour: Wan): Promise<number> {
  return comesBack(scene, async () => void (await detour.clear()))
}

/** The NAT lets nothing more through to the other branch and from it. */
async function wall(scene: Scene, nat: Nat, isStall: boolean): Promise<Cut> {
  const { lab } = scene
  const cutNs = nowNs()
  const [other] = natsOf(lab, 'right') as [Nat]
  await nat.block([other.publicAddress])
  if (isStall) {
    await lab.wan('left', 'wan0').cut()
    await new Promise((passed) => setTimeout(passed, gapMs))
    await lab.wan('left', 'wan0').mend()
  }
  await new Promise((passed) => setTimeout(passed, blockedMs))
  return { kind: 'wall', isBothWays: true, cutNs, untilNs: nowNs() }
}

function checksOf(
  { cuts, againMs: again, steeredMs }: Moves,
  reports: readonly PaceReport[],
): Check[] {
  const flows = reports.flatMap((report) => report.flows)
  const sent = flows.reduce((sum, flow) => sum + flow.sent, 0)
  const missed = reports.reduce((sum, report) => sum + report.missed + report.refused, 0)
  const lost = lostBeside(cuts, flows)
  const count = `${again.length} to direct, ${steeredMs.length} to the relay`
  const slowest = Math.max(...again)
  const steered = steeredMs.map((ms) => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`))
  return [
    {
      check: `lost where the way changes (${count})`,
      target: '0',
      figure: `${lost} of ${sent}${missed === 0 ? '' : `; ${missed} missed by the measuring`}`,
      isOk: lost === 0 && missed === 0,
    },
    {
      check: 'direct after the NAT is relaxed, or the direct way quick again',
      target: `≤ ${againMs / 1_000} s`,
      figure: again.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', '),
      isOk: slowest < againMs,
    },
    {
      check: 'by the relay, once the direct way is slower than the policy takes',
      target: 'yes',
      figure: steered.join(', '),
      isOk: !steeredMs.includes(null),
    },
    ...(cuts.length === 0 ? [] : [wallCheck(cuts, flows)]),
  ]
}

/** A wall says nothing: what is under way when it comes is gone, and so is what is sent until silence is a proof. */
function wallCheck(cuts: readonly Cut[], flows: readonly FlowAccount[]): Check {
  const silences = silencesOf(cuts, flows).map(({ ms }) => ms)
  const lost = flows.reduce((sum, flow) => sum + flow.lost, 0) - lostBeside(cuts, flows)
  const most = Math.max(...silences)
  return {
    check: 'a wall between two direct ends: longest silence until all goes by the relay',
    target: `≤ ${gapMs} ms`,
    figure: `${most.toFixed(0)} ms (${lost} packets of both ways in it)`,
    isOk: most <= gapMs && most > 0,
  }
}
