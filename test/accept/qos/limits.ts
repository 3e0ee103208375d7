/**
 * A segment that is limited gets that, each way, of what goes to another site and to the Internet together; a call of another segment
 * is not disturbed, though its own bulk fills the link. Rates are of IP packets.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { bare, describeLan, describeManyLinks, type LabDescription } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { awaitReachable, hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { reconfigure } from '../../lab/reconfigure.ts'
import type { Check, Line } from '../line.ts'
import { callChecks, talk, type Way } from './call.ts'
import { fill, fullCheck, hostOf, type LinkReading, linkBytes, narrow, wide } from './scene.ts'
import { startTally, type TallyReading } from './tally.ts'

const limit = { up: 5_000_000, down: 8_000_000 }
const within = 0.05
const rateBps = 50_000_000
const delayMs = 5
const addedMs = 6
const connections = 2
const startTimeoutMs = 10_000
const warmUpMs = 3_000
/** A planted fault is seen at once. */
const seconds = { full: { idle: 10, busy: 20 }, planted: { idle: 1, busy: 4 } }
const guests = 'guests'
const calls: readonly (Way & { readonly name: string })[] = [
  { name: 'out', from: narrow, to: wide },
  { name: 'in', from: wide, to: narrow },
]

export const limits: Line = {
  name: 'limits',
  title:
    'guests have 5 and 8 Mbit/s, to another site and the Internet together; the office has a call',
  // A link of 10 Mbit/s filled for half a minute and more: `call` and `shares` are the short form of it.
  isFullOnly: true,
  faults: {
    'no-limit': 'up',
    'wrong-limit': 'down',
    'limited-office': 'call, out: added delay',
    'drop-packet': 'call, in: lost',
    'idle-office': 'out: the link meanwhile',
  },
  measure: async ({ fault }) => {
    const form = fault !== undefined ? 'planted' : 'full'
    await using lab = await openLab(describe())
    await lab.start()
    await awaitReachable(lab, narrow, wide)
    await awaitReachable(lab, `${narrow}-${guests}`, `${wide}-${guests}`)
    await setLimits(lab, fault)
    const idle = await Promise.all(calls.map((way) => talk(lab, way, seconds[form].idle)))
    await using full = await fillGuests(lab)
    await passed(warmUpMs)
    const before = await full.read()
    await passed(seconds[form].busy * 1_000)
    const { up, down } = full.rates(before, await full.read())
    const isIdle = fault === 'idle-office' || fault === 'limited-office'
    await using _office = isIdle ? undefined : await fillOffice(lab)
    const linksBefore = await readLinks(lab)
    const busy = await Promise.all(calls.map((way) => talk(lab, way, seconds[form].busy)))
    const linksAfter = await readLinks(lab)
    const links = linksBefore.map((one, at) => [one, linksAfter[at]!] as const)
    return [
      rateCheck('up', limit.up, up),
      rateCheck('down', limit.down, down),
      ...calls.flatMap(({ name }, at) =>
        callChecks({ name: `call, ${name}` }, idle[at]!, busy[at]!, { isQuick: false, addedMs }),
      ),
      ...calls.map(({ name }, at) => fullCheck(name, ...links[at]!, rateBps)),
    ]
  },
}

function describe(): LabDescription {
  const way = { delayMs, rateBps, queueMs: 200 }
  const rate = `${rateBps / 1e6}M`
  const { sites, ...rest } = describeManyLinks({
    uplinks: 1,
    segments: [
      { name: 'office', vni: 100, breakout: true },
      { name: guests, vni: 300, breakout: true },
    ],
    link: () => ({ emulated: { up: way, down: way }, more: { up: rate, down: rate } }),
  })
  return {
    ...rest,
    sites: sites.map((site, at) => ({
      ...site,
      lans: [...site.lans, describeLan(guests, guests, 'eth2', `10.${at + 1}.30`)],
    })),
  }
}

