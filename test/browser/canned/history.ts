/** Figures over time of the branch in site.ts, made from a few waves: the same at each call, so that screenshots are, too. */
import type { Status } from '../../../firmware/model/local-api.ts'
import {
  type FigureName,
  figureNames,
  type HistoryOfBox,
  type HistoryOfName,
  type HistorySeries,
  type HistorySpan,
  historySpans,
  type LiveFigures,
  type SampleEvent,
} from '../../../firmware/model/local-api-history.ts'
import type { RecentEvent, RecentEventsAnswer } from '../../../firmware/model/local-api-recent.ts'
import type { Scene } from './canned.ts'

/** Between 0 and 1, and a little rough. */
function wave(at: number, seed: number): number {
  const slow = Math.sin(at / 37 + seed) * 0.3 + Math.sin(at / 11 + seed * 3) * 0.15
  const rough = Math.sin(at * 12.9898 + seed * 78.233) * 43_758.5453
  return Math.max(0, 0.5 + slow + (rough - Math.floor(rough) - 0.5) * 0.18)
}

const scales: Readonly<Record<FigureName, number>> = {
  upRatio: 1,
  rxBitsPerSecond: 96e6,
  txBitsPerSecond: 34e6,
  lossRatio: 0.003,
  latencySeconds: 0.022,
  jitterSeconds: 0.002,
}

function figure(name: FigureName, at: number, seed: number): number {
  if (name === 'upRatio') return 1
  const value = wave(at, seed + figureNames.indexOf(name)) * scales[name]
  return name === 'lossRatio' ? Math.max(0, value - 0.0018) : value
}

export function historyOf(name: string, span: string, nowSeconds: number): HistoryOfName {
  const { seconds, stepSeconds } = historySpans[span.split('-')[0] as HistorySpan]
  const points = seconds / stepSeconds
  const seed = name.length + name.charCodeAt(0)
  const small = name === 'lte0' ? 0.04 : 1
  const series = (of: FigureName): HistorySeries => {
    const size = of.endsWith('BitsPerSecond') ? small : 1
    const at = Array.from({ length: points }, (_, index) => index)
    const mean = at.map((index) => figure(of, index, seed) * size)
    return {
      mean,
      min: mean.map((value) => value * 0.8),
      max: mean.map((value) => value * 1.3),
    }
  }
  const figures = Object.fromEntries(figureNames.map((of) => [of, series(of)]))
  return {
    span,
    beginSeconds: nowSeconds - seconds,
    stepSeconds,
    points,
    figures: figures as HistoryOfName['figures'],
  }
}

export function historyOfBox(span: string, nowSeconds: number): HistoryOfBox {
  const { figures, ...times } = historyOf('box', span, nowSeconds)
  return { ...times, figures: { healthyRatio: figures.upRatio } }
}

export function sampleOf({ uplinks, peers }: Status, atSeconds: number): SampleEvent {
  const live = (name: string, isUp: boolean | null, size: number): LiveFigures => {
    const seed = name.length + name.charCodeAt(0)
    const at = (of: FigureName): number | null =>
      isUp === true ? figure(of, atSeconds / 2, seed) : null
    const rate = (of: FigureName): number => (at(of) ?? 0) * size
    return {
      name,
      isUp,
      rxBitsPerSecond: rate('rxBitsPerSecond'),
      txBitsPerSecond: rate('txBitsPerSecond'),
      lossRatio: at('lossRatio'),
      latencySeconds: at('latencySeconds'),
      jitterSeconds: at('jitterSeconds'),
    }
  }
  return {
    kind: 'sample',
    atSeconds,
    uplinks: uplinks.map(({ name, isUp }) => live(name, isUp, name === 'lte0' ? 0.04 : 1)),
    peers: peers.map(({ name, state }) => live(name, state === 'up', 0.25)),
  }
}

export function recentOf({ site }: Scene, nowSeconds: number): RecentEventsAnswer {
  const told: readonly (readonly [
    RecentEvent['kind'],
    string | null,
    RecentEvent['severity'],
    string,
    number,
  ])[] = [
    ...(site === 'well' || site === 'blank' ? [] : cutEvents),
    [
      'reach',
      'lisbon',
      'warning',
      'lisbon is reached through hub-1: nothing gets through directly',
      5_340,
    ],
    ['config', null, 'info', 'revision 42 runs', 86_900],
    ['path', 'oslo', 'good', 'the path to oslo by lte0 is up', 171_020],
    [
      'path',
      'oslo',
      'warning',
      'the path to oslo by lte0 is down: nothing is heard by it',
      171_260,
    ],
    ['uplink', 'lte0', 'good', 'lte0 is up', 412_300],
    ['box', null, 'info', 'the gateway has started', 1_036_812],
  ]
  const shown = site === 'blank' ? told.slice(-1) : told
  return {
    events: shown.map(([kind, subject, severity, sentence, age], index) => ({
      ...{ number: 400 - index, kind, subject, severity, sentence },
      atSeconds: nowSeconds - age,
      times: 1,
      sinceSeconds: nowSeconds - age,
    })),
  }
}

const cutEvents = [
  ['path', 'oslo', 'info', 'oslo is reached by lte0 from now on', 83],
  ['path', 'hub-1', 'info', 'hub-1 is reached by lte0 from now on', 83],
  ['uplink', 'wan0', 'bad', 'wan0 is down: its link has no carrier', 84],
] as const
