/**
 * A branch gets another public address, and other ports, while it talks: with a peer behind a NAT, with one that anybody reaches,
 * and with the hub. How long nothing arrives, each way.
 */
import { hostAddress } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Nat, natsOf } from '../../lab/nat.ts'
import type { AccessKind } from '../../lab/nat-kind.ts'
import { describeNatSites } from '../../lab/nat-sites.ts'
import { startPace } from '../../lab/pace.ts'
import { openDatapath } from '../../lab/paths.ts'
import { nowNs } from '../../lab/wan.ts'
import type { Check, Line } from '../line.ts'
import { directMs } from './expected.ts'
import { awaitDirect, firstAnswer, openScene } from './scene.ts'

const mostMs = 2_000
const ratePps = 500
const basePort = 9_100
const linkDelayMs = 10
/** `restart`: only ports change. */
const changes = {
  full: ['198.51.100.3', 'restart', '198.51.100.4', 'restart', '198.51.100.5'],
  quick: ['198.51.100.4'],
}
/** What is silent for longer will not be heard again. */
const watchMs = 3_000
const stallMs = 2_500

const ways = [
  ['left', 'right'],
  ['right', 'left'],
  ['left', 'hub'],
  ['hub', 'left'],
] as const
const kinds = { full: ['port-restricted', 'none'], quick: ['port-restricted'] } as const

/** Of a move, of one way, the longest silence that began after it. */
interface Silence {
  readonly way: string
  readonly ms: number
}

export const roaming: Line = {
  name: 'roaming',
  title:
    'the public address changes mid-flow: direct and by the hub, nothing is silent for more than 2 s',
  isQuickBeside: true,
  faults: { stall: 'left to right', 'stays-put': 'moves' },
  measure: async ({ isQuick, fault }) => {
    const checks: Check[] = []
    for (const kind of kinds[isQuick ? 'quick' : 'full']) {
      checks.push(...(await measureOne(kind, changes[isQuick ? 'quick' : 'full'], fault)))
    }
    return checks
  },
}

async function measureOne(
  kind: AccessKind,
  moves: readonly string[],
  fault: string | undefined,
): Promise<Check[]> {
  const way = { delayMs: linkDelayMs }
  const link = () => ({ emulated: { up: way, down: way } })
  await using scene = await openScene(describeNatSites('port-restricted', kind, { link }))
  await firstAnswer(scene, directMs.spray)
  await awaitDirect(scene, directMs.spray)
  await scene.pings.program.stop()
  const { lab } = scene
  const [nat] = natsOf(lab, 'left') as [Nat]
  const silences: Silence[] = []
  let moved = 0
  for (const change of moves) {
    const before = await endsOfLeft(lab)
    silences.push(...(await move(lab, nat, change, fault)))
    const fresh = (await endsOfLeft(lab)).filter((end) => !before.includes(end))
    if (fresh.some((end) => end.startsWith(`${nat.publicAddress}:`))) moved++
  }
  return [
    {
      check: `moves that the hub has noticed, right behind ${kind}`,
      target: `${moves.length} of ${moves.length}`,
      figure: `${moved} of ${moves.length}`,
      isOk: moved === moves.length,
    },
    ...ways.map(([from, to]) => silenceCheck(`${from} to ${to}`, kind, silences)),
  ]
}

/** Flows run before the move and after it. */
async function move(
  lab: Lab,
  nat: Nat,
  change: string,
  fault: string | undefined,
): Promise<Silence[]> {
  const flows = await Promise.all(
    ways.map(([from, to], index) =>
      startPace(lab, `${from}-host`, `${to}-host`, hostAddress(lab, to), {
        ratePps,
        port: basePort + index,
      }),
    ),
  )
  for (const flow of flows) await flow.heard()
  const movedNs = nowNs()
  if (fault !== 'stays-put') await (change === 'restart' ? nat.flush() : nat.moveTo(change))
  if (fault === 'stall') {
    await lab.wan('left', 'wan0').cut()
    await new Promise((passed) => setTimeout(passed, stallMs))
    await lab.wan('left', 'wan0').mend()
  }
  await new Promise((passed) => setTimeout(passed, watchMs))
  return Promise.all(
    flows.map(async (flow, index) => {
      const [account] = (await flow.finish()).flows
      await flow[Symbol.asyncDispose]()
      const gaps = account!.gaps.filter((gap) => gap.endedNs > movedNs && gap.lost > 0)
      const ms = Math.max(0, ...gaps.map((gap) => gap.ms))
      return { way: ways[index]!.join(' to '), ms }
    }),
  )
}

/** Where the hub reaches left, by all paths that are up. */
async function endsOfLeft(lab: Lab): Promise<string[]> {
  await using datapath = await openDatapath(lab, 'hub')
  const { paths } = await datapath.counters()
  return paths
    .filter(({ peer, state }) => peer === 'left' && state === 'up')
    .map(({ remoteAddress, remotePort }) => `${remoteAddress}:${remotePort}`)
}

function silenceCheck(way: string, kind: AccessKind, silences: readonly Silence[]): Check {
  const all = silences.filter((silence) => silence.way === way).map(({ ms }) => ms)
  const most = Math.max(...all)
  return {
    check: `${way}, right behind ${kind}: longest silence of ${all.length} moves`,
    target: `≤ ${mostMs} ms`,
    figure: `${most.toFixed(0)} ms`,
    isOk: most <= mostMs,
  }
}
