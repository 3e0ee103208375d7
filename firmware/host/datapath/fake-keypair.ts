/** What the fake datapath refuses of a keypair, as the real one does. */
import { isIP } from 'node:net'
import type { Keypair } from '../../model/program.ts'
import { parseRelayed } from '../../model/relayed-address.ts'
import { relayUplink } from '../../model/traversal-program.ts'

/** Which field the real one refuses (native/dataplane/table/session.c); null if none. */
export function faultOf(keypair: Keypair): string | null {
  const { localIndex, remoteIndex, lifetimeMs, origin } = keypair
  if (localIndex === 0) return 'localIndex'
  if (remoteIndex === 0) return 'remoteIndex'
  if (lifetimeMs === 0 || lifetimeMs > 180_000) return 'lifetimeMs'
  if (origin === 'rekey') return null
  if (isIP(keypair.remoteAddress) === 0) return 'remoteAddress'
  if (keypair.uplink === relayUplink) {
    return parseRelayed(keypair.remoteAddress) === null ? 'remoteAddress' : null
  }
  if (keypair.remotePort === 0) return 'remotePort'
  return keypair.localPort === 0 ? 'localPort' : null
}
