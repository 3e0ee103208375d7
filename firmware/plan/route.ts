/**
 * The kernel's routes and rules: overlay prefixes into the segments' twins, the Internet by the uplinks. Pure.
 * Behind every prefix that is kept inside stands an `unreachable` of worse metric: when a twin is gone, a packet for
 * the overlay is refused and never follows the default route into the clear.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import type { RouteState, RuleState } from '../model/host-state.ts'
import type { Port } from './ports.ts'
import { addressOf, isIpv6, networkOf } from './prefix.ts'

const mainTable = 254
/** Tables and rules of further uplinks; the first one uses `main`. */
const firstTable = 1000
const defaultMetric = 100
const overlayMetric = 50
const unreachableMetric = 20_000

/** The first uplink's routes are those of `main`; each further one has a table, chosen by source address. */
export function tableOf(uplink: number): number {
  return uplink === 0 ? mainTable : firstTable + uplink
}

/** Prefixes that never leave by an uplink: the overlay's and the own LANs', canonical, each once. */
export function insidePrefixes({ peers, lans }: DeviceConfig): string[] {
  const texts = [
    ...peers.flatMap(({ segments }) => Object.values(segments).flat()),
    ...lans.flatMap(({ address }) => address),
  ]
  return [...new Set(texts.map(networkOf))]
}

/**
 * Each route once.
 * @param ports those whose NIC is there; a route to another would be refused by the kernel
 * @param inside canonical prefixes
 */
export function compileRoutes(
  config: DeviceConfig,
  ports: readonly Port[],
  segmentTwins: ReadonlyMap<string, string>,
  inside: readonly string[],
): RouteState[] {
  const overlay = config.peers.flatMap((peer) =>
    Object.entries(peer.segments).flatMap(([segment, prefixes]) =>
      prefixes.map((text): RouteState => {
        const prefix = networkOf(text)
        const source = sourceOf(segment, isIpv6(prefix), ports)
        const device = segmentTwins.get(segment)!
        return { ...route(prefix, overlayMetric), device, source }
      }),
    ),
  )
  const behind = inside.map(
    (prefix): RouteState => ({ ...route(prefix, unreachableMetric), kind: 'unreachable' }),
  )
  const routes = [...overlay, ...behind, ...ports.flatMap(uplinkRoutes)]
  return [...new Map(routes.map((one) => [routeKey(one), one])).values()]
}

export function routeKey({ table, prefix, metric }: RouteState): string {
  return `${table} ${prefix} ${metric}`
}

export function compileRules(ports: readonly Port[]): RuleState[] {
  return ports.flatMap(({ role, uplink, addresses }) => {
    if (role !== 'uplink' || uplink === 0) return []
    return addresses.map((text, index) => ({
      priority: tableOf(uplink) * 8 + index,
      from: addressOf(text),
      table: tableOf(uplink),
    }))
  })
}

/** The box speaks in a segment with the first address of the family that it has there. */
function sourceOf(segment: string, isV6: boolean, ports: readonly Port[]): string | null {
  const own = ports
    .filter((port) => port.role === 'lan' && port.segment === segment)
    .flatMap(({ addresses }) => addresses)
    .find((text) => isIpv6(text) === isV6)
  return own === undefined ? null : addressOf(own)
}

/** Unicast, in `main`. */
function route(prefix: string, metric: number): RouteState {
  const none = { device: null, via: null, source: null }
  return { prefix, table: mainTable, metric, kind: 'unicast', ...none }
}

function uplinkRoutes({ name, role, uplink, addresses, gateways }: Port): RouteState[] {
  if (role !== 'uplink') return []
  const table = tableOf(uplink)
  const connected =
    table === mainTable
      ? []
      : [...new Set(addresses.map(networkOf))].map(
          // IPv6 has no metric 0: the kernel would make it another.
          (prefix) => ({ ...route(prefix, isIpv6(prefix) ? 256 : 0), table, device: name }),
        )
  const defaults = gateways.flatMap((via) => {
    const prefix = isIpv6(via) ? '::/0' : '0.0.0.0/0'
    const main = { ...route(prefix, defaultMetric + uplink), device: name, via }
    return table === mainTable ? [main] : [main, { ...main, table, metric: defaultMetric }]
  })
  return [...connected, ...defaults]
}
