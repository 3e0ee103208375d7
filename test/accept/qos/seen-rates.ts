/**
 * The same of what waits elsewhere than for an uplink: what comes from the Internet, and what a segment's limit keeps back each way. Beside
 * it nothing else is full, so that what is lost was lost there.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { ExplainAnswer } from '../../../firmware/model/local-api-explain.ts'
import type { IngressQueue, LimitQueue } from '../../../firmware/model/local-api-queue.ts'
import { plantDrop } from '../../lab/faults.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Pace, type PaceReport, startPace } from '../../lab/pace.ts'
import { reconfigure } from '../../lab/reconfigure.ts'
import { freshDrops, lookAt, readMetrics } from '../../lab/status.ts'
import { askWhy } from '../../lab/why.ts'
import type { Check } from '../line.ts'
import { hostOf, narrow, wide } from './scene.ts'
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

/** Half as much again as the 5 Mbit/s that each may have, and no more than other links carry. */
const bulk: Pace = { ratePps: 750, bytes: 1_200, dscp: 8, port: 9_610 }
const rateText = '5M'
/** Half of the link. */
const internetPercent = 50
/** Where the Internet's packets say that they come from. */
const farPort = 9_700
const openerTimeoutMs = 10_000

export const rateFaults = {
  'lost-download': 'ingress: bulk that was sent',
  'lost-guest': 'limit, up: bulk that was sent',
  'stray-guest': 'limit, down: bulk that came',
} as const

/** From the Internet to a host behind the box's NAT: as answers, for nothing else comes in. */
export async function takeIngress(lab: Lab, fault: string | undefined): Promise<Check[]> {
  await reconfigure(lab, narrow, ({ uplinks: [uplink] }) => {
    uplink.internet = internetPercent
  })
  const [host, hostAddress] = hostOf(lab, narrow)
  const [far, farAddress] = internetOf(lab)
  const address = lab.sites.find(({ name }) => name === narrow)!.wan.address.split('/')[0]!
  const inwards = { ...bulk, source: farAddress }
  await answerFrom(lab, far, [bulk.port!, alone.port!])
  await ask(lab, host, farAddress, [bulk.port!, alone.port!])
  if (fault === 'lost-download') {
    await plantDrop(lab, narrow, 'forward', `udp dport ${bulk.port} numgen inc mod 20 == 10`)
  }
  const idle = await pass(lab, far, host, address, { ...alone, source: farAddress })
  // It has no classes: what was alone is counted with the rest.
  await freshDrops(lab, narrow)
  const before = await ingressOf(lab)
  await using flood = await startPace(lab, far, host, address, inwards)
  await passed(fullMs)
  const during = await ingressOf(lab)
  const flow = { from: hostAddress, to: farAddress, toPort: farPort, protocol: 'udp' } as const
  const { ingress } = await askWhy(lab, narrow, flow)
  const full = await flood.finish()
  await freshDrops(lab, narrow)
  const after = await ingressOf(lab)
  const labels = `site="${narrow}",uplink="wan0"`
  return [
    ...flowChecks('ingress', before, during, after, full, idle.delayMs?.median),
    metricsCheck('ingress: metrics', await readMetrics(lab, narrow), [
      `causeway_queue_ingress_sent_packets_total{${labels}} ${after.sentPackets}`,
      `causeway_queue_ingress_delay_seconds_count{${labels}} ${after.sentPackets}`,
    ]),
    waitsCheck('ingress: explain', 'by wan0', [[ingress?.uplink ?? '–', ingress]]),
  ]
}

