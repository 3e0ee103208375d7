/**
 * What the box says of its queue is what the far end sees: packets that came, left, were dropped, by class; how long they waited, against
 * how much later they arrive than on the idle link; and the same by metrics, and by `explain` while it lasts.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { ExplainAnswer } from '../../../firmware/model/local-api-explain.ts'
import type { QueueTraffic, UplinkQueue } from '../../../firmware/model/local-api-queue.ts'
import { internetLabel } from '../../../firmware/plan/queue-metrics.ts'
import { plantDrop } from '../../lab/faults.ts'
import type { FlowAccount } from '../../lab/gaps.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Pace, startPace } from '../../lab/pace.ts'
import { reconfigure } from '../../lab/reconfigure.ts'
import { freshDrops, lookAt, readMetrics } from '../../lab/status.ts'
import { askWhy } from '../../lab/why.ts'
import type { Check, Line } from '../line.ts'
import { hostOf, narrow, openNarrow, wide } from './scene.ts'

/** Half as much again as the link carries, and a call of 200 bytes each 20 ms. */
const bulk: Pace = { ratePps: 1_500, bytes: 1_200, dscp: 8, port: 9_600 }
const call: Pace = { ratePps: 50, bytes: 172, dscp: 46, port: 9_601 }
/** Of a class of its own, so that it is not among what is counted. */
const alone: Pace = { ratePps: 100, bytes: 1_200, dscp: 18, port: 9_602 }
const aloneMs = 1_500
/** No longer than what the status looks back. */
const fullMs = 4_500
/** Of a delay: a part of the histogram is so wide. And the clocks and the far end's link. */
const share = 0.25
const aboutMs = 4
/** Whatever overtakes: what is under way takes its millisecond, of which 95 % wait for half of it at least. */
const leastMs = 0.5

interface Ride {
  readonly name: string
  /** Null: to the Internet. */
  readonly peer: string | null
}

const rides: readonly Ride[] = [
  { name: 'overlay', peer: wide },
  { name: 'breakout', peer: null },
]

export const seen: Line = {
  name: 'seen',
  title: 'what the box says of its queue is what the far end sees',
  faults: {
    'drop-packet': 'overlay: bulk that was sent',
    'stray-sender': 'overlay: bulk that came',
    'narrow-link': 'overlay: delay of bulk',
    'idle-link': 'overlay: delay of calls',
  },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openNarrow({ isRateUnknown: false })
    if (fault === 'drop-packet') {
      await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 20 == 10')
    }
    if (fault === 'narrow-link') {
      await reconfigure(lab, narrow, (config) => {
        config.uplinks[0].up = '14M'
      })
    }
    const checks: Check[] = []
    for (const ride of isQuick || fault !== undefined ? rides.slice(0, 1) : rides) {
      checks.push(...(await take(lab, ride, fault)))
    }
    return checks
  },
}

/** With the fault `stray-sender` somebody else sends of that class, too; with `idle-link` nobody sends too much. */
async function take(lab: Lab, ride: Ride, fault: string | undefined): Promise<Check[]> {
  const [from] = hostOf(lab, narrow)
  const [to, address] = ride.peer === null ? internetOf(lab) : hostOf(lab, wide)
  const idle = await pass(lab, from, to, address, alone)
  const before = await queueOf(lab)
  const sent = fault === 'idle-link' ? { ...bulk, ratePps: alone.ratePps } : bulk
  await using flood = await startPace(lab, from, to, address, sent)
  await using talk = await startPace(lab, from, to, address, call)
  if (fault === 'stray-sender') await pass(lab, from, to, address, { ...alone, dscp: bulk.dscp! })
  await passed(fullMs)
  const during = await queueOf(lab)
  const why = await explain(lab, address)
  const [full, calls] = [await flood.finish(), await talk.finish()]
  await freshDrops(lab, narrow)
  const after = await queueOf(lab)
  const metrics = await readMetrics(lab, narrow)
  const base = idle.delayMs?.median ?? Number.NaN
  const counted = countBetween(before, after, ride.peer)
  const label = ride.peer ?? internetLabel
  return [
    ...countChecks(
      `${ride.name}: bulk`,
      counted('bulk'),
      full.flows[0]!,
      full.refused,
      full.missed,
    ),
    ...countChecks(`${ride.name}: calls`, counted('voice'), calls.flows[0]!, calls.refused, 0),
    delayCheck(`${ride.name}: delay of bulk`, during, 'bulk', full.flows[0]!, base),
    delayCheck(`${ride.name}: delay of calls`, during, 'voice', calls.flows[0]!, base),
    metricsCheck(`${ride.name}: metrics`, metrics, after, label),
    explainCheck(`${ride.name}: explain`, why),
  ]
}

async function pass(lab: Lab, from: string, to: string, address: string, pace: Pace) {
  await using paced = await startPace(lab, from, to, address, pace)
  await paced.heard()
  await passed(aloneMs)
  return (await paced.finish()).flows[0]!
}

