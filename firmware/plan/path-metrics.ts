/**
 * What is measured of paths, as metrics. Pure. The label `path` is `wan0→203.0.113.2:51820` of one whose endpoint is
 * configured, `relay hub-1` of one through a relay. Where a peer was heard from is bounded by nothing: such a path is `wan0→#1`, by the number of the peer's
 * uplink, and of several the one that was heard last.
 */

import { relayUplinkName } from '../model/traversal-program.ts'
import { family, type Labels, sample } from './exposition.ts'
import type { NamedPath, PathsByPeer } from './path-status.ts'

type Of<Value> = (path: NamedPath) => Value

export function pathFamilies(site: Labels, paths: PathsByPeer): string[] {
  const labelled = [...paths].flatMap(([peer, list]) =>
    [...byLabel(list)].map(([path, named]) => {
      const labels: Labels = { ...site, peer, path, uplink: named.answer.uplink }
      return { labels, named }
    }),
  )
  /** Null: there is none to tell. */
  const each = (pick: Of<number | null>, more: Labels = {}): string[] =>
    labelled.flatMap(({ labels, named }) => {
      const value = pick(named)
      return value === null ? [] : [sample({ ...labels, ...more }, value)]
    })
  const both = (pick: Of<readonly [rx: number | null, tx: number | null]>): string[] => [
    ...each((path) => pick(path)[0], { direction: 'rx' }),
    ...each((path) => pick(path)[1], { direction: 'tx' }),
  ]
  return [...stateFamilies(each), ...qualityFamilies(each, both), ...trafficFamilies(both)]
}

/** As the label `path` of metrics and the field `path` of the log have it. */
export function pathLabel({ uplink, endpoint }: { uplink: string; endpoint: string }): string {
  return uplink === relayUplinkName ? endpoint : `${uplink}→${endpoint}`
}

type Each = (pick: Of<number | null>, more?: Labels) => string[]
type Both = (pick: Of<readonly [rx: number | null, tx: number | null]>) => string[]

function byLabel(list: readonly NamedPath[]): Map<string, NamedPath> {
  const named = new Map<string, NamedPath>()
  for (const path of list) {
    const { uplink, endpoint, remoteUplink, isLearned, relay } = path.answer
    const isUnbounded = isLearned && relay === null
    const label = pathLabel({
      uplink,
      endpoint: isUnbounded ? `#${remoteUplink ?? '?'}` : endpoint,
    })
    const other = named.get(label)
    if (other === undefined || agoMs(path) < agoMs(other)) named.set(label, path)
  }
  return named
}

function agoMs({ counters }: NamedPath): number {
  return counters.heardMs ?? Number.POSITIVE_INFINITY
}

function stateFamilies(each: Each): string[] {
  return [
    family(
      'path_up',
      'gauge',
      'Whether the path carries packets (0 or 1).',
      each(({ answer }) => Number(answer.state === 'up')),
    ),
    family(
      'path_best',
      'gauge',
      'Whether flows of which no policy says more go by the path (0 or 1).',
      each(({ answer }) => Number(answer.isBest)),
    ),
    family(
      'path_failures_total',
      'counter',
      'How often the path went down.',
      each(({ answer }) => answer.failures),
    ),
    family(
      'path_mtu_bytes',
      'gauge',
      'Largest inner packet that the path takes whole.',
      each(({ answer }) => answer.mtuBytes),
    ),
  ]
}

function qualityFamilies(each: Each, both: Both): string[] {
  return [
    family(
      'path_rtt_smoothed_seconds',
      'gauge',
      'Round trip of the path, smoothed.',
      each(({ answer }) => answer.rttSeconds),
    ),
    family('path_rtt_seconds', 'gauge', 'Round trip that this share of probes does not exceed.', [
      ...each(({ answer }) => answer.rttP50Seconds, { quantile: '0.5' }),
      ...each(({ answer }) => answer.rttP95Seconds, { quantile: '0.95' }),
      ...each(({ answer }) => answer.rttP99Seconds, { quantile: '0.99' }),
    ]),
    family(
      'path_loss_ratio',
      'gauge',
      'Share of packets that were lost of late; of those sent as the far end reports.',
      both(({ answer: { rx, tx } }) => [rx.lossRatio, tx.lossRatio]),
    ),
    family(
      'path_late_ratio',
      'gauge',
      'Share of packets that others overtook of late.',
      both(({ answer: { rx, tx } }) => [rx.lateRatio, tx.lateRatio]),
    ),
    family(
      'path_jitter_seconds',
      'gauge',
      'Mean delay above the least.',
      both(({ answer: { rx, tx } }) => [rx.jitterSeconds, tx.jitterSeconds]),
    ),
  ]
}

function trafficFamilies(both: Both): string[] {
  return [
    family(
      'path_packets_total',
      'counter',
      'Inner packets by the path.',
      both(({ counters }) => [counters.rxPackets, counters.txPackets]),
    ),
    family(
      'path_bytes_total',
      'counter',
      'Inner bytes by the path.',
      both(({ counters }) => [counters.rxBytes, counters.txBytes]),
    ),
  ]
}
