/** How many paths a device configuration makes, which the datapath has room for or not. Pure. */
import { parseAddress, parseEndpoint } from './address.ts'
import type { Refuse } from './config-rule.ts'
import type { Peer } from './device-config.ts'
import type { Parts } from './device-config-parts.ts'
import { staticAddresses, type Uplink } from './device-config-uplink.ts'

/** Of a peer: `CW_PEER_PATHS_MAX`. */
export const maxPeerPaths = 16
/** Of `CW_PATHS_TOTAL`, 8,192; the rest is for those that no configuration names, one for each of 1,024 peers. */
export const maxPaths = 7168

export function checkPathCount({ uplinks, peers, isWhole }: Parts, refuse: Refuse): void {
  if (!isWhole.uplinks || !isWhole.peers) return
  const families = uplinks.map(({ part }) => familiesOf(part))
  const all = peers.reduce((sum, { part }) => sum + pathCount(part, families), 0)
  if (all <= maxPaths) return
  const of = `${all} paths to ${peers.length} peers; ${maxPaths} is the most`
  refuse('paths-size', '/peers', `uplinks and endpoints make ${of}`)
}

/** One that waits for its lease has IPv4 when it has anything. */
function familiesOf(uplink: Uplink): ReadonlySet<number> {
  const own = staticAddresses(uplink).map((text) => parseAddress(text.split('/')[0]!)?.family ?? 0)
  return new Set(uplink.address === 'dhcp' ? [4] : own)
}

function pathCount({ endpoints }: Peer, families: readonly ReadonlySet<number>[]): number {
  const called = endpoints.map((text) => parseAddress(parseEndpoint(text)?.address ?? '')?.family)
  const pairs = families.reduce(
    (sum, speaks) => sum + called.filter((family) => speaks.has(family ?? -1)).length,
    0,
  )
  return Math.min(pairs, maxPeerPaths)
}
