/**
 * No path that carries is given up: at 5 % random loss on all of them, with every core of the machine busy. Three pairs of
 * sites have three kinds of traffic: 1,000 packets a second, two a second one way, and a few now and then, which let
 * paths fall asleep and wake up.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { describeManyLinks } from '../../lab/description.ts'
import { type Failovers, watchFailovers } from '../../lab/failovers.ts'
import { awaitReachable, hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { type PacedFlows, type PaceReport, startPace } from '../../lab/pace.ts'
import { openPaths, type SitePaths } from '../../lab/paths.ts'
import type { Program } from '../../lab/program.ts'
import type { Check, Context, Line } from '../line.ts'
import { simulateHours } from './simulated.ts'

/** Of a path in each direction: half of it on each of its two links. */
const lossPpm = 50_000
const linkLossPpm = Math.round((1 - Math.sqrt(1 - lossPpm / 1e6)) * 1e6)
const toleratedPpm = { full: 5_000, quick: 15_000 }
const partMs = { full: 300_000, quick: 6_000 }
const parts = { full: 6, quick: 1 }
const simulatedHours = { full: 10_000, quick: 20 }
const busyShare = 0.9
const cores = availableParallelism()
const outageMs = 1_500
const nowAndThenSeconds = 7

export const falseFailovers: Line = {
  name: 'false-failovers',
  title:
    '0 false failovers in 30 min at 5 % loss on all paths, all cores busy; and in 10,000 simulated hours',
  faults: {
    outage: 'paths given up,',
    'no-loss': 'control: loss',
    calm: 'control: cores',
    'short-burst': 'paths given up in simulated',
  },
  measure: async (context) => {
    const { isQuick, fault } = context
    await using lab = await openLab(describe(fault === 'no-loss' ? 0 : linkLossPpm))
    const hours = isQuick ? simulatedHours.quick : simulatedHours.full
    const spoilt = fault === 'short-burst' ? 'burst' : undefined
    const simulating = simulateHours(lab, hours, spoilt)
    simulating.catch(() => undefined)
    await lab.start()
    for (const [from, to] of pairs) await awaitReachable(lab, from, to)
    const sites = await Promise.all(lab.sites.map(({ name }) => openPaths(lab, name)))
    await Promise.all(sites.map((paths) => paths.allUp()))
    const simulated = await simulating
    const loads = fault === 'calm' ? [] : startLoads(lab)
    lab.spawn('lisbon-host', ping(lab, 'oslo'))
    const count = isQuick ? parts.quick : parts.full
    const watches = sites.map((paths) => watchFailovers(paths))
    const cpuBefore = readCpu()
    const reports: PaceReport[] = []
    for (let part = 0; part < count; part++) reports.push(...(await sendPart(lab, context)))
    const busy = shareBusy(cpuBefore, readCpu())
    const seen = await Promise.all(watches.map((watch) => watch.finish()))
    await Promise.all(sites.map((paths: SitePaths) => paths[Symbol.asyncDispose]()))
    return [
      failedCheck(seen),
      simulated,
      movesCheck(seen),
      lossCheck(reports, isQuick ? toleratedPpm.quick : toleratedPpm.full),
      {
        check: 'control: cores busy',
        target: `≥ ${busyShare * 100} %, ${cores} by a load of ours`,
        figure: `${(busy * 100).toFixed(1)} %, ${loads.length}`,
        isOk: busy >= busyShare && loads.length === cores,
      },
    ]
  },
}

const pairs = [
  ['berlin', 'lisbon'],
  ['berlin', 'oslo'],
  ['lisbon', 'oslo'],
] as const

function describe(loss: number) {
  const way = { delayMs: 10, lossPpm: loss }
  return describeManyLinks({
    uplinks: 2,
    sites: 3,
    seed: 44,
    link: () => ({ emulated: { up: way, down: way } }),
  })
}

/** Whatever the machine has, it is wanted by others too. */
function startLoads(lab: Lab): Program[] {
  return Array.from({ length: cores }, () =>
    lab.spawn('internet', ['sh', '-c', 'while :; do :; done']),
  )
}

function ping(lab: Lab, to: string): string[] {
  return ['ping', '-n', '-i', String(nowAndThenSeconds), hostAddress(lab, to)]
}

/** @returns the reports of the 1,000 packets a second, both ways */
async function sendPart(lab: Lab, { isQuick, fault }: Context): Promise<PaceReport[]> {
  const start = (from: string, to: string, port: number, ratePps: number): Promise<PacedFlows> =>
    startPace(lab, `${from}-host`, `${to}-host`, hostAddress(lab, to), { ratePps, port })
  const flows = await Promise.all([
    start('berlin', 'lisbon', 9_100, 1_000),
    start('lisbon', 'berlin', 9_101, 1_000),
    start('berlin', 'oslo', 9_102, 2),
  ])
  await pause((isQuick ? partMs.quick : partMs.full) / 2)
  if (fault === 'outage') {
    await lab.wan('berlin', 'wan0').cut()
    await pause(outageMs)
    await lab.wan('berlin', 'wan0').mend()
  }
  await pause((isQuick ? partMs.quick : partMs.full) / 2)
  const reports: PaceReport[] = []
  for (const one of flows) {
    reports.push(await one.finish())
    await one[Symbol.asyncDispose]()
  }
  return reports.slice(0, 2)
}

function failedCheck(seen: readonly Failovers[]): Check {
  const failed = seen.flatMap((one) => one.failed)
  const looks = Math.min(...seen.map((one) => one.looks))
  const which = failed.length === 0 ? '' : `: ${failed.slice(0, 4).join('; ')}`
  return {
    check: 'paths given up, real ones',
    target: '0 of 12, at both ends',
    figure: `${failed.length} in ${looks} looks${which}`,
    isOk: failed.length === 0 && looks > 0,
  }
}

function movesCheck(seen: readonly Failovers[]): Check {
  const moves = seen.flatMap((one) => [...one.moves.values()]).reduce((sum, one) => sum + one, 0)
  return {
    check: 'moves of data to another path',
    target: '0',
    figure: `${moves}`,
    isOk: moves === 0,
  }
}

function lossCheck(reports: readonly PaceReport[], toleratedPpmOff: number): Check {
  const flows = reports.flatMap((report) => report.flows)
  const sent = flows.reduce((sum, flow) => sum + flow.sent, 0)
  const lost = flows.reduce((sum, flow) => sum + flow.lost, 0)
  const missed = reports.reduce((sum, report) => sum + report.missed + report.refused, 0)
  const ppm = (lost / sent) * 1e6
  return {
    check: 'control: loss of the busiest pair, both ways, and by the measuring',
    target: `${lossPpm / 1e4} ± ${toleratedPpmOff / 1e4} %, 0`,
    figure: `${(ppm / 1e4).toFixed(2)} % of ${sent}, ${missed}`,
    isOk: Math.abs(ppm - lossPpm) <= toleratedPpmOff && missed === 0,
  }
}

interface Cpu {
  readonly all: number
  readonly idle: number
}

/** proc_stat(5): ticks of all cores since boot. */
function readCpu(): Cpu {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0]!
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number)
  return { all: ticks.reduce((sum, one) => sum + one, 0), idle: ticks[3]! + ticks[4]! }
}

function shareBusy(before: Cpu, now: Cpu): number {
  return 1 - (now.idle - before.idle) / (now.all - before.all)
}
