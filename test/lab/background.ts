/**
 * Modest traffic that never ends: every site's host fetches a file from the next site's over and over, and
 * every file is compared with what it must be.
 */
import { fileUrl, startNode } from './hosts.ts'
import type { Lab } from './lab.ts'
import { sha256Of } from './traffic/content.ts'

const fileBytes = 2_000_000
const pauseMs = 500
const timeoutMs = 10_000

/** One host that keeps fetching, and how that goes. */
export interface Transfer {
  readonly from: string
  readonly to: string
  equal: number
  /** Files that came damaged or not at all. */
  failed: number
}

/** Starts one transfer a site; they run until the lab goes. The counts in the result keep growing. */
export function startTransfers(lab: Lab): readonly Transfer[] {
  const sites = lab.sites.map(({ name }) => name)
  return sites.map((from, index) => {
    const to = sites[(index + 1) % sites.length]!
    const spec = { seed: index, bytes: fileBytes }
    const expected = sha256Of(spec)
    const transfer: Transfer = { from, to, equal: 0, failed: 0 }
    const program = startNode(lab, from, 'file-client.ts', [
      fileUrl(lab, to, spec),
      timeoutMs,
      pauseMs,
    ])
    program.onLine((line) => {
      const outcome = JSON.parse(line) as { event: string; sha256?: string }
      if (outcome.event === 'fetched' && outcome.sha256 === expected) transfer.equal++
      else transfer.failed++
    })
    return transfer
  })
}
