/**
 * One TCP stream between two LAN hosts, against Debian 13's wireguard-go in the same run: rounds interleaved,
 * ratios paired. With veth's defaults, and with real 1500-byte frames on the WAN.
 */
import { type Carrier, causeway, rival, wireguardGo } from '../../bench/carriers.ts'
import { type Frames, measureCarrier } from '../../bench/measure.ts'
import { ratioOf, type Sample } from '../../bench/report.ts'
import { wireguardBinary } from '../../bench/wireguard-binary.ts'
import { describeSites } from '../../lab/description.ts'
import { openLab } from '../../lab/lab.ts'
import type { Check, Line } from '../line.ts'

const targets: readonly [frames: Frames, ratio: number, title: string][] = [
  ['veth', 2, 'TCP ÷ wireguard-go, veth defaults'],
  ['real', 4, 'TCP ÷ wireguard-go, real 1500-byte frames'],
]

/** Above what the planted slow WAN lets through, far below what any machine does. */
const smokeGbit = 0.25

export const throughput: Line = {
  name: 'throughput',
  title: "one TCP stream against Debian 13's wireguard-go",
  faults: { 'slow-wan': 'TCP ÷ wireguard-go, veth' },
  measure: async ({ isQuick, fault }) => {
    const rounds = isQuick ? 1 : 3
    const effort = { tcpSeconds: isQuick ? 2 : 5, pings: 0 }
    const slow: Carrier = {
      ...causeway,
      start: async (lab) => {
        const pids = await causeway.start(lab)
        const shape = ['root', 'tbf', 'rate', '100mbit', 'burst', '256kb', 'latency', '50ms']
        await lab.exec('internet', ['tc', 'qdisc', 'add', 'dev', lab.sites[1]!.name, ...shape])
        return pids
      },
    }
    const own = fault === 'slow-wan' ? slow : causeway
    const carriers = [wireguardGo(rival, await wireguardBinary('trixie')), own]
    const samples: Sample[] = []
    for (let round = 1; round <= rounds; round++) {
      for (const carrier of round % 2 === 1 ? carriers : carriers.toReversed()) {
        await using lab = await openLab(describeSites(2))
        const measured = await measureCarrier(lab, carrier, effort)
        for (const [frames] of targets) {
          samples.push({ carrier: carrier.name, round, frames, figures: measured[frames]! })
        }
      }
    }
    const judge = isQuick ? movesTraffic : isFaster
    return targets.map(([frames, ratio, title]) => judge(samples, frames, ratio, title))
  },
}

type Judge = (samples: readonly Sample[], frames: Frames, ratio: number, title: string) => Check

const isFaster: Judge = (samples, frames, ratio, title) => {
  const median = ratioOf(samples, causeway.name, rival, frames)?.median ?? 0
  return {
    check: title,
    target: `≥ ${ratio}`,
    figure: figureOf(samples, frames, median),
    isOk: median >= ratio,
  }
}

/** One short round on a busy machine decides nothing about speed: the quick form only shows the figures. */
const movesTraffic: Judge = (samples, frames, ratio, title) => {
  const own = samples.filter(({ carrier }) => carrier === causeway.name)
  const gbits = own.filter((sample) => sample.frames === frames)[0]?.figures.gbitPerSecond ?? 0
  return {
    check: title,
    target: `≥ ${smokeGbit} Gbit/s (≥ ${ratio}: full form)`,
    figure: figureOf(samples, frames, ratioOf(samples, causeway.name, rival, frames)?.median ?? 0),
    isOk: gbits >= smokeGbit,
  }
}

function figureOf(samples: readonly Sample[], frames: Frames, median: number): string {
  const figures = samples
    .filter((sample) => sample.frames === frames)
    .map(({ carrier, figures: { gbitPerSecond } }) => `${carrier} ${gbitPerSecond.toFixed(2)}`)
  return `${median.toFixed(2)} (Gbit/s: ${figures.join(', ')})`
}
