/**
 * The live picture of a running lab as text: per site and peer the state, uplink, round trip, throughput and drops,
 * and how the background transfers go. Pure: what to show comes in, text goes out.
 */
import type { Transfer } from './background.ts'
import type { SiteLook } from './status.ts'
import { align, clock, rate } from './table.ts'

/** All sites at one moment; a site that did not answer is null. */
export type Look = ReadonlyMap<string, SiteLook | null>

const none = '–'

export function liveTable(look: Look): string {
  const rows = [...look].flatMap(([site, found]) => {
    if (found === null)
      return [[site, none, 'gateway does not answer', none, none, none, none, none]]
    return found.status.peers.map((peer, index) => [
      index === 0 ? site : '',
      peer.name,
      peer.state,
      peer.uplink ?? none,
      peer.rttSeconds === null ? none : `${(peer.rttSeconds * 1000).toFixed(2)} ms`,
      peer.throughput === null ? none : rate(peer.throughput.rxBitsPerSecond),
      peer.throughput === null ? none : rate(peer.throughput.txBitsPerSecond),
      index === 0 ? dropsOf(found) : '',
    ])
  })
  return align(
    [['site', 'peer', 'state', 'by', 'RTT', 'in', 'out', 'drops'], ...rows],
    [0, 1, 2, 3, 7],
  )
}

/** `berlin ← lisbon  41 files, all equal` */
export function transferLines(transfers: readonly Transfer[]): string {
  return transfers
    .map(({ from, to, equal, failed }) => {
      const verdict = failed === 0 ? 'all equal' : `${failed} NOT EQUAL OR LOST`
      return `${from} ← ${to}  ${equal + failed} files, ${verdict}`
    })
    .join('\n')
}

/** One line for logs and pipes. */
export function liveLine(look: Look, seconds: number): string {
  const parts = [...look].map(([site, found]) => {
    if (found === null) return `${site} does not answer`
    const { peers } = found.status
    const up = peers.filter(({ state }) => state === 'up').length
    const inBps = peers.reduce((sum, { throughput }) => sum + (throughput?.rxBitsPerSecond ?? 0), 0)
    return `${site} ${up} of ${peers.length} peers up, in ${rate(inBps)}, drops ${found.drops.total}`
  })
  return `${clock(seconds)}  ${parts.join(' · ')}`
}

/** By which uplink each peer is reached: `berlin: lisbon by lte0, oslo by wan0`. By site; without those that do not answer. */
export function uplinkLines(look: Look): ReadonlyMap<string, string> {
  const lines = [...look].flatMap(([site, found]) => {
    const ways = found?.status.peers.map(({ name, uplink }) => `${name} by ${uplink ?? 'none'}`)
    return ways === undefined ? [] : [[site, `${site}: ${ways.join(', ')}`] as const]
  })
  return new Map(lines)
}

/** The count, and the reason that most of it has. */
function dropsOf({ drops }: SiteLook): string {
  const [reason] = Object.entries(drops.reasons).sort(([, a], [, b]) => b - a)[0] ?? []
  return drops.total === 0 ? '0' : `${drops.total} (${reason})`
}
