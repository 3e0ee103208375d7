/**
 * What an evenly paced flow has to say about its way: losses and their runs, silences and when they were, reordering,
 * how long datagrams took. Pure; pace.ts brings the records. Times are CLOCK_MONOTONIC's ns. RFC 3357, RFC 4737.
 */

const recordBytes = 32
const shown = 64

/** An arrival. */
export interface PaceRecord {
  readonly flow: number
  readonly number: number
  readonly sentNs: number
  readonly arrivedNs: number
}

/** What was sent: for each flow how many, and the moments of the first and last of all. */
export interface PaceSent {
  readonly sent: readonly number[]
  /** By the sender's own socket; they are lost. */
  readonly refused: number
  readonly beganNs: number
  readonly endedNs: number
}

/** A time in which nothing of a flow arrived. */
export interface Gap {
  /** The arrivals around it; where the first or the last datagram is lost, the beginning or the end of sending. */
  readonly beganNs: number
  readonly endedNs: number
  readonly ms: number
  /** Numbers between those of the two arrivals. With none lost, they were late, or sent late: see `sentMs`. */
  readonly lost: number
  /** Between the sending of the two. */
  readonly sentMs: number
}

/** Numbers in a row that never arrived. */
export interface LossRun {
  readonly first: number
  readonly count: number
  /** When the first was sent, or should have been. */
  readonly sentNs: number
  /** `count` at the flow's pace. */
  readonly ms: number
}

export interface FlowAccount {
  readonly sent: number
  readonly received: number
  readonly lost: number
  readonly doubled: number
  /** Arrived after one with a higher number. */
  readonly reordered: number
  /** The longest first, at most 64. */
  readonly gaps: readonly Gap[]
  readonly lossRuns: readonly LossRun[]
  /** One way; null where nothing arrived. */
  readonly delayMs: {
    readonly least: number
    readonly median: number
    readonly p95: number
    readonly p99: number
    readonly most: number
    /** Mean difference between one datagram and the next (RFC 3550 §6.4.1, not smoothed). */
    readonly jitter: number
  } | null
}

/** Reads what `pace receive` has written. */
export function parseRecords(bytes: Buffer): PaceRecord[] {
  return Array.from({ length: Math.floor(bytes.length / recordBytes) }, (_, index) => {
    const at = index * recordBytes
    const [flow, number, sentNs, arrivedNs] = [0, 8, 16, 24].map((field) =>
      Number(bytes.readBigUInt64LE(at + field)),
    ) as [number, number, number, number]
    return { flow, number, sentNs, arrivedNs }
  })
}

/** An account of each flow. @param ratePps of each */
export function accountsOf(
  records: readonly PaceRecord[],
  sent: PaceSent,
  ratePps: number,
): FlowAccount[] {
  return sent.sent.map((count, flow) => {
    const arrivals = records.filter((record) => record.flow === flow && record.number < count)
    return accountOf(arrivals, { ...sent, sent: count }, ratePps)
  })
}

function accountOf(
  arrivals: readonly PaceRecord[],
  { sent, beganNs, endedNs }: Omit<PaceSent, 'sent'> & { readonly sent: number },
  ratePps: number,
): FlowAccount {
  const seen = new Map<number, PaceRecord>()
  let highest = -1
  let reordered = 0
  for (const record of arrivals) {
    if (seen.has(record.number)) continue
    seen.set(record.number, record)
    if (record.number < highest) reordered++
    highest = Math.max(highest, record.number)
  }
  return {
    sent,
    received: seen.size,
    lost: sent - seen.size,
    doubled: arrivals.length - seen.size,
    reordered,
    gaps: longest(gapsOf([...seen.values()], seen, { sent, beganNs, endedNs })),
    lossRuns: longest(lossRunsOf(seen, sent, beganNs, ratePps)),
    delayMs: delaysOf([...seen.values()]),
  }
}

function gapsOf(
  arrivals: readonly PaceRecord[],
  seen: ReadonlyMap<number, PaceRecord>,
  { sent, beganNs, endedNs }: { sent: number; beganNs: number; endedNs: number },
): Gap[] {
  const sorted = arrivals.toSorted((a, b) => a.arrivedNs - b.arrivedNs)
  const lastNs = Math.max(endedNs, sorted.at(-1)?.arrivedNs ?? 0)
  const all = [
    ...(seen.has(0) ? [] : [{ number: -1, sentNs: beganNs, arrivedNs: beganNs }]),
    ...sorted,
    ...(seen.has(sent - 1) ? [] : [{ number: sent, sentNs: endedNs, arrivedNs: lastNs }]),
  ]
  return all.slice(1).map((after, index) => {
    const before = all[index]!
    return {
      beganNs: before.arrivedNs,
      endedNs: after.arrivedNs,
      ms: (after.arrivedNs - before.arrivedNs) / 1e6,
      lost: lostBetween(before.number, after.number, seen),
      sentMs: (after.sentNs - before.sentNs) / 1e6,
    }
  })
}

function lostBetween(before: number, after: number, seen: ReadonlyMap<number, PaceRecord>): number {
  let lost = 0
  for (let number = before + 1; number < after; number++) if (!seen.has(number)) lost++
  return lost
}

function lossRunsOf(
  seen: ReadonlyMap<number, PaceRecord>,
  sent: number,
  beganNs: number,
  ratePps: number,
): LossRun[] {
  const runs: LossRun[] = []
  for (let number = 0; number < sent; number++) {
    if (seen.has(number)) continue
    const first = number
    while (number < sent && !seen.has(number)) number++
    const count = number - first
    const sentNs = beganNs + Math.round((first * 1e9) / ratePps)
    runs.push({ first, count, sentNs, ms: (count * 1000) / ratePps })
  }
  return runs
}

function delaysOf(arrivals: readonly PaceRecord[]): FlowAccount['delayMs'] {
  if (arrivals.length === 0) return null
  const inOrder = arrivals.toSorted((a, b) => a.number - b.number)
  const ms = inOrder.map(({ sentNs, arrivedNs }) => (arrivedNs - sentNs) / 1e6)
  const steps = ms.slice(1).map((next, at) => Math.abs(next - ms[at]!))
  const jitter = steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length)
  ms.sort((a, b) => a - b)
  const at = (share: number): number => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))]!
  const [median, p95, p99] = [at(0.5), at(0.95), at(0.99)]
  return { least: ms[0]!, median, p95, p99, most: ms.at(-1)!, jitter }
}

function longest<Lasting extends { readonly ms: number }>(all: Lasting[]): Lasting[] {
  return all.sort((a, b) => b.ms - a.ms).slice(0, shown)
}
