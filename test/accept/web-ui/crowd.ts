/** Fifty open pages and an evenly paced flow through the same box: with and without them in turns, loss and delay of the flow. */
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { cpuSeconds } from '../../bench/measure.ts'
import { plantDrop } from '../../lab/faults.ts'
import type { FlowAccount } from '../../lab/gaps.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { startPace } from '../../lab/pace.ts'
import type { Program } from '../../lab/program.ts'
import type { Check } from '../line.ts'
import { claim, percent } from './check.ts'
import { desk, moreDevices, openSession, peer, type Scene, site } from './scene.ts'

const program = join(import.meta.dirname, '../../lab/traffic/page-crowd.ts')
const pages = 50
/** Each of them is a device of the LAN, with some pages of its own. */
const devices = 10
const ratePps = 1_000
const sendMs = { full: 6_000, quick: 3_000 } as const
const rounds = { full: 6, quick: 1 } as const
/** Of the 99th percentile, one way. The short form does not judge it: others share the machine. */
const addedMs = { full: 3, quick: 1_000 } as const
const lossy = 'udp dport 9100 numgen inc mod 700 == 0'
const openMs = 60_000
const reportMs = 5_000

interface Flow {
  readonly account: FlowAccount
  readonly missed: number
}

interface Pair {
  readonly without: Flow
  /** While they open, one after the other. */
  readonly opening: Flow
  readonly open: Flow
  /** Of the gateway, of a core, while they are open. */
  readonly cpu: number
  readonly live: number
  readonly events: number
}

export async function crowdChecks(
  scene: Scene,
  form: keyof typeof sendMs,
  fault: string | undefined,
): Promise<Check[]> {
  const addresses = await moreDevices(scene, devices)
  const cookies = await cookiesFor(scene)
  const pairs: Pair[] = []
  for (let round = 0; round < rounds[form]; round++) {
    pairs.push(await pairOf(scene, addresses, cookies, form, fault))
  }
  return checksOf(pairs, form)
}

/** Sessions have a rate each: no page waits for another one's. */
async function cookiesFor(scene: Scene): Promise<string[]> {
  await using asker = await scene.asker()
  const cookies: string[] = []
  for (let count = 0; count < devices; count++) {
    cookies.push((await openSession(asker, count % 2 === 0 ? 'viewer' : 'operator')).cookie)
  }
  return cookies
}

async function pairOf(
  scene: Scene,
  addresses: readonly string[],
  cookies: readonly string[],
  form: keyof typeof sendMs,
  fault: string | undefined,
): Promise<Pair> {
  const without = await flowOf(scene, () => passed(sendMs[form]))
  const { gateway } = scene.lab.processes.get(site)!
  const count = fault === 'few-pages' ? 5 : pages
  // Devices have processors of their own: here they get what the box leaves.
  await using crowd = scene.lab.spawn(desk, ['nice', '-n', '19', process.execPath, program])
  const opening = await flowOf(scene, async () => {
    const order = { box: scene.address, pages: count, from: addresses, cookies }
    crowd.write(`${JSON.stringify(order)}\n`)
    await crowd.line((line) => line.includes('"open"'), openMs)
  })
  const first = await report(crowd, 0)
  const [before, beganMs] = [cpuSeconds([gateway.pid]), performance.now()]
  const open = await flowOf(scene, async () => {
    if (fault === 'lossy-lan') await plantDrop(scene.lab, `${peer}-host`, 'input', lossy)
    await passed(sendMs[form])
  })
  const tookSeconds = (performance.now() - beganMs) / 1_000
  const cpu = (cpuSeconds([gateway.pid]) - before) / tookSeconds
  const { live, events } = await report(crowd, 1)
  const perSecond = (events - first.events) / Math.max(1, live) / tookSeconds
  return { ...{ without, opening, open }, ...{ cpu, live, events: perSecond } }
}

/** @param earlier reports that were told before */
async function report(
  crowd: Program,
  earlier: number,
): Promise<{ readonly live: number; readonly events: number }> {
  let passedBy = 0
  const next = crowd.line((line) => line.includes('"report"') && ++passedBy > earlier, reportMs)
  crowd.write('report\n')
  return JSON.parse(await next)
}

async function flowOf({ lab }: Scene, meanwhile: () => Promise<void>): Promise<Flow> {
  const to = hostAddress(lab, peer)
  await using flow = await startPace(lab, desk, `${peer}-host`, to, { ratePps, bytes: 200 })
  await meanwhile()
  const { flows, missed } = await flow.finish()
  return { account: flows[0]!, missed }
}

function checksOf(pairs: readonly Pair[], form: keyof typeof sendMs): Check[] {
  const all = (of: (pair: Pair) => number): number[] => pairs.map(of).toSorted((a, b) => a - b)
  const sum = (of: (pair: Pair) => number): number => all(of).reduce((one, more) => one + more, 0)
  const middle = (of: (pair: Pair) => number): number => all(of)[Math.floor(pairs.length / 2)]!
  const lost = sum(({ opening, open }) => lostOf(opening) + lostOf(open))
  const sent = sum(({ opening, open }) => opening.account.sent + open.account.sent)
  // What else the machine does only adds to it: the least of each tells what the box does.
  const least = (of: (pair: Pair) => number): number => all(of)[0]!
  const more = least(({ open }) => p99Of(open)) - least(({ without }) => p99Of(without))
  const live = Math.min(...pairs.map((pair) => pair.live))
  const [cpu, events] = [middle((pair) => pair.cpu), middle((pair) => pair.events)]
  const each = pairs
    .map(({ open, without }) => `${p99Of(open).toFixed(1)}/${p99Of(without).toFixed(1)}`)
    .join(' ')
  return [
    claim(
      'fifty pages: open, and each is told what happens',
      live === pages && events >= 0.9,
      `${live} of ${devices} devices, ${events.toFixed(1)} events a second each; the gateway takes ${percent(cpu)} of a core`,
      `${pages}, ≥ 0.9 events a second`,
    ),
    claim(
      'fifty pages: packets lost while they open and stay open',
      lost === 0,
      `${lost} of ${sent} (without them ${sum(({ without }) => lostOf(without))})`,
      '0',
    ),
    claim(
      'fifty pages: one-way delay p99 of the flow, beside that without them',
      more <= addedMs[form],
      `${more.toFixed(2)} ms more, the least of ${pairs.length} beside the least (ms with/without: ${each})`,
      `≤ ${addedMs[form]} ms more`,
    ),
  ]
}

function lostOf({ account, missed }: Flow): number {
  return account.lost - missed
}

function p99Of({ account }: Flow): number {
  return account.delayMs?.p99 ?? Number.POSITIVE_INFINITY
}
