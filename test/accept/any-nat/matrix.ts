/**
 * Every kind of NAT with every other, 49 pairs, each from fresh sessions: a first packet passes by the relay in seconds, and
 * all goes directly at once, after a spray, or never, as expected.ts has it. What is measured is printed beside what is expected.
 */
import { plantDrop } from '../../lab/faults.ts'
import type { Lab } from '../../lab/lab.ts'
import { natsOf } from '../../lab/nat.ts'
import { type AccessKind, accessKinds } from '../../lab/nat-kind.ts'
import { describeNatSites } from '../../lab/nat-sites.ts'
import { lookAt } from '../../lab/status.ts'
import { align } from '../../lab/table.ts'
import type { Check, Line } from '../line.ts'
import type { Crossings } from './crossings.ts'
import {
  directWithinMs,
  expectedOf,
  firstMs,
  type Outcome,
  plainPairs,
  sprayBudget,
} from './expected.ts'
import { awaitDirect, type Direct, firstAnswer, openScene } from './scene.ts'

type Pair = readonly [left: AccessKind, right: AccessKind]

const allPairs: readonly Pair[] = accessKinds.flatMap((left) =>
  accessKinds.map((right) => [left, right] as const),
)
/** One of each rule that tells much: both filters at once, a spray, and the two that are never direct. */
const quickPairs: readonly Pair[] = [
  ['port-restricted', 'carrier'],
  ['symmetric', 'port-restricted'],
  ['symmetric', 'symmetric'],
  ['port-443', 'none'],
]
/**
 * So long none is direct that must not be, from when the last gateway is ready. The full form outlasts both sprays that a pair has at
 * first. The short form sees but what is direct at once; that no spray meets is for the full one to say.
 */
const neverMs = { full: 25_000, quick: 5_000 }

interface Cell {
  readonly pair: Pair
  readonly expected: Outcome
  /** From the start of the last process until the last gateway was ready. */
  readonly readyMs: number
  readonly firstMs: number | null
  readonly direct: Direct | null
  /** By the time that it was direct, or that waiting for it ended. */
  readonly tried: Crossings
  /** Of one that is not as expected: what both ends say of it. */
  readonly said: readonly string[]
}

export const matrix: Line = {
  name: 'matrix',
  title:
    'a first packet ≤ 3 s through any two NATs; direct ≤ 2 s, ≤ 20 s after a spray, or relayed for 25 s (short form: 5 s, and twice as long for direct ones)',
  isQuickBeside: true,
  faults: {
    'no-hub': 'first packet',
    'blocked-way': 'outcomes',
    'open-nat': 'outcomes',
    'strict-nat': 'outcomes',
    'lax-nat': 'outcomes',
    noise: 'probes',
  },
  measure: async ({ isQuick, fault }) => {
    const pairs = planted(fault)?.pairs ?? (isQuick ? quickPairs : allPairs)
    const cells: Cell[] = []
    for (const pair of pairs) cells.push(await measureCell(pair, isQuick, fault))
    console.log(table(cells))
    return [firstCheck(cells), ...checksOf(cells, isQuick)]
  },
}

/** In what a fault is planted; `right` stands there in truth before the right one, unlike what is expected. */
interface Plant {
  readonly pairs: readonly Pair[]
  readonly right?: AccessKind
}

const dark: Plant = { pairs: [['symmetric', 'symmetric']] }
const near: Plant = { pairs: [['symmetric', 'restricted']] }
const hunt: Plant = { pairs: [['symmetric', 'port-restricted']] }
const plants: Readonly<Record<string, Plant>> = {
  'no-hub': dark,
  'blocked-way': { pairs: [['port-restricted', 'port-restricted']] },
  'open-nat': { ...dark, right: 'full-cone' },
  // A spray has to be done where none is expected, and none where one is.
  'strict-nat': { ...near, right: 'port-restricted' },
  'lax-nat': { ...hunt, right: 'restricted' },
  noise: hunt,
}

function planted(fault: string | undefined): Plant | undefined {
  return fault === undefined ? undefined : plants[fault]
}

async function measureCell(pair: Pair, isQuick: boolean, fault: string | undefined): Promise<Cell> {
  const [left, right] = pair
  const expected = expectedOf(left, right).outcome
  const description = describeNatSites(left, planted(fault)?.right ?? right)
  const onBuilt = (lab: Lab): Promise<void> => plant(lab, fault)
  await using scene = await openScene(description, { onBuilt })
  const first = await firstAnswer(scene, 2 * firstMs)
  if (fault === 'noise') makeNoise(scene.lab)
  // One that takes too long is waited for: what it is, is measured, too.
  const most = expected === 'relayed' ? neverMs[formOf(isQuick)] : directWithinMs('spray', isQuick)
  const direct = first === null ? null : await awaitDirect(scene, most)
  const tried = direct?.tried ?? (await scene.crossings())
  const readyMs = scene.readyMs - scene.startedMs
  const cell = { pair, expected, readyMs, firstMs: first, direct, tried, said: [] }
  return isAsExpected(cell) ? cell : { ...cell, said: await saidBy(scene.lab) }
}

