/**
 * The path in use is cut, again and again, both ways and one way only, while 1,000 packets a second go each way and a TCP
 * connection goes on: how long each silence lasts. Once with the gateway processes running, once with them stopped: it is
 * the datapath that fails over.
 */
import { readFileSync } from 'node:fs'
import { quantile } from '../../bench/measure.ts'
import { chanceOf } from '../../lab/chance.ts'
import { describeManyLinks } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { awaitReachable, hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { type PacedFlows, type PaceReport, startPace } from '../../lab/pace.ts'
import { lookAt } from '../../lab/status.ts'
import { type Steady, startSteady } from '../../lab/steady.ts'
import type { Check, Context, Line } from '../line.ts'
import {
  type Cut,
  cutInTurns,
  openScene,
  type Scene,
  type Site,
  type Spoil,
  settled,
  sites,
} from './cuts.ts'
import { lostBeside, type Silence, silencesOf } from './silence.ts'

const ratePps = 1_000
const basePort = 9_100
const linkDelayMs = 10
const limitsMs = { p50: 350, p99: 450, most: 600 }
/** Three are no hundred: the one that a busy machine spoils is the 99th too. */
const quickLimitsMs = { ...limitsMs, p99: limitsMs.most }
const counts = { full: 200, quick: 3 }
const batch = 20
const stoppedMostMs = 50_000
const stallMs = 600
const seed = 4
const lossyLan = `udp dport ${basePort} numgen inc mod 700 == 0`

type Gateways = 'gateway running' | 'gateway stopped'

interface Series {
  readonly silences: Silence[]
  lostBeside: number
  /** Lost by the measuring itself. */
  missed: number
  longestStopMs: number
  /** Whether the gateways were stopped at the end of each batch. */
  readonly wereStopped: boolean[]
}

export const blackouts: Line = {
  name: 'blackouts',
  title: `the path in use is cut at ${ratePps} packets/s: traffic goes on within 350 ms, also without the gateway`,
  faults: {
    stall: 'gateway running: gap p50',
    'no-way': 'gateway running: gap, longest',
    beside: 'gateway running: blackouts',
    'lossy-lan': 'gateway running: lost beside',
    'gateway-runs': 'gateway stopped: gateways',
    'corrupt-tcp': 'TCP',
    'broken-tcp': 'TCP',
  },
  measure: async (context) => {
    const { isQuick, fault } = context
    await using lab = await openLab(describe())
    await lab.start()
    await awaitReachable(lab, 'berlin', 'lisbon')
    await using scene = await openScene(lab)
    await using tcp = await startSteady(lab, 'berlin', 'lisbon', fault === 'corrupt-tcp')
    const count = isQuick ? counts.quick : counts.full
    const chance = chanceOf(seed)
    if (fault === 'lossy-lan') await plantDrop(lab, 'lisbon-host', 'input', lossyLan)
    const running = await series(scene, 'gateway running', count, chance, context)
    const stopped = await series(scene, 'gateway stopped', count, chance, context)
    if (fault === 'broken-tcp') await tcp.server.stop('SIGKILL')
    return [
      ...checksOf('gateway running', running, count, isQuick),
      ...checksOf('gateway stopped', stopped, count, isQuick),
      await checkTcp(tcp),
    ]
  },
}

function describe() {
  const way = { delayMs: linkDelayMs }
  return describeManyLinks({
    uplinks: 2,
    seed,
    link: () => ({ emulated: { up: way, down: way } }),
  })
}

async function series(
  scene: Scene,
  gateways: Gateways,
  count: number,
  chance: () => number,
  { fault }: Context,
): Promise<Series> {
  const result: Series = {
    silences: [],
    lostBeside: 0,
    missed: 0,
    longestStopMs: 0,
    wereStopped: [],
  }
  const spoil = gateways === 'gateway running' ? spoilOf(scene.lab, fault) : {}
  for (let first = 0; first < count; first += batch) {
    await settled(scene)
    const flows = await startFlows(scene.lab)
    const isStopped = gateways === 'gateway stopped' && fault !== 'gateway-runs'
    // Where there are few, the second series has the kinds that the first one has not.
    const turn = gateways === 'gateway running' ? first : first + count
    const part = { first: turn, count: Math.min(batch, count - first) }
    const cuts = await withGateways(scene.lab, isStopped, result, async () =>
      cutInTurns(scene, part, chance, spoil),
    )
    const reports = await Promise.all(flows.map((one) => one.finish()))
    take(result, cuts, reports)
    for (const one of flows) await one[Symbol.asyncDispose]()
    await Promise.all(sites.map((site) => answers(scene.lab, site)))
  }
  return result
}

async function startFlows(lab: Lab): Promise<PacedFlows[]> {
  const ways: readonly (readonly [Site, Site])[] = [
    ['berlin', 'lisbon'],
    ['lisbon', 'berlin'],
  ]
  const flows = ways.map(([from, to], index) =>
    startPace(lab, `${from}-host`, `${to}-host`, hostAddress(lab, to), {
      ratePps,
      port: basePort + index,
    }),
  )
  const started = await Promise.all(flows)
  for (const one of started) await one.heard()
  return started
}

/** Stops both gateways meanwhile, if they are to be. */
async function withGateways<Result>(
  lab: Lab,
  isStopped: boolean,
  result: Series,
  task: () => Promise<Result>,
): Promise<Result> {
  const gateways = sites.map((site) => lab.processes.get(site)!.gateway)
  const beganMs = performance.now()
  if (isStopped) for (const gateway of gateways) gateway.signal('SIGSTOP')
  try {
    return await task()
  } finally {
    result.wereStopped.push(gateways.every(({ pid }) => stateOf(pid) === 'T'))
    for (const gateway of gateways) gateway.signal('SIGCONT')
    result.longestStopMs = Math.max(result.longestStopMs, performance.now() - beganMs)
  }
}

/** proc(5), field 3. */
function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2)[0]!
}

