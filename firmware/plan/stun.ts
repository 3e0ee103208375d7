/** Which STUN servers a box asks what the NATs before it do, and which of their ports answered. Pure. */
import { type Endpoint, formatEndpoint, parseEndpoint } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { stunPort, type UplinkNat } from '../model/nat.ts'
import { isIpv6 } from './prefix.ts'

/** Of each family. More hubs tell nothing more; `overlay.stun` has eight at most. */
const mostHubEndpoints = 8
const mostOtherPorts = 4

/**
 * Endpoints of hubs, `overlay.stun`, and the other port of hubs, which tells whether a NAT minds ports. In the order in which
 * they are asked; the first of each host come first.
 */
export function stunServers({ overlay, peers }: DeviceConfig): readonly Endpoint[] {
  const hubs = peers.filter(({ role }) => role === 'hub')
  const endpoints = hubs.flatMap((hub) => hub.endpoints.map((text) => parseEndpoint(text)!))
  const called = perFamily(endpoints, mostHubEndpoints)
  const hosts = [...new Set(called.map(({ address }) => address))]
  const others = hosts.map((address) => ({ address, port: stunPort }))
  const named = (overlay.stun ?? []).map((text) => parseEndpoint(text)!)
  const all = [...called, ...named, ...perFamily(others, mostOtherPorts)]
  return [...new Map(all.map((one) => [formatEndpoint(one), one])).values()]
}

export interface HostPorts {
  readonly address: string
  readonly heard: readonly number[]
  readonly silent: readonly number[]
}

/** Of each host that was asked, which ports answered. */
export function portsByHost({
  asked,
  answered,
}: Pick<UplinkNat, 'asked' | 'answered'>): HostPorts[] {
  const isHeard = (one: Endpoint): boolean =>
    answered.some(({ address, port }) => address === one.address && port === one.port)
  return [...Map.groupBy(asked, ({ address }) => address)].map(([address, list]) => ({
    address,
    heard: list.filter(isHeard).map(({ port }) => port),
    silent: list.filter((one) => !isHeard(one)).map(({ port }) => port),
  }))
}

function perFamily(list: readonly Endpoint[], most: number): Endpoint[] {
  const isV6 = ({ address }: Endpoint): boolean => isIpv6(address)
  const v4 = list.filter((one) => !isV6(one)).slice(0, most)
  return [...v4, ...list.filter(isV6).slice(0, most)]
}
