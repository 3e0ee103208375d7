/** Who waits beside a flow's packets: their class, what of it waits for its peer now, and how long such packets waited of late. Pure. */
import { type TrafficClass, trafficClasses } from '../model/device-config-qos.ts'
import type { ExplainAnswer, ExplainedRoute } from '../model/local-api-explain.ts'
import type { Queues } from '../model/queue-counters.ts'
import type { ExplainFacts } from './explain-facts.ts'
import { uplinkName } from './path-status.ts'
import { delayOf } from './queue-status.ts'
import { waitsBetween } from './queue-window.ts'

/** Null: neither the flow nor its answers leave by an uplink. */
export function classOf(
  { explanation }: ExplainFacts,
  { kind }: ExplainedRoute,
): TrafficClass | null {
  const leaves = kind === 'peer' || kind === 'internet' || explanation.from === 'peer'
  return leaves ? explanation.class : null
}

/** Null: the uplink by which it leaves is kept to no rate, or it leaves by none. */
export function queueAnswer(facts: ExplainFacts, route: ExplainedRoute): ExplainAnswer['queue'] {
  const { queues, explanation } = facts
  const of = classOf(facts, route)
  const name = of === null ? null : uplinkOf(facts, route)
  if (queues === null || of === null || name === null) return null
  const { now, before } = queues
  const at = trafficClasses.indexOf(of)
  const uplink = now.uplinks.find((one) => one.uplink === name)
  if (uplink === undefined || uplink.bps === 0) return null
  const peer = route.kind === 'internet' ? '' : explanation.peer
  const own = ofPeer(now, name, peer)?.classes[at]
  const then = ofPeer(before, name, peer)?.classes[at]
  const older = before.uplinks.find((one) => one.uplink === name)
  return {
    uplink: name,
    waitingPackets: own?.waitingPackets ?? 0,
    waitingBytes: own?.waitingBytes ?? 0,
    uplinkBytes: uplink.classes.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
    meanSeconds: own === undefined ? null : meanSeconds(own, then),
    classDelay: delayOf(waitsBetween(uplink.classes[at]!, older?.classes[at])),
  }
}

interface Waited {
  readonly packets: number
  readonly waitUs: number
}

/** Null: none left of late. */
function meanSeconds(now: Waited, then: Waited | undefined): number | null {
  const packets = now.packets - (then?.packets ?? 0)
  if (packets < 0) return now.waitUs / now.packets / 1e6
  return packets === 0 ? null : (now.waitUs - (then?.waitUs ?? 0)) / packets / 1e6
}

function ofPeer({ peers }: Queues, uplink: string, peer: string) {
  return peers.find((one) => one.uplink === uplink && one.peer === peer)
}

/** By which its packets leave; of a flow from a peer, its answers. Null: by none that is known. */
function uplinkOf({ explanation, numbered }: ExplainFacts, route: ExplainedRoute): string | null {
  if (route.kind === 'internet') return route.link
  // Of a relayed path it is the relay's uplink, which only the datapath knows.
  if (route.kind === 'peer' && explanation.port !== '') return explanation.port
  const path = explanation.paths.find(({ number }) => number === explanation.path)
  return path === undefined ? null : uplinkName(numbered, path.uplink)
}
