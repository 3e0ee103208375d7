/** What has changed between two looks at a device, as events. Pure. Rates and times change always and are no events. */
import type { PeerStatus, Status } from '../model/local-api.ts'
import type { ApiEvent } from '../model/local-api-event.ts'

export function changesBetween(before: Status, after: Status): ApiEvent[] {
  const events: ApiEvent[] = []
  const isConnected = after.datapathUptimeSeconds !== null
  if ((before.datapathUptimeSeconds !== null) !== isConnected) {
    events.push({ kind: 'datapath', isConnected })
  }
  if (isOtherConfig(before, after)) {
    events.push({ kind: 'config', revision: after.revision, source: after.configSource })
  }
  const uplinks = new Map(before.uplinks.map(({ name, isUp }) => [name, isUp]))
  for (const { name, isUp } of after.uplinks) {
    if (uplinks.get(name) !== isUp) events.push({ kind: 'uplink', uplink: name, isUp })
  }
  const peers = new Map(before.peers.map(({ name, state }) => [name, state]))
  for (const { name, state } of after.peers) {
    if (peers.get(name) !== state) events.push({ kind: 'peer', peer: name, state })
    peers.delete(name)
  }
  for (const peer of peers.keys()) events.push({ kind: 'peer', peer, state: null })
  events.push(...reachChanges(before, after))
  if (before.problems.join('\n') !== after.problems.join('\n')) {
    const { isHealthy, problems } = after
    events.push({ kind: 'health', isHealthy, problems })
  }
  return events
}

/** Why a peer is relayed is told with that it is, and again when it is known better. */
function reachChanges(before: Status, after: Status): ApiEvent[] {
  const known = new Map(before.peers.map(({ name, reach }) => [name, reach]))
  return after.peers.flatMap(({ name, reach: { how, relay, reason, explanation } }): ApiEvent[] => {
    const was = known.get(name)
    const isSame = was?.how === how && was.relay === relay && was.reason === reason
    const isNews = !isSame && (was !== undefined || how !== 'none')
    return isNews ? [{ kind: 'reach', peer: name, how, relay, reason, explanation }] : []
  })
}

/**
 * What the next look is compared with: while a direct way is looked for again, the reason is the one told last, so that one that
 * comes back unchanged is no event.
 */
export function toldStatus(before: Status, now: Status): Status {
  const known = new Map(before.peers.map(({ name, reach }) => [name, reach]))
  const peers = now.peers.map((peer) => {
    const was = known.get(peer.name)
    const isAgain = isLooking(peer.reach) && was?.how === 'relayed' && !isLooking(was)
    if (!isAgain) return peer
    const { reason: told, explanation } = was
    return { ...peer, reach: { ...peer.reach, reason: told, explanation } }
  })
  return { ...now, peers }
}

function isLooking({ reason }: PeerStatus['reach']): boolean {
  return reason === 'trying' || reason === 'untried'
}

/** One that is tried has events of its own, and is the same once it is confirmed. */
function isOtherConfig(before: Status, after: Status): boolean {
  if (after.configSource === 'candidate') return false
  if (before.revision !== after.revision) return true
  return before.configSource !== 'candidate' && before.configSource !== after.configSource
}
