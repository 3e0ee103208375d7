/**
 * What the box says of its queue is what the far end sees: packets that came, left, were dropped, by class; how long they waited, against
 * how much later they arrive than on the idle link; and the same by metrics, and by `explain` while it lasts. So of what waits inwards,
 * and for a segment's limit (seen-rates.ts).
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { ExplainAnswer } from '../../../firmware/model/local-api-explain.ts'
import type { UplinkQueue } from '../../../firmware/model/local-api-queue.ts'
import { internetLabel } from '../../../firmware/plan/queue-metrics.ts'
import { plantDrop } from '../../lab/faults.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Pace, startPace } from '../../lab/pace.ts'
import { reconfigure } from '../../lab/reconfigure.ts'
import { freshDrops, lookAt, readMetrics } from '../../lab/status.ts'
import { askWhy } from '../../lab/why.ts'
import type { Check, Line } from '../line.ts'
import { hostOf, narrow, openNarrow, wide } from './scene.ts'
import {
  alone,
  countBetween,
  countChecks,
  delayCheck,
  fullMs,
  internetOf,
  metricsCheck,
  pass,
} from './seen-checks.ts'
import { rateFaults, takeIngress, takeLimits } from './seen-rates.ts'

/** Half as much again as the link carries, and a call of 200 bytes each 20 ms. */
const bulk: Pace = { ratePps: 1_500, bytes: 1_200, dscp: 8, port: 9_600 }
const call: Pace = { ratePps: 50, bytes: 172, dscp: 46, port: 9_601 }

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
  // A link of 10 Mbit/s filled for half a minute and more: `call` and `shares` are the short form of it.
  isFullOnly: true,
  faults: {
    'drop-packet': 'overlay: bulk that was sent',
    'stray-sender': 'overlay: bulk that came',
    'idle-link': 'overlay: delay of calls',
    'narrow-link': 'overlay: delay of bulk',
    ...rateFaults,
  },
  measure: async ({ fault }) => {
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
    const isOfRates = fault !== undefined && fault in rateFaults
    if (!isOfRates) {
      for (const ride of fault !== undefined ? rides.slice(0, 1) : rides) {
        checks.push(...(await take(lab, ride, fault)))
      }
    }
    if (isOfRates || fault === undefined) {
      checks.push(...(await takeIngress(lab, fault)), ...(await takeLimits(lab, fault)))
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
  const counted = (name: string) =>
    countBetween(ofPeer(before, ride.peer, name), ofPeer(after, ride.peer, name))
  const told = (name: string) => during.classes.find((one) => one.class === name)?.delay
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
    delayCheck(`${ride.name}: delay of bulk`, told('bulk'), full.flows[0]!, base),
    delayCheck(`${ride.name}: delay of calls`, told('voice'), calls.flows[0]!, base),
    metricsCheck(`${ride.name}: metrics`, metrics, metricLines(after, label)),
    explainCheck(`${ride.name}: explain`, why),
  ]
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

function ofPeer({ peers }: UplinkQueue, peer: string | null, name: string) {
  const known = peers.find((one) => one.peer === peer)
  return known?.classes.find((one) => one.class === name)
}

/** Of the class by the uplink, and of the peer. */
function metricLines({ classes, peers }: UplinkQueue, peer: string): string[] {
  const uplink = `site="${narrow}",uplink="wan0"`
  const sent = classes.find((one) => one.class === 'bulk')!.sentPackets
  const known = peers.find((one) => (one.peer ?? internetLabel) === peer)
  const toPeer = known?.classes.find((one) => one.class === 'bulk')?.sentPackets ?? -1
  return [
    `causeway_queue_sent_packets_total{${uplink},class="bulk"} ${sent}`,
    `causeway_queue_delay_seconds_count{${uplink},class="bulk"} ${sent}`,
    `causeway_queue_peer_sent_packets_total{${uplink},peer="${peer}",class="bulk"} ${toPeer}`,
  ]
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
