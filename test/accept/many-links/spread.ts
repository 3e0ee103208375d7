/**
 * Several good links at once: flows are spread over links of 50 Mbit/s each, whose paths are 20 to 60 ms long. A receiver sees
 * each flow in order, and together they fill both links.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { describeManyLinks } from '../../lab/description.ts'
import { awaitReachable, fetchFile, hostAddress, startServers } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { startPace } from '../../lab/pace.ts'
import { openPaths } from '../../lab/paths.ts'
import { askWhy } from '../../lab/why.ts'
import type { Check, Context, Line } from '../line.ts'

const rateBps = 50_000_000
/** In a few seconds a flow of 60 ms may still be on its way up. */
const leastShare = { full: 0.95, quick: 0.85 }
const flows = 8
const ratePps = 250
const delaysMs = [10, 30] as const
const pacedMs = { full: 30_000, quick: 2_000 }
const warmUpMs = 5_000
/** Twice what a path waits that was down. */
const trustMs = 60_000
const lookMs = 100
const filledMs = { full: 15_000, quick: 3_000 }
const fileBytes = { full: 40_000_000, quick: 18_000_000 }
const links = ['wan0', 'wan1'] as const

/**
 * Only in full, which is looked at by people: flows are counted by path and not by uplink, so that where one of the four paths is
 * doubted in the very moment in which eight flows begin, they go five to three. A busy machine does that once in ten times.
 */
export const spread: Line = {
  name: 'spread',
  title:
    'eight flows over two links of 50 Mbit/s, 20 to 60 ms long: both full, and no flow out of order',
  isFullOnly: true,
  faults: {
    'one-link': 'outer rate',
    'reordering-link': 'datagrams out of order',
    'one-path': 'flows by each link',
  },
  measure: async (context) => {
    await using lab = await openLab(describe(context))
    await lab.start()
    await awaitReachable(lab, 'berlin', 'lisbon')
    await using paths = await openPaths(lab, 'lisbon')
    await paths.allUp()
    await allTrusted(lab)
    return [...(await inOrder(lab, context)), await filled(lab, context)]
  },
}

function describe({ fault }: Context) {
  const spreads =
    fault === 'one-link' || fault === 'one-path' ? [] : [{ name: 'default', use: 'all' as const }]
  return describeManyLinks({
    uplinks: 2,
    seed: 11,
    policies: spreads,
    link: (_site, number) => {
      const way = { delayMs: delaysMs[number]!, rateBps, queueMs: 100 }
      const reorder = { ppm: 10_000, byMs: 5 }
      const down = fault === 'reordering-link' ? { ...way, reorder } : way
      return { emulated: { up: way, down }, more: { up: '50M', down: '50M' } }
    },
  })
}

/** A path that stumbled while all of that started is no good one for a while: what is asked here is what is made of good ones. */
async function allTrusted(lab: Lab): Promise<void> {
  const flow = { from: hostAddress(lab, 'lisbon'), to: hostAddress(lab, 'berlin') }
  const deadlineMs = performance.now() + trustMs
  for (;;) {
    const { paths } = await askWhy(lab, 'lisbon', flow)
    if (paths.length > 0 && paths.every(({ trustedInSeconds: left }) => left === 0)) return
    if (performance.now() > deadlineMs) {
      throw new CausewayError('LAB_TIMEOUT', 'paths of lisbon are not trusted')
    }
    await pause(lookMs)
  }
}

/** @returns the checks of paced datagrams, which are far from filling anything */
async function inOrder(lab: Lab, { isQuick }: Context): Promise<Check[]> {
  const to = hostAddress(lab, 'berlin')
  await using pace = await startPace(lab, 'lisbon-host', 'berlin-host', to, {
    ratePps,
    flows,
    bytes: 400,
  })
  await pace.heard()
  const before = await entered(lab)
  await pause(isQuick ? pacedMs.quick : pacedMs.full)
  const after = await entered(lab)
  const report = await pace.finish()
  const reordered = report.flows.reduce((sum, flow) => sum + flow.reordered, 0)
  const received = report.flows.reduce((sum, flow) => sum + flow.received, 0)
  const lost = report.flows.reduce((sum, flow) => sum + flow.lost, 0)
  const shares = after.map((count, link) => count - before[link]!)
  const least = Math.min(...shares) / shares.reduce((sum, count) => sum + count, 0)
  return [
    {
      check: 'datagrams out of order, lost, within any flow',
      target: `0, 0 of ${flows} flows`,
      figure: `${reordered}, ${lost} of ${received}`,
      isOk: reordered === 0 && lost === 0 && received > 0,
    },
    {
      check: 'flows by each link',
      target: 'half of the packets',
      figure: shares.map((count, link) => `${links[link]} ${count}`).join(', '),
      isOk: least >= 0.4,
    },
  ]
}

/** Frames that entered lisbon's links so far. */
async function entered(lab: Lab): Promise<number[]> {
  const readings = await Promise.all(links.map((name) => lab.wan('lisbon', name).read()))
  return readings.map(({ up }) => up.entered)
}

async function filled(lab: Lab, { isQuick }: Context): Promise<Check> {
  await startServers(lab, ['lisbon'])
  const bytes = isQuick ? fileBytes.quick : fileBytes.full
  const files = Array.from({ length: flows }, (_, seed) =>
    fetchFile(lab, 'berlin', 'lisbon', { seed, bytes }, 120_000),
  )
  await pause(warmUpMs)
  const before = await Promise.all(links.map((name) => lab.wan('lisbon', name).read()))
  await pause(isQuick ? filledMs.quick : filledMs.full)
  const after = await Promise.all(links.map((name) => lab.wan('lisbon', name).read()))
  const got = await Promise.all(files)
  const rates = after.map(({ up, atNs }, link) => {
    const { up: then, atNs: thenNs } = before[link]!
    return ((up.leftBytes - then.leftBytes) * 8e9) / (atNs - thenNs)
  })
  const isWhole = got.every(({ isEqual }) => isEqual)
  const least = isQuick ? leastShare.quick : leastShare.full
  const share = rates.reduce((sum, rate) => sum + rate, 0) / (links.length * rateBps)
  const each = rates.map((rate, link) => `${links[link]} ${(rate / 1e6).toFixed(1)}`).join(', ')
  return {
    check: 'outer rate of eight TCP flows',
    target: `≥ ${least * 100} % of ${(links.length * rateBps) / 1e6} Mbit/s, all files equal`,
    figure: `${(share * 100).toFixed(1)} % (${each} Mbit/s), ${isWhole ? 'equal' : 'NOT EQUAL'}`,
    isOk: share >= least && isWhole,
  }
}
