/** What is known of NATs as people read it. Pure. */
import { type Endpoint, formatEndpoint } from '../model/address.ts'
import type { NatAnswer } from '../model/local-api-nat.ts'
import { isSymmetric, type NatFiltering, type UplinkNat } from '../model/nat.ts'

/** By name of the uplink. */
export type NatsByUplink = ReadonlyMap<string, readonly NatAnswer[]>

/** @param nowMs of the clock that the readings are of */
export function natAnswers(readings: readonly UplinkNat[], nowMs: number): NatsByUplink {
  const byUplink = Map.groupBy(readings, ({ uplink }) => uplink)
  return new Map([...byUplink].map(([uplink, list]) => [uplink, list.map(answerOf(nowMs))]))
}

const answerOf =
  (nowMs: number) =>
  (reading: UplinkNat): NatAnswer => ({
    family: reading.family,
    local: formatEndpoint(reading.local),
    mapped: reading.mapped === null ? null : formatEndpoint(reading.mapped),
    mapping: reading.mapping,
    filtering: reading.filtering,
    portStep: reading.portStep,
    isBlocked: reading.isBlocked,
    serversAsked: reading.asked.length,
    serversAnswered: reading.answered.length,
    ageSeconds: Math.max(0, nowMs - reading.testedAtMs) / 1000,
    explanation: natText(reading),
  })

/** Completes a sentence that begins with the uplink's name. */
export function natText(reading: UplinkNat): string {
  const { asked, mapped, mapping, filtering, isBlocked } = reading
  if (isBlocked) {
    return `no STUN server answers (${asked.length} asked): a firewall lets no UDP pass, or nothing is there`
  }
  if (mapped === null) return 'what is before it is not known: there is no STUN server to ask'
  const place = formatEndpoint(mapped)
  const ports = portText(reading)
  if (mapping === 'none') return `no NAT (${place}); ${letsIn[filtering]}${ports}`
  if (isSymmetric(reading)) {
    return `behind a NAT that gives each destination another port (last ${place}); peers behind firewalls and NATs are hard to meet${ports}`
  }
  if (mapping === 'unknown') {
    return `behind a NAT (${place}), of which one answer does not tell how it treats others${ports}`
  }
  return `behind a NAT that maps every destination alike (${place}); ${letsIn[filtering]}${ports}`
}

const letsIn: Readonly<Record<NatFiltering, string>> = {
  unknown: 'peers can reach it',
  'endpoint-independent': 'peers can reach it at any time',
  'address-dependent': 'peers can reach it once it has called them',
  'address-and-port-dependent': 'peers can reach it once it has called them',
}

/** Which ports get out, where others of the same hosts do not. */
function portText({ asked, answered }: UplinkNat): string {
  const heard = new Set(answered.map(({ port }) => port))
  const isHostHeard = ({ address }: Endpoint): boolean =>
    answered.some((one) => one.address === address)
  const silent = asked.filter((one) => !heard.has(one.port) && isHostHeard(one))
  if (silent.length === 0) return ''
  return `; of hubs' ports only ${[...heard].join(', ')} can be reached`
}
