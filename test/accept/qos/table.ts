/**
 * The same full link with Linux's own schedulers in our place: HTB with a queue a class, and TBF with one for all. What ours does is
 * judged, what they do is shown: how it is set beside it, and that all of them were really measured.
 */
import { measureQos, medianOf, type QosFigures, type QosSample } from '../../bench/qos.ts'
import { ours, type QosPeer, qosPeers, tbfInClear } from '../../bench/qos-peers.ts'
import type { Check, Line } from '../line.ts'
import { addedMs } from './call.ts'

const efforts = {
  full: { rounds: 3, idleSeconds: 5, busySeconds: 20 },
  planted: { rounds: 1, idleSeconds: 1, busySeconds: 3, isAtOnce: true },
} as const
const leastLinkShare = 0.95
const leastJain = 0.95
/** Of what left the link, by who stands before it. */
const leastCarried = 0.9

export const table: Line = {
  name: 'table',
  title: 'a call and bulk on a full link: ours beside HTB and TBF',
  // Minutes of measuring; what is short of it says nothing.
  isFullOnly: true,
  faults: { 'rate-unknown': `${ours}: added delay`, 'peer-missing': `${tbfInClear}: measured` },
  measure: async ({ fault }) => {
    const effort = fault !== undefined ? efforts.planted : efforts.full
    const missing = { 'rate-unknown': ours, 'peer-missing': tbfInClear }[fault ?? '']
    const peers = qosPeers(missing)
    const samples = await measureQos(peers, effort)
    return [...judge(medianOf(samples, ours)), ...peers.map((peer) => shown(peer, samples))]
  },
}

function judge(figures: QosFigures | null): Check[] {
  const { p95Ms, lost, linkShare, jain } = figures ?? missingFigures
  return [
    {
      check: `${ours}: added delay, p95`,
      target: `≤ ${addedMs.toFixed(1)} ms`,
      figure: `${p95Ms.toFixed(1)} ms`,
      isOk: p95Ms <= addedMs,
    },
    { check: `${ours}: lost`, target: '0', figure: percent(lost), isOk: lost === 0 },
    {
      check: `${ours}: part of the link in use`,
      target: `≥ ${leastLinkShare * 100} %`,
      figure: percent(linkShare),
      isOk: linkShare >= leastLinkShare,
    },
    {
      check: `${ours}: Jain's index of the connections`,
      target: `≥ ${leastJain}`,
      figure: jain.toFixed(3),
      isOk: jain >= leastJain,
    },
  ]
}

const missingFigures = { p95Ms: Number.NaN, lost: 1, linkShare: 0, jain: 0 }

function shown({ name }: QosPeer, samples: readonly QosSample[]): Check {
  const figures = medianOf(samples, name)
  const carried = figures?.carriedShare ?? 0
  return {
    check: `${name}: measured`,
    target: 'yes',
    figure:
      figures === null ? 'not run' : carried >= leastCarried ? describe(figures) : 'not there',
    isOk: figures !== null && carried >= leastCarried && Number.isFinite(figures.p95Ms),
  }
}

function describe(figures: QosFigures): string {
  const { p50Ms, p95Ms, p99Ms, jitterMs, lost, linkShare, tcpShare, jain } = figures
  return [
    `call ${[p50Ms, p95Ms, p99Ms].map((ms) => ms.toFixed(1)).join(' / ')} ms`,
    `jitter ${jitterMs.toFixed(2)}`,
    `lost ${percent(lost)}`,
    `link ${percent(linkShare)}, TCP ${percent(tcpShare)}, Jain ${jain.toFixed(3)}`,
  ].join(', ')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
