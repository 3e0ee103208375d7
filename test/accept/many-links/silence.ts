/** What receivers saw of blackouts: the longest silence of each, and what was lost that no blackout explains. Pure. */
import type { FlowAccount } from '../../lab/gaps.ts'
import type { Cut } from './cuts.ts'

/** What is on its way past the link that is cut still arrives: one way, and some. */
const underWayNs = 60e6

export interface Silence {
  readonly kind: string
  readonly isBothWays: boolean
  /** Between two arrivals; of both directions the longer one. 0: the cut hit nothing. */
  readonly ms: number
}

/** A silence for each cut, in their order. */
export function silencesOf(cuts: readonly Cut[], flows: readonly FlowAccount[]): Silence[] {
  return cuts.map(({ kind, isBothWays, cutNs, untilNs }) => {
    const gaps = flows.flatMap((flow) =>
      flow.gaps.filter((gap) => gap.endedNs > cutNs && gap.beganNs < untilNs && gap.lost > 0),
    )
    return { kind, isBothWays, ms: Math.max(0, ...gaps.map(({ ms }) => ms)) }
  })
}

/** Datagrams lost at another time than that from a cut to the end of its silence. */
export function lostBeside(cuts: readonly Cut[], flows: readonly FlowAccount[]): number {
  const silences = silencesOf(cuts, flows)
  const runs = flows.flatMap(({ lossRuns }) => lossRuns)
  const isExplained = (sentNs: number): boolean =>
    cuts.some(
      ({ cutNs }, index) =>
        sentNs > cutNs - underWayNs && sentNs < cutNs + silences[index]!.ms * 1e6 + underWayNs,
    )
  return runs
    .filter(({ sentNs }) => !isExplained(sentNs))
    .reduce((sum, { count }) => sum + count, 0)
}
