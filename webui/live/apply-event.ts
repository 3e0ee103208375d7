/** What an event of the stream changes in the status that a page has, so that it shows before the next one is read. Pure. */
import type { Status } from '../../firmware/model/local-api.ts'
import type { ApiEvent } from '../../firmware/model/local-api-event.ts'

export function applyEvent(status: Status | null, event: ApiEvent): Status | null {
  if (event.kind === 'status') return event.status
  if (status === null) return null
  switch (event.kind) {
    case 'health': {
      const { isHealthy, problems } = event
      return { ...status, isHealthy, problems, health: problems[0] ?? status.health }
    }
    case 'datapath':
      return {
        ...status,
        datapathUptimeSeconds: event.isConnected ? (status.datapathUptimeSeconds ?? 0) : null,
      }
    case 'uplink':
      return {
        ...status,
        uplinks: status.uplinks.map((uplink) =>
          uplink.name === event.uplink ? { ...uplink, isUp: event.isUp } : uplink,
        ),
      }
    case 'peer': {
      const { peer: name, state } = event
      return {
        ...status,
        peers: status.peers.flatMap((peer) => {
          if (peer.name !== name) return [peer]
          return state === null ? [] : [{ ...peer, state }]
        }),
      }
    }
    default:
      return status
  }
}

/** Whether more may be different now than the event itself says. */
export function asksForStatus(event: { readonly kind: string }): boolean {
  return event.kind !== 'status' && event.kind !== 'sample' && event.kind !== 'told'
}
