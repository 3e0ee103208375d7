/**
 * The rules between segments by port, within sites and between them, in both families; and a peer that has a session of
 * its own and seals what is not its own, by an implementation that has no scruples: test/vector/sealed.ts.
 */
import { describeWhole } from '../../lab/description.ts'
import { awaitReachable } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { freshDrops } from '../../lab/status.ts'
import type { Check, Line } from '../line.ts'
import {
  allWays,
  forge,
  forgeries,
  Probes,
  type Report,
  rules,
  startForger,
  type Way,
} from './forged-parts.ts'

/** Probes in all, and of each kind of forgery. */
const full = { probes: 100_000, forgeries: 10_000, ratePps: 2_000 }
const quick = { probes: 340, forgeries: 50, ratePps: 500 }
const warmUps = 40
const settleMs = 500

export const forged: Line = {
  name: 'forged',
  title: 'rules by port hold between sites; a peer that seals what is not its own gets nowhere',
  isQuickBeside: true,
  faults: { 'open-door': 'across segments', 'honest-forger': 'forged' },
  measure: async ({ isQuick, fault }) => {
    const { probes: wanted, forgeries: each, ratePps } = isQuick ? quick : full
    const door = {
      name: 'door',
      action: 'allow',
      from: { segment: 'cameras' },
      to: { segment: 'office' },
    } as const
    const acl = fault === 'open-door' ? [...rules, door] : [...rules]
    await using lab = await openLab(describeWhole(isQuick ? 2 : 3, { acl }))
    await lab.start()
    const probes = new Probes()
    await probes.start(lab)
    const ways = allWays(lab)
    await warmUp(lab, probes, ways)
    const count = Math.ceil(wanted / ways.length)
    const before = await settled(probes)
    await probes.send(ways, count, ratePps)
    const after = await settled(probes)
    const matrix = judge(ways, count, before, after)
    const cheats = await cheat(lab, probes, each, ratePps, fault === 'honest-forger')
    return [...matrix, ...cheats]
  },
}

/** Sessions and neighbours come with the first packets: every open way is tried until it has answered once. */
async function warmUp(lab: Lab, probes: Probes, ways: readonly Way[]): Promise<void> {
  for (const { name } of lab.sites.slice(1)) await awaitReachable(lab, 'berlin', name)
  for (let round = 0; round < warmUps; round++) {
    const { answered } = await probes.report()
    const silent = ways.filter(({ isOpen, label }) => isOpen && answered[label] === undefined)
    if (silent.length === 0) return
    await probes.send(silent, 1, 500)
    await new Promise((next) => setTimeout(next, 200))
  }
}

/** A report that no longer changes. */
async function settled(probes: Probes): Promise<Report> {
  let last = await probes.report()
  for (let round = 0; round < warmUps; round++) {
    await new Promise((next) => setTimeout(next, settleMs))
    const now = await probes.report()
    if (JSON.stringify(now) === JSON.stringify(last)) return now
    last = now
  }
  return last
}

function judge(ways: readonly Way[], count: number, before: Report, after: Report): Check[] {
  const rise = (which: 'heard' | 'answered', label: string): number =>
    (after[which][label] ?? 0) - (before[which][label] ?? 0)
  const open = ways.filter(({ isOpen }) => isOpen)
  const shut = ways.filter(({ isOpen }) => !isOpen)
  const isAcross = ({ from, to }: Way): boolean =>
    from.endsWith('-cameras') !== to.endsWith('-cameras')
  const leaks = (some: readonly Way[]): number =>
    some.reduce((sum, { label }) => sum + (after.heard[label] ?? 0), 0)
  const across = shut.filter(isAcross)
  const within = shut.filter((way) => !isAcross(way))
  const dark = open.filter(({ label }) => rise('answered', label) === 0)
  const heard = open.reduce((sum, { label }) => sum + rise('heard', label), 0)
  const answered = open.reduce((sum, { label }) => sum + rise('answered', label), 0)
  const sent = open.length * count
  return [
    {
      check: 'open ways',
      target: `${open.length} of ${open.length}, 0 probes lost`,
      figure: `${open.length - dark.length}, ${sent - heard} lost, ${heard - answered} answers lost${named(dark)}`,
      isOk: dark.length === 0 && heard === sent && answered === sent,
    },
    {
      check: 'across segments',
      target: '0 heard',
      figure: `${leaks(across)} of ${across.length * count} on ${across.length} ways${named(across.filter(({ label }) => after.heard[label] !== undefined))}`,
      isOk: leaks(across) === 0 && across.length > 0,
    },
    {
      check: 'denied within a segment',
      target: '0 heard',
      figure: `${leaks(within)} of ${within.length * count} on ${within.length} ways`,
      isOk: leaks(within) === 0 && within.length > 0,
    },
  ]
}

function named(ways: readonly Way[]): string {
  if (ways.length === 0) return ''
  const some = ways.slice(0, 4).map(({ label }) => label.replace('probe ', ''))
  return `: ${some.join(', ')}${ways.length > 4 ? ', …' : ''}`
}

const reasons = ['inner_segment', 'inner_source', 'segment'] as const

/** A peer that has a session seals what is not its own: none is delivered, each is counted, and it is told. */
async function cheat(
  lab: Lab,
  probes: Probes,
  count: number,
  ratePps: number,
  isHonest: boolean,
): Promise<Check[]> {
  await using forger = await startForger(lab)
  const { honest, disguised, ...kinds } = forgeries(lab)
  await forge(forger, honest!, 20, 200)
  const before = await freshDrops(lab, 'berlin')
  for (const frames of Object.values(kinds)) {
    await forge(forger, isHonest ? disguised! : frames, count, ratePps)
  }
  const { heard } = await settled(probes)
  const drops = await freshDrops(lab, 'berlin')
  const sent = count * Object.keys(kinds).length
  const dropped = reasons.map((name) => drops.reasons[name]! - before.reasons[name]!)
  const counted = dropped.reduce((sum, each) => sum + each, 0)
  const believed = Object.entries(heard).filter(
    ([label]) => label.startsWith('forged ') && label !== 'forged honest',
  )
  const lines = lab.processes
    .get('berlin')!
    .gateway.tail.split('\n')
    .filter((line) => line.includes('"packet denied"') && line.includes('"mallory"'))
  const control = heard['forged honest'] ?? 0
  return [
    {
      check: 'forged by a peer with a session',
      target: '0 heard, each counted',
      figure: `${believed.reduce((sum, [, times]) => sum + times, 0)} of ${sent}; ${reasons.map((name, at) => `${name} ${dropped[at]}`).join(', ')}`,
      isOk: believed.length === 0 && counted === sent,
    },
    {
      check: 'control: what the peer may send',
      target: '20 heard',
      figure: String(control),
      isOk: control === 20,
    },
    {
      check: 'denials in the log',
      target: 'at least 1 with the peer, not more than 10 a second',
      figure: String(lines.length),
      isOk: lines.length >= 1 && lines.length <= 20 + (10 * 2 * sent) / ratePps + 100,
    },
  ]
}
