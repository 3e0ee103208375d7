/** Turns the figures of several rounds into tables: medians with the least and the greatest, and ratios. Pure. */
import { align } from '../lab/table.ts'
import { type Figures, type Frames, quantile } from './measure.ts'

/** One carrier in one round. */
export interface Sample {
  readonly carrier: string
  readonly round: number
  readonly frames: Frames
  readonly figures: Figures
}

export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), least: sorted[0]!, greatest: sorted.at(-1)! }
}

/** Throughput of `carrier` ÷ that of `base`, paired round by round. */
export function ratioOf(
  samples: readonly Sample[],
  carrier: string,
  base: string,
  frames: Frames,
): Spread | null {
  const throughput = (name: string): Map<number, number> =>
    new Map(
      samples
        .filter((sample) => sample.carrier === name && sample.frames === frames)
        .map(({ round, figures }) => [round, figures.gbitPerSecond]),
    )
  const bases = throughput(base)
  const ratios = [...throughput(carrier)].flatMap(([round, value]) => {
    const other = bases.get(round)
    return other === undefined ? [] : [value / other]
  })
  return ratios.length === 0 ? null : spreadOf(ratios)
}

const titles: Readonly<Record<Frames, string>> = {
  veth: 'veth defaults: buffers of up to 64 KB cross the WAN links whole',
  real: 'real frames: at most 1500 bytes on the WAN links (offloads off)',
}

/** A table for each kind of frames. @param base the carrier that the last column compares with */
export function tables(samples: readonly Sample[], base: string): string {
  const carriers = [...new Set(samples.map(({ carrier }) => carrier))]
  const blocks = (['veth', 'real'] as const).map((frames) => {
    const rows = carriers.map((carrier) => {
      const own = samples.filter((sample) => sample.carrier === carrier && sample.frames === frames)
      const column = (of: (figures: Figures) => number | null): string =>
        cell(own.flatMap(({ figures }) => of(figures) ?? []))
      const ratio = ratioOf(samples, carrier, base, frames)
      return [
        carrier,
        column((figures) => figures.gbitPerSecond),
        column((figures) => figures.rttP50Ms),
        column((figures) => figures.rttP99Ms),
        column((figures) => figures.cpuSecondsPerGb),
        ratio === null ? '–' : spread(ratio),
      ]
    })
    const head = ['', 'TCP Gbit/s', 'RTT p50 ms', 'RTT p99 ms', 'CPU s/GB', `TCP ÷ ${base}`]
    return `${titles[frames]}\n\n${align([head, ...rows])}`
  })
  return blocks.join('\n\n')
}

function cell(values: readonly number[]): string {
  return values.length === 0 ? '–' : spread(spreadOf(values))
}

function spread({ median, least, greatest }: Spread): string {
  return `${short(median)} (${short(least)}–${short(greatest)})`
}

function short(value: number): string {
  return value.toPrecision(value < 1 ? 2 : 3)
}
