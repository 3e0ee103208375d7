/**
 * Which of a site's links its data takes, from the datapath's counters, some fifty times a second: when a link begins to be
 * used, when it is used last, and how often most of the data changed from one to another.
 */
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { SitePaths } from '../../lab/paths.ts'
import { nowNs } from '../../lab/wan.ts'

const lookMs = 20
const windowNs = 60e6
/** By when a move is one: less is a stray packet. */
const moveNs = 200e6
const staleNs = 500e6

interface Sample {
  readonly atNs: number
  /** Inner packets sent so far, by uplink. */
  readonly sent: readonly number[]
}

export interface LinkUse extends AsyncDisposable {
  /** Milliseconds after `sinceNs` at which the link carried so many packets a second; null: not yet. */
  firstOn(link: number, sinceNs: number, leastPps: number): number | null
  /** When the link carried a packet last, after `sinceNs`; null: not since. */
  lastOn(link: number, sinceNs: number): number | null
  rate(link: number, fromNs: number, toNs: number): number
  count(link: number, fromNs: number, toNs: number): number
  /** How often the link that carries more than `leastPps` was another than before. */
  moves(sinceNs: number, leastPps: number): number
}

/** @param paths is asked by nobody else meanwhile */
export function watchLinks(paths: SitePaths): LinkUse {
  const samples: Sample[] = []
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      samples.push(await look(paths))
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
  })()
  // What ends it is thrown when it is disposed of; until then nothing is to be known of later than its last look.
  watching.catch(() => undefined)
  const sentAt = (link: number, atNs: number): number => {
    const newest = samples.at(-1)?.atNs ?? 0
    if (atNs - newest > staleNs)
      throw new CausewayError('LAB_TIMEOUT', 'paths are looked at no more')
    const last = samples.findLast((sample) => sample.atNs <= atNs) ?? samples[0]
    return last?.sent[link] ?? 0
  }
  const count = (link: number, fromNs: number, toNs: number): number =>
    sentAt(link, toNs) - sentAt(link, fromNs)
  const rate = (link: number, fromNs: number, toNs: number): number =>
    (count(link, fromNs, toNs) * 1e9) / (toNs - fromNs)
  const since = (sinceNs: number): Sample[] => samples.filter(({ atNs }) => atNs > sinceNs)
  return {
    count,
    rate,
    firstOn: (link, sinceNs, leastPps) => {
      const first = since(sinceNs).find(({ atNs }) => rate(link, atNs - windowNs, atNs) >= leastPps)
      return first === undefined ? null : (first.atNs - sinceNs) / 1e6
    },
    lastOn: (link, sinceNs) => {
      const some = since(sinceNs)
      const last = some.findLastIndex(({ sent }, at) => sent[link] !== some[at - 1]?.sent[link])
      return last <= 0 ? null : some[last]!.atNs
    },
    moves: (sinceNs, leastPps) => movesOf(since(sinceNs), leastPps),
    [Symbol.asyncDispose]: async () => {
      isOver = true
      await watching
    },
  }
}

async function look(paths: SitePaths): Promise<Sample> {
  const sent: number[] = []
  for (const { uplink, txPackets } of await paths.read()) {
    sent[uplink] = (sent[uplink] ?? 0) + txPackets
  }
  return { atNs: nowNs(), sent }
}

function movesOf(samples: readonly Sample[], leastPps: number): number {
  let taken: number | null = null
  let from = 0
  let moves = 0
  for (let at = 0; at < samples.length; at++) {
    while (samples[at]!.atNs - samples[from]!.atNs > moveNs) from++
    const seconds = (samples[at]!.atNs - samples[from]!.atNs) / 1e9
    if (seconds === 0) continue
    const before = samples[from]!.sent
    const busy = samples[at]!.sent.findIndex(
      (sent, link) => (sent - (before[link] ?? 0)) / seconds >= leastPps,
    )
    if (busy < 0) continue
    if (taken !== null && busy !== taken) moves++
    taken = busy
  }
  return moves
}
