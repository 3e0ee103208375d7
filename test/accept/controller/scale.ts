/**
 * A change of a policy for a thousand boxes: how long until each has applied it, and what a box costs its controller. Controller and
 * boxes are processes of one machine, and share its cores: what the boxes' own work takes is told beside.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { Check, Line } from '../line.ts'
import { hubs, voice } from './many-edges.ts'
import { cpuMs, residentBytes, type Simulator } from './processes.ts'
import { openScene, type Scene } from './scene.ts'
import { percentile } from './statistics.ts'

const full = { spokes: 1_000, changes: 25, restMs: 30_000, p50Ms: 200, p99Ms: 1_000 }
/** No speed is judged: others run beside it. */
const quick = { spokes: 40, changes: 4, restMs: 2_000, p50Ms: 2_000, p99Ms: 4_000 }
const withinMs = 10_000
/** Between changes, so that each is alone. */
const calmMs = 400
const lateMs = 2_500
/** Resident memory of the controller for a box: its link, its documents, its configuration. */
const edgeBytes = 1024 * 1024
/** Of a core, for a box at rest that reports every ten seconds. */
const edgeCores = 0.000_5

interface Measured {
  /** Of each box and change, from the moment the API was asked. */
  readonly appliedMs: number[]
  readonly arrivedMs: number[]
  /** Of each change. */
  readonly answeredMs: number[]
  /** Boxes that did not apply a change in time. */
  missing: number
  controllerMs: number
  boxesMs: number
}

export const scale: Line = {
  name: 'scale',
  title: 'a change of a policy for 1,000 boxes: p50 < 200 ms, p99 < 1 s until it is applied',
  faults: { deaf: 'boxes that did not', late: 'from asked to applied, p50' },
  isQuickBeside: true,
  measure: async ({ isQuick, fault }) => {
    const { spokes, changes, restMs, p50Ms, p99Ms } = isQuick ? quick : full
    const spoil = { deaf: fault === 'deaf' ? 1 : 0, lateMs: fault === 'late' ? lateMs : 0, lost: 0 }
    await using scene = await openScene(spokes, spoil)
    const count = spokes + hubs
    const before = residentBytes(scene.controller.pid)
    await scene.link(withinMs + 60_000)
    await scene.simulator.ask({ ask: 'mark', mark: 150, withinMs: withinMs + 60_000 })
    const linked = residentBytes(scene.controller.pid)
    const rest = await atRest(scene, restMs)
    const measured: Measured = {
      ...{ appliedMs: [], arrivedMs: [], answeredMs: [] },
      ...{ missing: 0, controllerMs: 0, boxesMs: 0 },
    }
    const rounds = fault === undefined ? changes : 1
    for (let round = 0; round < rounds; round++) await change(scene, 200 + round, measured)
    const after = residentBytes(scene.controller.pid)
    const each = count * rounds
    return [
      {
        check: 'boxes that did not apply a change',
        target: '0',
        figure: `${measured.missing} of ${count} boxes × ${rounds} changes`,
        isOk: measured.missing === 0,
      },
      latency('p50', 0.5, p50Ms, measured),
      latency('p99', 0.99, p99Ms, measured),
      {
        check: "the controller's memory for a box",
        target: `≤ ${edgeBytes / 1024} KiB`,
        figure: `${kib((linked - before) / count)} for its link; ${kib((after - scene.bareBytes) / count)} in all, after ${rounds} changes; ${mib(scene.bareBytes)} without any`,
        isOk: (after - scene.bareBytes) / count <= edgeBytes || isQuick,
      },
      {
        check: "the controller's CPU for a box at rest, with a report every 10 s",
        target: `≤ ${edgeCores * 100} % of a core`,
        figure: `${((rest / restMs / count) * 100).toFixed(4)} %`,
        isOk: rest / restMs / count <= edgeCores || isQuick,
      },
      {
        check: 'CPU for a box and change',
        target: 'stated',
        figure: `controller ${(measured.controllerMs / each).toFixed(2)} ms, box ${(measured.boxesMs / each).toFixed(2)} ms`,
        isOk: true,
      },
    ]
  },
}

async function change(scene: Scene, mark: number, measured: Measured): Promise<void> {
  const { simulator, controller } = scene
  const spent = await spentBy(simulator)
  const controllerMs = cpuMs(controller.pid)
  const askedUs = nowUs()
  const answer = simulator.ask({ ask: 'mark', mark, withinMs })
  await scene.ask('apply', { documents: [voice(mark)], isWhole: false })
  measured.answeredMs.push((nowUs() - askedUs) / 1_000)
  const { arrivedUs, appliedUs } = await answer
  const since = (us: number): number => (us - askedUs) / 1_000
  measured.appliedMs.push(...appliedUs.filter((us) => us > 0).map(since))
  measured.arrivedMs.push(...arrivedUs.filter((us) => us > 0).map(since))
  measured.missing += appliedUs.filter((us) => us === 0).length
  await passed(calmMs)
  measured.controllerMs += cpuMs(controller.pid) - controllerMs
  measured.boxesMs += (await spentBy(simulator)) - spent
}

async function atRest({ controller }: Scene, ms: number): Promise<number> {
  await passed(calmMs)
  const before = cpuMs(controller.pid)
  await passed(ms)
  return cpuMs(controller.pid) - before
}

async function spentBy(simulator: Simulator): Promise<number> {
  return (await simulator.ask({ ask: 'spent' })).cpuUs / 1_000
}

function latency(name: string, share: number, mostMs: number, measured: Measured): Check {
  const { appliedMs, arrivedMs, answeredMs } = measured
  const figure = percentile(appliedMs, share)
  const most = Math.max(0, ...appliedMs.slice(-100_000))
  const beside = [
    `at the box ${percentile(arrivedMs, share).toFixed(0)}`,
    `the API's answer ${percentile(answeredMs, share).toFixed(0)}`,
    ...(share > 0.9 ? [`most ${most.toFixed(0)}`] : []),
  ]
  return {
    check: `from asked to applied, ${name}`,
    target: `< ${mostMs} ms`,
    figure: `${figure.toFixed(0)} ms (${beside.join(', ')})`,
    isOk: appliedMs.length > 0 && figure < mostMs,
  }
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
