/** What a box tells its controller of itself: sums, never what its users do. Pure. */
import type { Status } from '../../model/local-api.ts'
import type { Counters } from '../../model/program.ts'
import type { Report } from './report-teller.ts'

const mostProblems = 16
const mostLetters = 300
/** Until the owner's next revision. */
export const changedHere = 'it runs what somebody changed on the box itself'

/**
 * Null while the datapath does not answer. Bytes are those of the uplinks, since the datapath started.
 * @param isOwners what runs is what the owner signed
 */
export function reportOf(
  status: Status,
  counters: Counters | null,
  isOwners: boolean,
): Report | null {
  if (counters === null) return null
  // Its owner would take what it runs for what it was told.
  const problems = isOwners ? status.problems : [changedHere, ...status.problems]
  const names = new Set(status.uplinks.map(({ name }) => name))
  const ports = counters.ports.filter(({ twin }) => names.has(twin))
  return {
    kind: 'report',
    isHealthy: status.isHealthy && isOwners,
    problems: problems.slice(0, mostProblems).map((text) => text.slice(0, mostLetters)),
    peersUp: status.peers.filter(({ state }) => state === 'up').length,
    peers: status.peers.length,
    rxBytes: ports.reduce((sum, { rxBytes }) => sum + rxBytes, 0),
    txBytes: ports.reduce((sum, { txBytes }) => sum + txBytes, 0),
  }
}
