/** How a peer is reached, for tests that change something of it: directly. */
import type { PeerReach } from '../../../firmware/model/local-api-reach.ts'
import type { ReachFacts } from '../../../firmware/plan/relayed.ts'
import { relayedAddress } from '../../../firmware/wire/relay.ts'
import { sampleConfig } from '../model/sample-config.ts'

/** By channel 7 of `hub-1`. */
export const byHub = relayedAddress(Buffer.from(sampleConfig().peers[0].wireKey, 'base64'), 7)

export function sampleReach(change: Partial<PeerReach> = {}): PeerReach {
  return {
    ...{ how: 'direct', seconds: 300, relay: null, reason: null, explanation: null },
    ...{ nextTrySeconds: null, channels: [] },
    ...change,
  }
}

/** What is known of one that is relayed by `hub-1`, as the NATs of both ends map by destination. */
export function relayedFacts(peer: string, change: Partial<ReachFacts> = {}): ReachFacts {
  return {
    ...{ peer, how: 'relayed', ageMs: 300_000, relayed: byHub, reason: 'both-dependent' },
    ...{ nextMs: 32_000, channels: [{ relay: 'hub-1', state: 'open' }] },
    ...change,
  }
}
