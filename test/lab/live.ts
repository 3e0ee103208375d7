/**
 * The live picture of a running lab as text: per site and peer the state, round trip, throughput and drops,
 * and how the background transfers go. Pure: what to show comes in, text goes out.
 */
import type { Transfer } from './background.ts'
import { type SiteStatus, totalDrops } from './status.ts'
import { align, clock, rate } from './table.ts'

/** All sites at one moment; a site that did not answer is null. */
export interface Look {
  readonly atMs: number
  readonly sites: ReadonlyMap<string, SiteStatus | null>
}

const none = '–'

/** The table. Rates are means between the two looks; without an earlier one there are none. */
export function liveTable(now: Look, before: Look | null): string {
  const rows = [...now.sites].flatMap(([site, status]) => {
    if (status === null) return [[site, none, 'gateway does not answer', none, none, none, none]]
    const earlier = before?.sites.get(site) ?? null
    return status.peers.map((peer, index) => {
      const old = earlier?.peers.find(({ name }) => name === peer.name)
      const seconds = before === null ? 0 : (now.atMs - before.atMs) / 1000
      const speed = (bytes: number, oldBytes: number | undefined): string =>
        oldBytes === undefined || seconds <= 0 ? none : rate(((bytes - oldBytes) * 8) / seconds)
      return [
        index === 0 ? site : '',
        peer.name,
        peer.state,
        peer.rttUs === null ? none : `${(peer.rttUs / 1000).toFixed(2)} ms`,
        speed(peer.rxBytes, old?.rxBytes),
        speed(peer.txBytes, old?.txBytes),
        index === 0 ? dropsOf(status) : '',
      ]
    })
  })
  return align([['site', 'peer', 'state', 'RTT', 'in', 'out', 'drops'], ...rows], [0, 1, 2, 6])
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
export function liveLine(now: Look, before: Look | null, seconds: number): string {
  const parts = [...now.sites].map(([site, status]) => {
    if (status === null) return `${site} does not answer`
    const up = status.peers.filter(({ state }) => state === 'up').length
    const elapsed = before === null ? 0 : (now.atMs - before.atMs) / 1000
    const bytesOf = (look: SiteStatus): number =>
      look.peers.reduce((sum, { rxBytes }) => sum + rxBytes, 0)
    const old = before?.sites.get(site) ?? null
    const speed =
      old === null || elapsed <= 0 ? none : rate(((bytesOf(status) - bytesOf(old)) * 8) / elapsed)
    return `${site} ${up}/${status.peers.length} up, in ${speed}, drops ${totalDrops(status)}`
  })
  return `${clock(seconds)}  ${parts.join(' · ')}`
}

/** The count, and the reason that most of it has. */
function dropsOf(status: SiteStatus): string {
  const total = totalDrops(status)
  const [reason] = Object.entries(status.drops).sort(([, a], [, b]) => b - a)[0] ?? []
  return total === 0 ? '0' : `${total} (${reason})`
}
