/** What is known of NATs as people read it. Pure. */
import { formatEndpoint, parseEndpoint } from '../model/address.ts'
import type { Peer } from '../model/device-config.ts'
import type { NatAnswer } from '../model/local-api-nat.ts'
import { isSymmetric, type NatFiltering, stunPort, type UplinkNat } from '../model/nat.ts'
import { portsByHost } from './stun.ts'

/** Named one by one. */
const toldHosts = 3

/** By name of the uplink. */
export type NatsByUplink = ReadonlyMap<string, readonly NatAnswer[]>

/** Names of hubs by address. */
export type HubNames = ReadonlyMap<string, string>

/** @param nowMs of the clock that the readings are of */
export function natAnswers(
  readings: readonly UplinkNat[],
  nowMs: number,
  hubs: HubNames = new Map(),
): NatsByUplink {
  const byUplink = Map.groupBy(readings, ({ uplink }) => uplink)
  return new Map([...byUplink].map(([uplink, list]) => [uplink, list.map(answerOf(nowMs, hubs))]))
}

export function hubNames(peers: readonly Pick<Peer, 'name' | 'role' | 'endpoints'>[]): HubNames {
  const hubs = peers.filter(({ role }) => role === 'hub')
  return new Map(
    hubs.flatMap(({ name, endpoints }) =>
      endpoints.map((endpoint) => [parseEndpoint(endpoint)?.address ?? '', name] as const),
    ),
  )
}

const answerOf =
  (nowMs: number, hubs: HubNames) =>
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
    explanation: natText(reading, hubs),
  })

/** Completes a sentence that begins with the uplink's name. */
export function natText(reading: UplinkNat, hubs: HubNames = new Map()): string {
  const { asked, mapped, mapping, filtering, isBlocked } = reading
  if (isBlocked) {
    return `no STUN server answers (${hostsText(asked, hubs)}): a firewall lets no UDP pass, or nothing is there`
  }
  if (mapped === null && asked.length > 0) {
    return `what is before it is not known: STUN is not answered by ${hostsText(asked, hubs)}: has it overlay.relay?`
  }
  if (mapped === null) return 'what is before it is not known: there is no STUN server to ask'
  const place = formatEndpoint(mapped)
  const ports = portText(reading, hubs)
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
  unknown: 'whether it lets peers in is not known',
  'endpoint-independent': 'peers can reach it at any time',
  'address-dependent': 'peers can reach it once it has called them',
  'address-and-port-dependent': 'peers can reach it once it has called them',
}

/** Which ports of a hub can be reached, where others of the same one cannot; of several hubs the first says enough. */
function portText(reading: UplinkNat, hubs: HubNames): string {
  const all = portsByHost(reading)
  const hosts = all.filter(({ heard }) => heard.length > 0)
  const mute = all.filter(({ heard }) => heard.length === 0)
  const walled = hosts.find(({ silent }) => silent.some((port) => port !== stunPort))
  if (walled !== undefined) {
    return `; of ${walled.address} only ${portsText(walled.heard)} can be reached`
  }
  const half = hosts.find(({ silent }) => silent.includes(stunPort))
  if (half === undefined) {
    return mute.length === 0 ? '' : `; STUN is not answered by ${hostsText(mute, hubs)}`
  }
  return `; ${half.address} does not answer at UDP ${stunPort}, which a firewall before it or here may hold back`
}

/** Each host once: `hub-1 (203.0.113.5)`. */
function hostsText(hosts: readonly { readonly address: string }[], hubs: HubNames): string {
  const addresses = [...new Set(hosts.map(({ address }) => address))]
  const names = addresses.slice(0, toldHosts).map((address) => {
    const name = hubs.get(address)
    return name === undefined ? address : `${name} (${address})`
  })
  return [...names, ...(addresses.length > toldHosts ? ['…'] : [])].join(', ')
}

function portsText(ports: readonly number[]): string {
  return `UDP ${ports.join(', ')}`
}
