/**
 * Downloads from the Internet, whose senders know nothing of this box, fill the queue of the provider, unless the box makes them slow
 * down: a call that comes by the same link from another site, what the downloads keep of it, and what the overlay's own bulk gets.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { bare } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { hostAddress } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import type { Program } from '../../lab/program.ts'
import { reconfigure } from '../../lab/reconfigure.ts'
import type { Check, Line } from '../line.ts'
import { talk, type Way } from './call.ts'
import { narrow, narrowBps, openNarrow, wide } from './scene.ts'
import { startTally, type Tally } from './tally.ts'

/** What a configuration without a word of it has. */
const internetShare = 0.8
const leastOfShare = 0.8
const leastOfBulk = 0.5
const addedMs = 20
const connections = 8
const ports = { downloads: 5_201, bulk: 5_202 }
const startTimeoutMs = 10_000
/** By then senders that have filled the queue have heard of it, and it is empty again. */
const settleMs = { full: 10_000, quick: 6_500 }
const bulkSettleMs = { full: 8_000, quick: 1_500 }
/** What stands in the provider's queue. */
const queueMs = 300
const seconds = { full: { idle: 10, busy: 30 }, quick: { idle: 0.5, busy: 4 } }
const inwards: Way = { from: wide, to: narrow }

export const ingress: Line = {
  name: 'ingress',
  title:
    'a call that comes by a link of 10 Mbit/s which eight downloads from the Internet would fill',
  faults: {
    'ingress-off': 'call: added delay',
    'drop-packet': 'call: lost',
    'small-share': 'downloads',
    'bulk-lost': "the overlay's bulk",
  },
  measure: async ({ isQuick, fault }) => {
    const form = isQuick || fault !== undefined ? 'quick' : 'full'
    await using lab = await openNarrow({ isRateUnknown: false, queueMs })
    await plant(lab, fault)
    const internet = bare(lab.sites.find(({ name }) => name === wide)!.wan.gateway)
    const tally = await startTally(lab, `${narrow}-host`, [internet, hostAddress(lab, wide)])
    const idle = await talk(lab, inwards, seconds[form].idle)
    await using _downloads = await startTransfer(lab, 'internet', internet, ports.downloads)
    await passed(settleMs[form])
    const checks = await besideDownloads(lab, tally, idle.delayMs?.median, seconds[form].busy)
    await using _bulk = await startBulk(lab)
    await passed(bulkSettleMs[form])
    return [...checks, await bothAtOnce(tally, seconds[form].busy)]
  },
}

async function plant(lab: Lab, fault: string | undefined): Promise<void> {
  if (fault === 'ingress-off' || fault === 'small-share') {
    await reconfigure(lab, narrow, ({ uplinks: [uplink] }) => {
      if (fault === 'small-share') uplink.internet = 60
      else delete uplink.down
    })
  }
  if (fault === 'drop-packet' || fault === 'bulk-lost') {
    const sizes = fault === 'bulk-lost' ? 'meta length > 1000 ' : ''
    await plantDrop(lab, 'internet', 'forward', `udp dport 51820 ${sizes}numgen inc mod 4 == 1`)
  }
}

/** Into the narrow site's host, for as long as it is not disposed of; returns once data comes. @param from where the server is */
async function startTransfer(
  lab: Lab,
  from: string,
  address: string,
  port: number,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const number = ['--port', String(port)]
  const server = stack.use(lab.spawn(from, ['iperf3', '--server', '--forceflush', ...number]))
  await server.line((line) => line.includes('Server listening'), startTimeoutMs)
  const kind = ['--reverse', '--congestion', 'reno']
  const marks = ['--parallel', String(connections), ...kind, '--time', '600', '--forceflush']
  const argv = ['iperf3', '--client', address, ...number, ...marks]
  const client: Program = stack.use(lab.spawn(`${narrow}-host`, argv))
  await client.line((line) => line.startsWith('[SUM]'), startTimeoutMs)
  const parts = stack.move()
  return { [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

function startBulk(lab: Lab): Promise<AsyncDisposable> {
  return startTransfer(lab, `${wide}-host`, hostAddress(lab, wide), ports.bulk)
}

async function besideDownloads(
  lab: Lab,
  tally: Tally,
  idleMs = Number.NaN,
  forSeconds: number,
): Promise<Check[]> {
  const before = await tally.read()
  const { delayMs, sent, received, lost } = await talk(lab, inwards, forSeconds)
  const [downloads] = tally.rates(before, await tally.read())
  const added = (delayMs?.p95 ?? Number.NaN) - idleMs
  const more = `median ${((delayMs?.median ?? Number.NaN) - idleMs).toFixed(1)}, p99 ${((delayMs?.p99 ?? Number.NaN) - idleMs).toFixed(1)}`
  const share = downloads! / (narrowBps * internetShare)
  return [
    {
      check: 'call: added delay, p95',
      target: `≤ ${addedMs} ms`,
      figure: `${added.toFixed(1)} ms above ${idleMs.toFixed(1)} ms (${more})`,
      isOk: added <= addedMs,
    },
    {
      check: 'call: lost',
      target: '0',
      figure: `${lost} of ${sent}`,
      isOk: lost === 0 && received > 0,
    },
    {
      check: 'downloads: of the share that they may have',
      target: `≥ ${leastOfShare * 100} %`,
      figure: `${(share * 100).toFixed(0)} % of ${(narrowBps * internetShare) / 1e6} Mbit/s`,
      isOk: share >= leastOfShare && share <= 1.02,
    },
  ]
}

async function bothAtOnce(tally: Tally, forSeconds: number): Promise<Check> {
  const before = await tally.read()
  await passed(forSeconds * 1_000)
  const [downloads, bulk] = tally.rates(before, await tally.read())
  const share = bulk! / (narrowBps * internetShare)
  return {
    check: "the overlay's bulk, where both want all",
    target: `≥ ${leastOfBulk * 100} %, and the downloads more than nothing`,
    figure: `${(share * 100).toFixed(0)} %, downloads ${((downloads! / (narrowBps * internetShare)) * 100).toFixed(0)} %`,
    isOk: share >= leastOfBulk && downloads! > 0,
  }
}
