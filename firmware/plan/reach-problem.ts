/** Peers with a session whose packets get nowhere, as sentences for people. Pure. */
import type { PeerStatus } from '../model/local-api.ts'
import { unrelayedText } from './relayed.ts'

/** Named one by one; of more their number is told. */
const toldPeers = 3

/** Where a path that was up is down, that is told of the path (path-problem.ts). */
export function reachProblems(peers: readonly PeerStatus[]): string[] {
  const lost = peers.filter(({ state, paths }) => state === 'unreached' && paths.down === 0)
  const rest = lost.length - toldPeers
  return [
    ...lost.slice(0, toldPeers).map(problemOf),
    ...(rest > 0 ? [`${rest} more ${rest === 1 ? 'peer is' : 'peers are'} not reached`] : []),
  ]
}

function problemOf({ name, reach: { channels } }: PeerStatus): string {
  const why = channels.length === 0 ? null : unrelayedText(channels)
  return `${name} is not reached: ${why ?? 'no path to it carries packets'}`
}
