/**
 * All boxes come back at once: to a controller that was killed and is there again, and to one that was away for so long that boxes
 * seldom call. Meanwhile people ask it for the boxes, each time by a connection of their own.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { Check, Line } from '../line.ts'
import { hubs } from './many-edges.ts'
import { openScene, type Scene } from './scene.ts'
import { percentile } from './statistics.ts'

const full = { spokes: 1_000, awayMs: [0, 90_000] }
const quick = { spokes: 40, awayMs: [0] }
const settledMs = 30_000
const askEveryMs = 250
/** Somebody who looks at a page waits so long without a thought. */
const answerMs = 1_000
const linkMs = 60_000
const stuckMs = 4_000

interface Storm {
  /** From the start of the controller until the last box was welcomed; of those that were. */
  readonly settledMs: number
  readonly missing: number
  /** Of the API, from when it listened until all was settled. */
  readonly answersMs: readonly number[]
  readonly unanswered: number
  /** As the API tells. */
  readonly up: number
  /** From its start until it listened. */
  readonly startMs: number
}

export const storm: Line = {
  name: 'storm',
  title:
    '1,000 boxes lose their controller, and are back within 30 s of its start; its API answers',
  faults: { lost: 'boxes that are not back', stuck: "the API's answers, p99" },
  isQuickBeside: true,
  measure: async ({ isQuick, fault }) => {
    const { spokes, awayMs } = isQuick ? quick : full
    const spoil = { deaf: 0, lateMs: 0, lost: fault === 'lost' ? 1 : 0 }
    await using scene = await openScene(spokes, spoil)
    await scene.link(linkMs)
    const checks: Check[] = []
    for (const ms of fault === undefined ? awayMs : [0]) {
      const met = await meet(scene, ms, fault === 'stuck')
      checks.push(...checksOf(met, spokes + hubs, ms))
    }
    return checks
  },
}

async function meet(scene: Scene, awayMs: number, isStuck: boolean): Promise<Storm> {
  const { simulator } = scene
  await scene.kill()
  simulator.tell({ ask: 'lose' })
  await passed(awayMs)
  const welcomed = simulator.ask({ ask: 'welcome', withinMs: settledMs })
  const startedUs = nowUs()
  await scene.start()
  const startMs = (nowUs() - startedUs) / 1_000
  let isOver = false
  const asked = askUntil(scene, () => isOver)
  if (isStuck) await stick(scene)
  const { welcomedUs } = await welcomed
  isOver = true
  const { answersMs, unanswered, up } = await asked
  const last = Math.max(...welcomedUs)
  return {
    ...{ settledMs: (last - startedUs) / 1_000, startMs, answersMs, unanswered, up },
    missing: welcomedUs.filter((us) => us === 0).length,
  }
}

/** It does nothing for a while. */
async function stick({ controller }: Scene): Promise<void> {
  await passed(askEveryMs)
  controller.signal('SIGSTOP')
  await passed(stuckMs)
  controller.signal('SIGCONT')
}

async function askUntil(
  { ask }: Scene,
  isOver: () => boolean,
): Promise<Pick<Storm, 'answersMs' | 'unanswered' | 'up'>> {
  const answersMs: number[] = []
  let unanswered = 0
  const one = async (): Promise<void> => {
    const beganMs = performance.now()
    try {
      await ask('edges')
      answersMs.push(performance.now() - beganMs)
    } catch {
      unanswered++
    }
  }
  const asked: Promise<void>[] = []
  while (!isOver()) {
    asked.push(one())
    await passed(askEveryMs)
  }
  await Promise.all(asked)
  const { edges } = (await ask('edges')) as { readonly edges: readonly { isUp: boolean }[] }
  return { answersMs, unanswered, up: edges.filter(({ isUp }) => isUp).length }
}

function checksOf(storm: Storm, count: number, awayMs: number): Check[] {
  const { answersMs, unanswered, missing, up, startMs } = storm
  const p99 = percentile(answersMs, 0.99)
  const after = awayMs === 0 ? 'killed' : `away for ${awayMs / 1_000} s`
  return [
    {
      check: `boxes that are not back, ${after}`,
      target: '0',
      figure: `${missing} of ${count}; the API has ${up} with a link`,
      isOk: missing === 0 && up === count,
    },
    {
      check: `settled, ${after}`,
      target: `< ${settledMs / 1_000} s from its start`,
      figure: `${(storm.settledMs / 1_000).toFixed(1)} s, of which it took ${(startMs / 1_000).toFixed(1)} s to listen`,
      isOk: missing === 0 && storm.settledMs < settledMs,
    },
    {
      check: `the API's answers, p99, ${after}`,
      target: `< ${answerMs / 1_000} s, all of them`,
      figure: `${p99.toFixed(0)} ms of ${answersMs.length} (p50 ${percentile(answersMs, 0.5).toFixed(0)} ms); ${unanswered} unanswered`,
      isOk: unanswered === 0 && answersMs.length > 0 && p99 < answerMs,
    },
  ]
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}
