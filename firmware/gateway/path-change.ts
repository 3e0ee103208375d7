/**
 * What the datapath tells of paths as it happens, in the configuration's names: a line in the log each, and an event for
 * whoever follows. How many there are is bounded by the datapath.
 */
import type { Log, LogFields } from '../host/system/log.ts'
import type { ApiEvent } from '../model/local-api-event.ts'
import { pathFaults } from '../model/path-reason.ts'
import type { DatapathEvent } from '../model/program.ts'
import { pathLabel } from '../plan/path-metrics.ts'
import { faultOf, type NumberedUplinks, uplinkName } from '../plan/path-status.ts'
import { endpointOf, type NamedPeer } from '../plan/relayed.ts'

export interface PathTellerParts {
  readonly log: Log
  /** By number, in the program that runs. */
  readonly uplinks: () => NumberedUplinks
  /** Of the configuration that runs. */
  readonly peers: () => readonly NamedPeer[]
  readonly onPath: (event: ApiEvent) => void
}

/** Takes any event of the datapath; those of another kind are none of its business. */
export function pathTeller({
  log,
  uplinks,
  peers,
  onPath,
}: PathTellerParts): (event: DatapathEvent) => void {
  return (event) => {
    if (event.kind !== 'path') return
    const { peer, remoteUplink } = event
    const uplink = uplinkName(uplinks(), event.uplink)
    const endpoint = endpointOf(event, peers())
    const place = { peer, uplink, remoteUplink, endpoint }
    const fields: LogFields = { peer, uplink, path: pathLabel({ uplink, endpoint }) }
    const fault = faultOf(event)
    if (event.change === 'best') {
      log.info(fields, 'path is the best now')
      onPath({ kind: 'best-path', ...place })
    } else if (fault === null) {
      log.info(fields, 'path up')
      onPath({ kind: 'path', ...place, state: 'up', reason: null, explanation: null })
    } else {
      const explanation = pathFaults[fault]
      log.warn({ ...fields, reason: fault, detail: explanation }, 'path down')
      onPath({ kind: 'path', ...place, state: 'down', reason: fault, explanation })
    }
  }
}
