/**
 * "Why is my traffic not where it should be?" has an answer: twelve faults are injected, and each is named within two seconds of
 * its beginning, by the cause that it is, with what a person needs to know about it; and by none of them before.
 */
import { explainText } from '../../../firmware/cli/explain-text.ts'
import type { ExplainAnswer } from '../../../firmware/model/local-api-explain.ts'
import { attempt } from '../../lab/command.ts'
import { awaitReachable, hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { openPaths } from '../../lab/paths.ts'
import { askWhy } from '../../lab/why.ts'
import { type Check, fullTarget, type Line, mostIn } from '../line.ts'
import { startForger } from '../whole/forged-parts.ts'
import {
  describeScenes,
  greet,
  osloScenes,
  ping,
  prepare,
  type Scene,
  scenesOf,
} from './explain-scenes.ts'

const namedMs = 2_000
/** A figure that is too large is shown all the same. */
const patienceMs = 6_000
const askEveryMs = 50
const earlyMs = 1_500
const textTries = 5
const rounds = { full: 3, quick: 1 }
const names = [
  ...['MTU', 'neighbour missing', 'replay', 'foreign VNI', 'dead uplink', 'strict policy unmet'],
  ...['flow table full', 'ACL denial', 'no route', 'relay absent', 'peer down', 'session expired'],
]

/** How long it took until the fault was named; and what was said before it, and instead of it. */
interface Naming {
  readonly scene: Scene
  readonly ms: number | null
  readonly before: ExplainAnswer
  readonly last: ExplainAnswer
}

export const explain: Line = {
  name: 'explain',
  title: `${names.length} injected faults: explain names each correctly within ${namedMs / 1000} s`,
  isQuickBeside: true,
  // Without the fault the cause is not named, and what is named without one is seen, too.
  faults: {
    ...Object.fromEntries(names.map((name) => [faultOf(name), name])),
    early: 'control',
  },
  measure: async ({ isQuick, fault }) => {
    const all: Naming[] = []
    const texts: Check[] = []
    for (let round = isQuick ? rounds.quick : rounds.full; round > 0; round--) {
      await using lab = await openLab(describeScenes())
      await lab.start()
      for (const to of ['lisbon', 'oslo']) await awaitReachable(lab, 'berlin', to)
      for (const to of ['lisbon', 'oslo']) ping(lab, hostAddress(lab, to))
      {
        await using paths = await openPaths(lab, 'berlin')
        await paths.allUp()
      }
      await using forger = await startForger(lab, prepare)
      await greet(forger)
      const oslo = nameInTurn(lab, osloScenes(lab), fault)
      all.push(...(await nameInTurn(lab, scenesOf(lab, forger), fault)), ...(await oslo))
      texts.push(await textCheck(lab))
    }
    const skipped = names.filter((name) => fault === faultOf(name))
    const wanted = skipped.length > 0 ? skipped : names
    return [...wanted.map((name) => checkOf(name, all, isQuick)), control(all), ...texts]
  },
}

function faultOf(name: string): string {
  return `skip-${name.toLowerCase().replaceAll(' ', '-')}`
}

async function nameInTurn(
  lab: Lab,
  all: readonly Scene[],
  fault: string | undefined,
): Promise<Naming[]> {
  const namings: Naming[] = []
  // Where one is left out, the others need not be shown again.
  const isSkipping = names.some((name) => fault === faultOf(name))
  const scenes = isSkipping ? all.filter((scene) => fault === faultOf(scene.name)) : all
  if (fault === 'early') {
    await scenes[0]!.ready?.()
    await scenes[0]!.inject()
  }
  if (fault === 'early') await new Promise((next) => setTimeout(next, earlyMs))
  const before = await Promise.all(scenes.map(({ site, flow }) => askWhy(lab, site, flow)))
  for (const [index, scene] of scenes.entries()) {
    await scene.ready?.()
    const calledMs = performance.now()
    const began = fault === faultOf(scene.name) ? calledMs : await scene.inject()
    const beganMs = typeof began === 'number' ? began : calledMs
    namings.push(await name(lab, scene, before[index]!, beganMs))
    await scene.mend?.()
  }
  return namings
}

/** Asks until the fault, which began then, is named. */
async function name(
  lab: Lab,
  scene: Scene,
  before: ExplainAnswer,
  beganMs: number,
): Promise<Naming> {
  for (;;) {
    const last = await askWhy(lab, scene.site, scene.flow)
    const ms = performance.now() - beganMs
    if (last.cause === scene.cause && scene.tells(last)) return { scene, ms, before, last }
    if (ms > patienceMs) return { scene, ms: null, before, last }
    await new Promise((next) => setTimeout(next, askEveryMs))
  }
}

function checkOf(name: string, all: readonly Naming[], isQuick: boolean): Check {
  const mostMs = mostIn(isQuick, namedMs)
  const own = all.filter(({ scene }) => scene.name === name)
  const slowest = own.toSorted((a, b) => (b.ms ?? Infinity) - (a.ms ?? Infinity))[0]!
  const { ms, last, scene } = slowest
  const said = `${last.cause}: ${last.sentence}`
  return {
    check: name,
    target: `${scene.cause} ≤ ${mostMs / 1000} s${fullTarget(isQuick, `≤ ${namedMs / 1000} s`)}`,
    figure: ms === null ? `never; ${said}` : `${(ms / 1000).toFixed(2)} s; ${said}`,
    isOk: own.every((naming) => naming.ms !== null && naming.ms <= mostMs),
  }
}

/** What would be said anyhow is no answer. */
function control(all: readonly Naming[]): Check {
  const early = all.filter(({ scene, before }) => before.cause === scene.cause)
  const others = new Set(all.map(({ before }) => before.cause))
  return {
    check: 'control: named before it was so',
    target: `0 of ${all.length}`,
    figure: `${early.length}${early.map(({ scene }) => `, ${scene.name}`).join('')} (${[...others].join(', ')})`,
    isOk: early.length === 0,
  }
}

/** The command says what the API says, when neither uplink nor path is about to change. */
async function textCheck(lab: Lab): Promise<Check> {
  const flow = { from: hostAddress(lab, 'berlin'), to: '10.250.0.1' }
  const instance = lab.names.instance('berlin')
  const command = ['build/causeway', 'explain', flow.from, flow.to, '--instance', instance]
  for (let tries = 1; ; tries++) {
    const [answer, { code, stdout }] = await Promise.all([
      askWhy(lab, 'berlin', flow),
      attempt(command),
    ])
    const wanted = explainText(answer)
    const isOk = stdout === wanted && code === (answer.passes ? 0 : 1)
    if (!isOk && tries < textTries) continue
    const other = isOk ? '' : `; not the API's ${JSON.stringify(wanted)}`
    return {
      check: 'the command says the same',
      target: 'as the API, and exit 1 if it does not pass',
      figure: `${stdout.split('\n')[0]!}, exit ${code}${other}`,
      isOk,
    }
  }
}