/** Of the narrow site. */
async function setLimits(lab: Lab, fault: string | undefined): Promise<void> {
  if (fault === 'drop-packet') {
    await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 20 == 10')
  }
  await reconfigure(lab, narrow, ({ segments: [office, visitors] }) => {
    const down = fault === 'wrong-limit' ? '9M' : `${limit.down / 1e6}M`
    if (fault !== 'no-limit') visitors.limit = { up: `${limit.up / 1e6}M`, down }
    if (fault === 'limited-office') office.limit = { up: '64k' }
  })
}

const lowPriority = 8

/** By the link of the narrow site, out and in. */
function readLinks(lab: Lab): Promise<LinkReading[]> {
  return Promise.all((['out', 'in'] as const).map((way) => linkBytes(lab, narrow, way)))
}

/** Both ways, of what can wait: the link is full, and guests do not keep the office's call clear by their limit alone. */
async function fillOffice(lab: Lab): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  for (const { from, to } of calls) {
    const [place, address] = hostOf(lab, to)
    stack.use(await fill(lab, hostOf(lab, from)[0], place, address, lowPriority))
  }
  const parts = stack.move()
  return { [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

interface FullGuests extends AsyncDisposable {
  read(): Promise<Readings>
  rates(
    before: Readings,
    after: Readings,
  ): { readonly up: readonly number[]; readonly down: readonly number[] }
}

type Readings = readonly TallyReading[]

/** TCP each way, with another site's guests and with the Internet; what arrives is counted at its ends. */
async function fillGuests(lab: Lab): Promise<FullGuests> {
  await using stack = new AsyncDisposableStack()
  const here = `${narrow}-${guests}`
  const there = `${wide}-${guests}`
  const siteOf = (name: string) => lab.sites.find((site) => site.name === name)!
  const internet = bare(siteOf(wide).wan.gateway)
  const ends = [
    [there, hostAddress(lab, there)],
    ['internet', internet],
  ] as const
  const tallies = [
    await startTally(lab, there, [hostAddress(lab, here)]),
    await startTally(lab, 'internet', [bare(siteOf(narrow).wan.address)]),
    await startTally(
      lab,
      here,
      ends.map(([, address]) => address),
    ),
  ]
  for (const [place, address] of ends) {
    for (const [port, ways] of [
      [5_201, []],
      [5_202, ['--reverse']],
    ] as const) {
      const number = ['--port', String(port)]
      const server = stack.use(lab.spawn(place, ['iperf3', '--server', '--forceflush', ...number]))
      await server.line((line) => line.includes('Server listening'), startTimeoutMs)
      const marks = [...ways, '--parallel', String(connections), '--congestion', 'reno']
      const argv = [
        'iperf3',
        '--client',
        address,
        ...number,
        ...marks,
        '--time',
        '600',
        '--forceflush',
      ]
      const client = stack.use(lab.spawn(here, argv))
      await client.line((line) => line.startsWith('[SUM]'), startTimeoutMs)
    }
  }
  const parts = stack.move()
  return {
    read: () => Promise.all(tallies.map((tally) => tally.read())),
    rates: (before, after) => {
      const [toSite, toInternet, inwards] = tallies.map((tally, at) =>
        tally.rates(before[at]!, after[at]!),
      )
      return { up: [...toSite!, ...toInternet!], down: inwards! }
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function rateCheck(name: string, wanted: number, rates: readonly number[]): Check {
  const sum = rates.reduce((one, other) => one + other, 0)
  const [site, internet] = rates.map((rate) => (rate / 1e6).toFixed(2))
  return {
    check: `${name}: site and Internet together`,
    target: `${wanted / 1e6} Mbit/s ± ${within * 100} %`,
    figure: `${(sum / 1e6).toFixed(2)} Mbit/s (${site} and ${internet})`,
    isOk: Math.abs(sum / wanted - 1) <= within,
  }
}