/** To another site and from there, at once. */
export async function takeLimits(lab: Lab, fault: string | undefined): Promise<Check[]> {
  await reconfigure(lab, narrow, ({ segments: [office] }) => {
    office.limit = { up: rateText, down: rateText }
  })
  const [host, hostAddress] = hostOf(lab, narrow)
  const [far, farAddress] = hostOf(lab, wide)
  if (fault === 'lost-guest') {
    await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 20 == 10')
  }
  const ways = [
    { name: 'up', from: host, to: far, address: farAddress },
    { name: 'down', from: far, to: host, address: hostAddress },
  ] as const
  const idle = await Promise.all(
    ways.map(({ from, to, address }) => pass(lab, from, to, address, alone)),
  )
  const before = await limitsOf(lab)
  await using stack = new AsyncDisposableStack()
  const floods = await Promise.all(
    ways.map(async ({ from, to, address }) =>
      stack.use(await startPace(lab, from, to, address, bulk)),
    ),
  )
  if (fault === 'stray-guest') {
    await pass(lab, far, host, hostAddress, { ...alone, dscp: bulk.dscp! })
  }
  await passed(fullMs)
  const during = await limitsOf(lab)
  const flow = { from: hostAddress, to: farAddress, toPort: bulk.port!, dscp: bulk.dscp! }
  const why = await askWhy(lab, narrow, { ...flow, protocol: 'udp' })
  const full = await Promise.all(floods.map((flood) => flood.finish()))
  await freshDrops(lab, narrow)
  const after = await limitsOf(lab)
  const metrics = await readMetrics(lab, narrow)
  return [
    ...ways.flatMap(({ name }, at) => {
      const [then, middle, now] = [before, during, after].map((one) => bulkOf(one[name]))
      const base = idle[at]!.delayMs?.median
      const labels = `site="${narrow}",segment="office",direction="${name}",class="bulk"`
      return [
        ...flowChecks(`limit, ${name}`, then, middle, now, full[at]!, base),
        metricsCheck(`limit, ${name}: metrics`, metrics, [
          `causeway_queue_segment_sent_packets_total{${labels}} ${now?.sentPackets}`,
          `causeway_queue_segment_delay_seconds_count{${labels}} ${now?.sentPackets}`,
        ]),
      ]
    }),
    waitsCheck(
      'limit: explain',
      'up and down',
      why.limits.map((one) => [one.direction, one] as const),
    ),
  ]
}

type Waited = Omit<IngressQueue, 'rateBitsPerSecond' | 'lateSeconds'>

function flowChecks(
  name: string,
  before: Waited | undefined,
  during: Waited | undefined,
  after: Waited | undefined,
  { flows: [flow], refused, missed }: PaceReport,
  baseMs = Number.NaN,
): Check[] {
  const counted = countBetween(before, after)
  return [
    ...countChecks(`${name}: bulk`, counted, flow!, refused, missed),
    delayCheck(`${name}: delay of bulk`, during?.delay, flow!, baseMs),
  ]
}

/** Each of them keeps some back, and did of late. */
function waitsCheck(
  check: string,
  where: string,
  found: readonly (readonly [string, ExplainAnswer['ingress'] | ExplainAnswer['limits'][number]])[],
): Check {
  const figures = found.map(([name, one]) => {
    const ms = one?.delay == null ? '–' : `${(one.delay.p95Seconds * 1_000).toFixed(0)} ms`
    return `${name} ${one?.waitingPackets ?? 0}, ${ms}`
  })
  const names = found.map(([name]) => name)
  const isThere = where.endsWith(names.join(' and ')) && names.length > 0
  const doWait = found.every(
    ([, one]) => (one?.waitingPackets ?? 0) > 0 && (one?.delay?.p95Seconds ?? 0) > 0.01,
  )
  return {
    check,
    target: `some wait ${where}, and did of late`,
    figure: figures.join('; '),
    isOk: isThere && doWait,
  }
}

async function ingressOf(lab: Lab): Promise<IngressQueue> {
  const { status } = await lookAt(lab, narrow)
  return status.uplinks[0]!.ingress!
}

async function limitsOf(lab: Lab) {
  const { status } = await lookAt(lab, narrow)
  return status.segments[0]!
}

function bulkOf(queue: LimitQueue | null) {
  return queue?.classes.find((one) => one.class === 'bulk')
}

/** What is sent from there to these ports comes from the one that was asked. */
async function answerFrom(lab: Lab, far: string, ports: readonly number[]): Promise<void> {
  const lines = [
    'table ip answers {',
    'chain output {',
    'type filter hook output priority raw',
    `udp dport { ${ports.join(', ')} } udp sport set ${farPort}`,
    '}',
    '}',
  ]
  await lab.exec(far, ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
}

/** A datagram from each port, so that the box lets answers in. */
async function ask(
  lab: Lab,
  host: string,
  address: string,
  ports: readonly number[],
): Promise<void> {
  const program = [
    "const { createSocket } = require('node:dgram')",
    ...ports.map(
      (port) =>
        `{ const socket = createSocket('udp4'); socket.bind(${port}, () => socket.send('?', ${farPort}, '${address}', () => socket.close())) }`,
    ),
  ]
  await lab.exec(host, [process.execPath, '--eval', program.join('\n')], {
    timeoutMs: openerTimeoutMs,
  })
}
