/** What has changed between two looks at a device, as events. Pure. Rates and times change always and are no events. */
import type { Status } from '../model/local-api.ts'
import type { ApiEvent } from '../model/local-api-event.ts'

export function changesBetween(before: Status, after: Status): ApiEvent[] {
  const events: ApiEvent[] = []
  const isConnected = after.datapathUptimeSeconds !== null
  if ((before.datapathUptimeSeconds !== null) !== isConnected) {
    events.push({ kind: 'datapath', isConnected })
  }
  if (configKey(before) !== configKey(after)) {
    const { revision, configSource, pendingChange } = after
    events.push({ kind: 'config', revision, source: configSource, pendingChange })
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
  if (before.problems.join('\n') !== after.problems.join('\n')) {
    const { isHealthy, problems } = after
    events.push({ kind: 'health', isHealthy, problems })
  }
  return events
}

/** The seconds that remain pass by themselves. */
function configKey({ revision, configSource, pendingChange }: Status): string {
  return JSON.stringify([revision, configSource, pendingChange?.revision, pendingChange?.phase])
}
