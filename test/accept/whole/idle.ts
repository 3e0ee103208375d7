/**
 * What an idle gateway costs, and how soon it is awake: CPU of both its processes while nothing passes, and the round trip
 * of a ping after a second of silence, beside plain routing at the same time on the same machine.
 */
import { causeway, plainRouting } from '../../bench/carriers.ts'
import { cpuSeconds, quantile } from '../../bench/measure.ts'
import { describeSites } from '../../lab/description.ts'
import { awaitReachable, ping } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import type { Line } from '../line.ts'

const cpuLimit = 0.05
const addedLimitMs = 0.06
/** A few pings on a machine that is busy with other tests decide nothing: the short form sees only what is broken. */
const quickAddedLimitMs = 5
const settleMs = 2000

export const idle: Line = {
  name: 'idle',
  title: 'an idle gateway sleeps, and wakes up soon',
  faults: { 'busy-loop': 'CPU', 'drowsy-datapath': 'RTT' },
  measure: async ({ isQuick, fault }) => {
    await using plain = await openLab(describeSites(2))
    await using lab = await openLab(describeSites(2))
    await Promise.all([plainRouting.start(plain), causeway.start(lab)])
    await Promise.all([plain, lab].map((one) => awaitReachable(one, ...ends(one))))
    await pause(settleMs)
    const extra = fault === 'busy-loop' ? [await startBusyLoop(lab)] : []
    const cpu = await idleCpu(lab, extra, isQuick ? 5 : 20)
    if (fault === 'drowsy-datapath') await startDrowsing(lab)
    const count = isQuick ? 4 : 60
    const [base, own] = await Promise.all([medianRtt(plain, count, 0), medianRtt(lab, count, 500)])
    const limitMs = isQuick ? quickAddedLimitMs : addedLimitMs
    return [
      {
        check: 'CPU, both processes of an idle gateway (larger of two)',
        target: `< ${cpuLimit * 100} % of a core`,
        figure: `${(cpu * 100).toFixed(1)} %`,
        isOk: cpu < cpuLimit,
      },
      {
        check: 'RTT p50 after 1 s of silence, above plain routing',
        target: `≤ ${limitMs * 1000} µs`,
        figure: `${((own - base) * 1000).toFixed(0)} µs (${own.toFixed(3)} ms, plain ${base.toFixed(3)} ms)`,
        isOk: own - base <= limitMs,
      },
    ]
  },
}

function ends(lab: Lab): [from: string, to: string] {
  return [lab.sites[0]!.name, lab.sites[1]!.name]
}

async function medianRtt(lab: Lab, count: number, delayMs: number): Promise<number> {
  await pause(delayMs)
  const rtts = await ping(lab, ...ends(lab), { count, intervalMs: 1000 })
  return rtts.length < count / 2
    ? Number.POSITIVE_INFINITY
    : quantile(
        rtts.sort((a, b) => a - b),
        0.5,
      )
}

/** Of a core, over `seconds`; of the site that takes more. @param extra processes that count as one of the first site's */
async function idleCpu(lab: Lab, extra: readonly number[], seconds: number): Promise<number> {
  const sites = [...lab.processes.values()].map(({ gateway, datapath }, index) => [
    gateway.pid,
    datapath.pid,
    ...(index === 0 ? extra : []),
  ])
  const before = sites.map(cpuSeconds)
  await pause(seconds * 1000)
  return Math.max(...sites.map((pids, index) => cpuSeconds(pids) - before[index]!)) / seconds
}

/** Stands for a gateway that polls. */
async function startBusyLoop(lab: Lab): Promise<number> {
  const script = `console.log('busy'); setInterval(() => { const end = performance.now() + 40; while (performance.now() < end); }, 100)`
  const program = lab.spawn(lab.sites[0]!.name, [process.execPath, '-e', script])
  await program.line((line) => line === 'busy', 10_000)
  return program.pid
}

/** Stands for a datapath that is slow to wake up: stopped for most of the time. */
async function startDrowsing(lab: Lab): Promise<void> {
  const { pid } = lab.processes.get(lab.sites[0]!.name)!.datapath
  const script = `console.log('drowsy'); let on = 0; setInterval(() => process.kill(${pid}, ++on % 8 ? 'SIGSTOP' : 'SIGCONT'), 10)`
  const program = lab.spawn(lab.sites[0]!.name, [process.execPath, '-e', script])
  await program.line((line) => line === 'drowsy', 10_000)
}

const pause = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms))