/** A place in the Internet, behind the other site's link. */
function internetOf(lab: Lab): readonly [place: string, address: string] {
  const { wan } = lab.sites.find(({ name }) => name === wide)!
  return ['internet', wan.gateway.split('/')[0]!]
}

async function queueOf(lab: Lab): Promise<UplinkQueue> {
  const { status } = await lookAt(lab, narrow)
  return status.uplinks[0]!.queue!
}

function explain(lab: Lab, to: string): Promise<ExplainAnswer> {
  const [, from] = hostOf(lab, narrow)
  const { port, dscp } = bulk
  return askWhy(lab, narrow, { from, to, toPort: port!, protocol: 'udp', dscp: dscp! })
}

type Counted = Pick<QueueTraffic, 'offeredPackets' | 'sentPackets' | 'waitingPackets'> & {
  readonly dropped: number
}

function countBetween(before: UplinkQueue, after: UplinkQueue, peer: string | null) {
  const of = ({ peers }: UplinkQueue, name: string): Counted => {
    const classes = peers.find((one) => one.peer === peer)?.classes ?? []
    const found = classes.find((one) => one.class === name)
    const { offeredPackets = 0, sentPackets = 0, waitingPackets = 0 } = found ?? {}
    const dropped = (found?.droppedByDelay ?? 0) + (found?.droppedByFull ?? 0)
    return { offeredPackets, sentPackets, waitingPackets, dropped }
  }
  return (name: string): Counted => {
    const [then, now] = [of(before, name), of(after, name)]
    return {
      offeredPackets: now.offeredPackets - then.offeredPackets,
      sentPackets: now.sentPackets - then.sentPackets,
      dropped: now.dropped - then.dropped,
      waitingPackets: now.waitingPackets,
    }
  }
}

/** All have arrived or never will: nothing is in flight any more. @param missed by the receiver itself */
function countChecks(
  name: string,
  { offeredPackets, sentPackets, dropped, waitingPackets }: Counted,
  { sent, received, lost }: FlowAccount,
  refused: number,
  missed: number,
): Check[] {
  const equal = (what: string, figure: number, wanted: number, of: string): Check => ({
    check: `${name} ${what}`,
    target: `${wanted}: ${of}`,
    figure: String(figure),
    isOk: figure === wanted && wanted >= 0 && received > 0 && missed === 0,
  })
  return [
    equal('that came', offeredPackets, sent - refused, 'as many as the host sent'),
    equal('that was sent', sentPackets, received, 'as many as arrived'),
    equal('that was dropped', dropped, lost - refused, 'as many as were lost'),
    { ...equal('that waits', waitingPackets, 0, 'nothing'), isOk: waitingPackets === 0 },
  ]
}

function delayCheck(
  check: string,
  { classes }: UplinkQueue,
  name: string,
  { delayMs }: FlowAccount,
  baseMs: number,
): Check {
  const told = classes.find((one) => one.class === name)?.delay?.p95Seconds ?? Number.NaN
  const measured = (delayMs?.p95 ?? Number.NaN) - baseMs
  const mostMs = measured * share + aboutMs
  return {
    check,
    target: `p95 ${measured.toFixed(1)} ± ${mostMs.toFixed(1)} ms, as measured above the idle link; ≥ ${leastMs}`,
    figure: `${(told * 1_000).toFixed(1)} ms`,
    isOk: told * 1_000 >= leastMs && Math.abs(told * 1_000 - measured) <= mostMs,
  }
}

/** The same figures, of the class by the uplink and of the peer. */
function metricsCheck(
  check: string,
  text: string,
  { classes, peers }: UplinkQueue,
  peer: string,
): Check {
  const uplink = `site="${narrow}",uplink="wan0"`
  const sent = classes.find((one) => one.class === 'bulk')!.sentPackets
  const known = peers.find((one) => (one.peer ?? internetLabel) === peer)
  const toPeer = known?.classes.find((one) => one.class === 'bulk')?.sentPackets ?? -1
  const lines = [
    `causeway_queue_sent_packets_total{${uplink},class="bulk"} ${sent}`,
    `causeway_queue_delay_seconds_count{${uplink},class="bulk"} ${sent}`,
    `causeway_queue_peer_sent_packets_total{${uplink},peer="${peer}",class="bulk"} ${toPeer}`,
  ]
  const missing = lines.filter((line) => !text.split('\n').includes(line))
  return {
    check,
    target: 'as in the status',
    figure: missing.length === 0 ? 'the same' : `not there: ${missing.join('; ')}`,
    isOk: missing.length === 0,
  }
}

function explainCheck(check: string, { class: name, queue }: ExplainAnswer): Check {
  const { waitingPackets = 0, uplink = '–', meanSeconds } = queue ?? {}
  const waited = meanSeconds == null ? '–' : `${(meanSeconds * 1_000).toFixed(0)} ms`
  return {
    check,
    target: 'bulk, of which some waits by wan0, and did of late',
    figure: `${name}, ${waitingPackets} by ${uplink}, ${waited}`,
    isOk: name === 'bulk' && uplink === 'wan0' && waitingPackets > 0 && (meanSeconds ?? 0) > 0.01,
  }
}
