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
    return targets.map(([frames, ratio, title]) => verdict(samples, frames, ratio, title))
  },
}

function verdict(samples: readonly Sample[], frames: Frames, target: number, title: string): Check {
  const spread = ratioOf(samples, causeway.name, rival, frames)
  const figures = samples
    .filter((sample) => sample.frames === frames)
    .map(({ carrier, figures: { gbitPerSecond } }) => `${carrier} ${gbitPerSecond.toFixed(2)}`)
    .join(', ')
  const median = spread?.median ?? 0
  return {
    check: title,
    target: `≥ ${target}`,
    figure: `${median.toFixed(2)} (Gbit/s: ${figures})`,
    isOk: median >= target,
  }
}