/** A gateway that was stopped is at work again. */
async function answers(lab: Lab, site: Site): Promise<void> {
  for (let left = 10; left > 0; left--) {
    const look = await lookAt(lab, site).catch(() => null)
    if (look?.status.peers.every(({ state }) => state === 'up') === true) return
    await new Promise((passed) => setTimeout(passed, 200))
  }
}

function take(result: Series, cuts: readonly Cut[], reports: readonly PaceReport[]): void {
  const flows = reports.flatMap((report) => report.flows)
  result.silences.push(...silencesOf(cuts, flows))
  result.lostBeside += lostBeside(cuts, flows)
  result.missed += reports.reduce((sum, { missed, refused }) => sum + missed + refused, 0)
}

function spoilOf(lab: Lab, fault: string | undefined): Spoil {
  if (fault === 'beside') return { isBeside: true }
  if (fault === 'no-way') return { isAll: true }
  if (fault === 'stall') return { onCut: () => stall(lab) }
  return {}
}

/** The datapaths are away for longer than a silence may be. */
async function stall(lab: Lab): Promise<void> {
  const datapaths = sites.map((site) => lab.processes.get(site)!.datapath)
  for (const datapath of datapaths) datapath.signal('SIGSTOP')
  await new Promise((passed) => setTimeout(passed, stallMs))
  for (const datapath of datapaths) datapath.signal('SIGCONT')
}

function checksOf(gateways: Gateways, result: Series, count: number, isQuick: boolean): Check[] {
  const limits = isQuick ? quickLimitsMs : limitsMs
  const { silences } = result
  const all = silences.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const check = (name: string, target: string, figure: string, isOk: boolean): Check => ({
    check: `${gateways}: ${name}`,
    target,
    figure,
    isOk,
  })
  const hit = all.filter((ms) => ms > 0).length
  const gap = (name: string, share: number, limitMs: number): Check => {
    const ms = quantile(all, share)
    return check(name, `≤ ${limitMs} ms`, figureOf(silences, share), ms <= limitMs)
  }
  return [
    check('blackouts that hit traffic', `${count} of ${count}`, String(hit), hit === count),
    gap('gap p50', 0.5, limits.p50),
    gap('gap p99', 0.99, limits.p99),
    gap('gap, longest', 1, limits.most),
    check(
      'lost beside the blackouts, and by the measuring',
      '0, 0',
      `${result.lostBeside}, ${result.missed}`,
      result.lostBeside + result.missed === 0,
    ),
    ...(gateways === 'gateway running' ? [] : [stopCheck(result, check)]),
  ]
}

function stopCheck(
  { wereStopped, longestStopMs }: Series,
  check: (name: string, target: string, figure: string, isOk: boolean) => Check,
): Check {
  const stopped = wereStopped.filter(Boolean).length
  const isOk = stopped === wereStopped.length && longestStopMs <= stoppedMostMs
  return check(
    'gateways stopped all the time',
    `${wereStopped.length} of ${wereStopped.length} batches, ≤ ${stoppedMostMs / 1000} s each`,
    `${stopped}, at most ${(longestStopMs / 1000).toFixed(1)} s`,
    isOk,
  )
}

/** Of all; and of those both ways and one way. */
function figureOf(silences: readonly Silence[], share: number): string {
  const of = (some: readonly Silence[]): string => {
    const sorted = some.map(({ ms }) => ms).toSorted((a, b) => a - b)
    return sorted.length === 0 ? '–' : quantile(sorted, share).toFixed(0)
  }
  const both = silences.filter(({ isBothWays }) => isBothWays)
  const one = silences.filter(({ isBothWays }) => !isBothWays)
  return `${of(silences)} ms (both ways ${of(both)}, one way ${of(one)})`
}

async function checkTcp(tcp: Steady): Promise<Check> {
  const name = 'TCP: one connection through all of it, its content'
  const target = 'all bytes, equal'
  try {
    const { sent, received, isEqual, port, longestMs } = await tcp.finish()
    const silent = `silent for at most ${(longestMs / 1000).toFixed(2)} s`
    const verdict = isEqual ? 'equal' : 'NOT EQUAL'
    return {
      check: name,
      target,
      figure: `${received} of ${sent} from port ${port}, ${verdict}; ${silent}`,
      isOk: isEqual && received === sent && sent > 0,
    }
  } catch (error) {
    return { check: name, target, figure: (error as Error).message, isOk: false }
  }
}
