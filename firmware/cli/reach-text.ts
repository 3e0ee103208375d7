/** What the CLI says of how peers are reached. Pure: text out of the local API's answers. */
import type { PeerStatus } from '../model/local-api.ts'
import type { PeerReach } from '../model/local-api-reach.ts'
import { relayUplinkName } from '../model/traversal-program.ts'
import { unrelayedText } from '../plan/relayed.ts'
import { durationText } from './duration.ts'

/** `relay hub-1`, or the uplink; by a relay flows may go for a while after a direct way was found, too. */
export function byText({
  uplink,
  endpoint,
  reach: { how, relay },
}: Pick<PeerStatus, 'uplink' | 'endpoint' | 'reach'>): string {
  if (how === 'relayed') return `relay ${relay ?? '–'}`
  return uplink === relayUplinkName ? (endpoint ?? uplink) : (uplink ?? '–')
}

/** `wan0 to 198.51.100.7:51820`; of a relay its name alone. */
export function wayText(way: { readonly uplink: string; readonly endpoint: string }): string {
  return way.uplink === relayUplinkName ? way.endpoint : `${way.uplink} to ${way.endpoint}`
}

/** A line for each peer of which there is something to say: who relays and why, or why nobody does. */
export function reachLines(
  peers: readonly { readonly name: string; readonly reach: PeerReach }[],
): string[] {
  return peers.flatMap(({ name, reach }) => {
    const text = reachText(reach)
    return text === null ? [] : [`${name} ${text}\n`]
  })
}

/** Completes a sentence that begins with the peer's name; null: nothing is out of the ordinary. */
function reachText({
  how,
  relay,
  seconds,
  explanation,
  nextTrySeconds,
  channels,
}: PeerReach): string | null {
  if (how === 'relayed') {
    const next =
      nextTrySeconds === null ? '' : `; next try in ${durationText(Math.max(1, nextTrySeconds))}`
    const through = `through relay ${relay ?? '–'} for ${durationText(seconds)}`
    return `is reached ${through}: ${explanation ?? '–'}${next}`
  }
  if (how === 'direct' || channels.length === 0) return null
  const why = unrelayedText(channels)
  return why === null ? null : `is not reached: ${why}`
}