/** Why it is as it is, in the words of both ends. */
async function saidBy(lab: Lab): Promise<string[]> {
  const looks = (['left', 'right'] as const).map(async (site) => {
    const look = await lookAt(lab, site).catch(() => null)
    const nat = look?.status.uplinks[0]?.nat[0]?.explanation ?? 'nothing'
    const reach = look?.status.peers.find(({ role }) => role === 'site')?.reach
    return `  ${site}: its NAT: ${nat}; its peer: ${reach?.explanation ?? reach?.how ?? 'nothing'}`
  })
  return Promise.all(looks)
}

async function plant(lab: Lab, fault: string | undefined): Promise<void> {
  if (fault === 'no-hub') await plantDrop(lab, 'internet', 'forward', '@th,64,8 0xd8')
  if (fault === 'blocked-way') await natsOf(lab, 'left')[0]!.block(['192.0.2.2'])
}

/** More probes than anybody may send. */
function makeNoise(lab: Lab): void {
  const script = `const socket = require('node:dgram').createSocket('udp4')
    for (let port = 2000; port < 30000; port++) socket.send('x', port, '198.51.100.2')`
  lab.spawn('right', [process.execPath, '-e', script])
}

function isAsExpected(cell: Cell): boolean {
  return measured(cell) === cell.expected
}

/** By what was sent, not by what was expected: how long it took is judged apart from it. */
function measured({ direct }: Cell): Outcome {
  if (direct === null) return 'relayed'
  const { left, right } = direct.tried
  return Math.max(left.pairs, right.pairs) > plainPairs ? 'spray' : 'direct'
}

function table(cells: readonly Cell[]): string {
  const head = ['  left', 'right', 'expected', 'measured', 'start', 'first', 'direct', 'tried']
  const rows = cells.map((cell) => {
    const { pair, expected, readyMs, firstMs: first, direct, tried } = cell
    return [
      `  ${pair[0]}`,
      pair[1],
      expected,
      `${measured(cell)}${isAsExpected(cell) ? '' : ' (!)'}`,
      seconds(readyMs),
      seconds(first),
      direct === null ? '–' : seconds(direct.ms),
      `${tried.left.pairs} + ${tried.right.pairs}`,
    ]
  })
  return [align([head, ...rows], [0, 1, 2, 3]), ...cells.flatMap(({ said }) => said)].join('\n')
}

function seconds(ms: number | null): string {
  return ms === null ? 'never' : `${(ms / 1_000).toFixed(2)} s`
}

/**
 * The time runs from when all gateways are ready. What passes before is told and not judged: three boxes, six processes, start at
 * once on the cores of one machine.
 */
function firstCheck(cells: readonly Cell[]): Check {
  const ready = slowest('first packet', cells, firstMs, (cell) => cell.firstMs)
  const start = slowest('first packet', cells, firstMs, ({ readyMs, firstMs: first }) =>
    first === null ? null : readyMs + first,
  )
  return {
    ...ready,
    figure: `${ready.figure} (${start.figure} from the start of the last process)`,
  }
}

function formOf(isQuick: boolean): keyof typeof neverMs {
  return isQuick ? 'quick' : 'full'
}

function checksOf(cells: readonly Cell[], isQuick: boolean): Check[] {
  const of = (outcome: Outcome): Cell[] => cells.filter(({ expected }) => expected === outcome)
  const good = cells.filter(isAsExpected)
  return [
    {
      check: `outcomes that are those expected, of relayed ones for ${neverMs[formOf(isQuick)] / 1_000} s`,
      target: `${cells.length} of ${cells.length}`,
      figure: `${good.length} of ${cells.length}`,
      isOk: good.length === cells.length,
    },
    ...(['direct', 'spray'] as const)
      .filter((outcome) => of(outcome).length > 0)
      .map((outcome) =>
        slowest(
          titles[outcome],
          of(outcome),
          directWithinMs(outcome, isQuick),
          ({ direct }) => direct?.ms ?? null,
        ),
      ),
    ...(of('spray').length > 0 ? budgetChecks(of('spray')) : []),
  ]
}

const titles = { direct: 'direct without probing', spray: 'direct after a spray' } as const

function slowest(
  what: string,
  cells: readonly Cell[],
  mostMs: number,
  msOf: (cell: Cell) => number | null,
): Check {
  const all = cells.map((cell) => msOf(cell) ?? Number.POSITIVE_INFINITY)
  const most = Math.max(...all)
  return {
    check: `${what}, slowest of ${cells.length}`,
    target: `≤ ${mostMs / 1_000} s`,
    figure: seconds(Number.isFinite(most) ? most : null),
    isOk: most <= mostMs,
  }
}

/** What each end had tried by the time that it was direct, as the internet counted it. */
function budgetChecks(cells: readonly Cell[]): Check[] {
  const most = { mappings: 0, probes: 0 }
  for (const { pair, tried } of cells) {
    const isLeft = pair[0] === 'symmetric'
    const [symmetric, other] = isLeft ? [tried.left, tried.right] : [tried.right, tried.left]
    most.mappings = Math.max(most.mappings, symmetric.pairs)
    most.probes = Math.max(most.probes, other.pairs)
  }
  return (['mappings', 'probes'] as const).map((what) => ({
    check: `${what} of a spray, most of ${cells.length}`,
    target: `≤ ${sprayBudget[what]}, and ${plainPairs} of candidates`,
    figure: String(most[what]),
    isOk: most[what] <= sprayBudget[what] + plainPairs,
  }))
}
