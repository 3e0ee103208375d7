/**
 * What the bench of full links compares: what stands at the narrow end of the scene's link (test/accept/qos/scene.ts) and decides who
 * leaves next. Linux's are set up as their manuals have it, at the same rate; the kernel routes for them, in clear, so that they see
 * each packet's DSCP, and need not carry what sealing adds. tc-htb(8), tc-tbf(8).
 */
import { narrow, openNarrow } from '../accept/qos/scene.ts'
import type { Lab } from '../lab/lab.ts'
import { plainRouting } from './carriers.ts'

export interface QosPeer {
  readonly name: string
  /** The scene with it in place. */
  readonly open: () => Promise<Lab>
  /** How much it has carried; 0 where it is not there. */
  readonly carriedBytes: (lab: Lab) => Promise<number>
}

const rate = '10mbit'
/** In packets: at 10 Mbit/s as long as CoDel's interval. */
const pfifo = ['pfifo', 'limit', '100']

/** The same weights as ours: voice may have half of the link, and has it first. */
const htbClasses = [
  { id: '10', rate: '5mbit', prio: '0', dsfield: '0xb8' },
  { id: '30', rate: '3mbit', prio: '1', dsfield: undefined },
  { id: '40', rate: '2mbit', prio: '1', dsfield: '0x20' },
] as const

const htb: readonly (readonly string[])[] = [
  ['qdisc', 'add', 'root', 'handle', '1:', 'htb', 'default', '30'],
  ['class', 'add', 'parent', '1:', 'classid', '1:1', 'htb', 'rate', rate, 'ceil', rate],
  ...htbClasses.flatMap(({ id, rate: own, prio, dsfield }) => [
    [
      ...['class', 'add', 'parent', '1:1', 'classid', `1:${id}`, 'htb'],
      ...['rate', own, 'ceil', rate, 'prio', prio, 'quantum', '1514'],
    ],
    ['qdisc', 'add', 'parent', `1:${id}`, ...pfifo],
    ...(dsfield === undefined ? [] : [filterOf(id, dsfield)]),
  ]),
]

/** By DSCP alone: ECN's two bits are others'. */
function filterOf(id: string, dsfield: string): readonly string[] {
  const match = ['u32', 'match', 'ip', 'dsfield', dsfield, '0xfc']
  return [
    'filter',
    'add',
    'parent',
    '1:',
    'protocol',
    'ip',
    'prio',
    '1',
    ...match,
    'flowid',
    `1:${id}`,
  ]
}

/** One queue for all, of what a modem keeps. */
const tbf: readonly (readonly string[])[] = [
  ['qdisc', 'add', 'root', 'tbf', 'rate', rate, 'burst', '16kb', 'latency', '400ms'],
]

export const ours = 'Causeway, up: 10M'
export const htbInClear = 'HTB + pfifo, in clear'
export const htbBehind = 'Causeway without a rate, HTB + pfifo behind it'
export const tbfInClear = 'TBF, in clear'

/** @param missing the name of the one that is not set up, to show that it would be seen */
export function qosPeers(missing?: string): readonly QosPeer[] {
  return [
    {
      name: ours,
      open: () => openNarrow({ isRateUnknown: missing === ours }),
      carriedBytes: carriedByUplink,
    },
    kernelPeer(htbInClear, 'htb', htb, false, missing),
    kernelPeer(htbBehind, 'htb', htb, true, missing),
    kernelPeer(tbfInClear, 'tbf', tbf, false, missing),
  ]
}

function kernelPeer(
  name: string,
  kind: string,
  lines: readonly (readonly string[])[],
  isBehind: boolean,
  missing: string | undefined,
): QosPeer {
  const place = isBehind ? `${narrow}-nics` : narrow
  const start = isBehind ? {} : { start: plainRouting.start }
  return {
    name,
    open: async () => {
      const lab = await openNarrow({ isRateUnknown: true, ...start })
      if (name !== missing) await setUp(lab, place, lines)
      return lab
    },
    carriedBytes: (lab) => carriedBy(lab, place, kind),
  }
}

async function setUp(lab: Lab, place: string, lines: readonly (readonly string[])[]) {
  try {
    for (const [what, verb, ...rest] of lines) {
      await lab.exec(place, ['tc', what!, verb!, 'dev', nicOf(lab), ...rest])
    }
  } catch (error) {
    await lab[Symbol.asyncDispose]()
    throw error
  }
}

function nicOf(lab: Lab): string {
  return lab.sites.find(({ name }) => name === narrow)!.wan.nic
}

interface Qdisc {
  readonly kind: string
  readonly root?: boolean
  readonly bytes: number
}

async function carriedBy(lab: Lab, place: string, kind: string): Promise<number> {
  const argv = ['tc', '-s', '-j', 'qdisc', 'show', 'dev', nicOf(lab)]
  const qdiscs = JSON.parse(await lab.exec(place, argv)) as readonly Qdisc[]
  return qdiscs.find((one) => one.root === true && one.kind === kind)?.bytes ?? 0
}

/** What has left while nothing had to wait, or was lost, in the modem: what decided was before it. */
async function carriedByUplink(lab: Lab): Promise<number> {
  const { up } = await lab.wan(narrow, 'wan0').read()
  return up.queue > 0 ? 0 : up.leftBytes
}
