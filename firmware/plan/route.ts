/**
 * The kernel's routes and rules: overlay prefixes into the segments' twins, the Internet by the uplinks. Pure.
 * Behind every prefix that is kept inside stands an `unreachable` of worse metric: when a twin is gone, a packet for
 * the overlay is refused and never follows the default route into the clear.
 *
 * Each uplink has a table of its own, for what is sent by it: by a socket that belongs to it, or from an address of it. So
 * two uplinks may have one gateway, one network and one address. `main` has the ways out for all the rest, breakout above
 * all, the best uplink first; one without a carrier does not count (sysctl.ts).
 */
import type { DeviceConfig } from '../model/device-config.ts'
import type { Uplink } from '../model/device-config-uplink.ts'
import type { RouteState, RuleState } from '../model/host-state.ts'
import { hasIpv6, type Port } from './ports.ts'
import { addressOf, isIpv6, networkOf } from './prefix.ts'

const mainTable = 254
/** Tables of uplinks, and the priorities of their rules: before that of `main`, which is 32766. */
const firstTable = 1000
const firstSourceRule = 8000
const rulesOfUplink = 8
const defaultMetric = 100
/** The kernel's own for connected networks of IPv6, which has no metric 0. */
const connectedMetric6 = 256
const overlayMetric = 50
const unreachableMetric = 20_000

/** That of an uplink's routes; what is no uplink has `main`. */
export function tableOf({ role, uplink }: Pick<Port, 'role' | 'uplink'>): number {
  return role === 'uplink' ? firstTable + uplink : mainTable
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
  const routes = [...overlay, ...behind, ...uplinkRoutes(config.uplinks, ports)]
  return [...new Map(routes.map((one) => [routeKey(one), one])).values()]
}

export function routeKey({ table, prefix, metric }: RouteState): string {
  return `${table} ${prefix} ${metric}`
}

/** By the device first: of two uplinks with one address, only that tells them apart. */
export function compileRules(ports: readonly Port[]): RuleState[] {
  return ports.flatMap((port): RuleState[] => {
    if (port.role !== 'uplink') return []
    const { name, uplink, addresses } = port
    const table = tableOf(port)
    const families = ([4, 6] as const).filter((family) => family === 4 || hasIpv6(port))
    return [
      ...families.map((family) => ({
        family,
        priority: firstTable + uplink,
        from: null,
        device: name,
        table,
      })),
      ...addresses.map((text, index) => ({
        family: isIpv6(text) ? (6 as const) : (4 as const),
        priority: firstSourceRule + rulesOfUplink * uplink + index,
        from: addressOf(text),
        device: null,
        table,
      })),
    ]
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

function uplinkRoutes(uplinks: readonly Uplink[], ports: readonly Port[]): RouteState[] {
  const ranks = new Map(breakoutOrder(uplinks).map(({ number }, rank) => [number, rank]))
  return ports
    .filter(({ role }) => role === 'uplink')
    .flatMap((port) => [...ownRoutes(port), ...mainDefaults(port, ranks.get(port.uplink))])
}

/** All that an uplink leads to. Its link-local network is in the way of the default, as it is in `main`. */
function ownRoutes(port: Port): RouteState[] {
  const { name, addresses, gateways } = port
  const table = tableOf(port)
  const networks = [...addresses.map(networkOf), ...(hasIpv6(port) ? [networkOf('fe80::/64')] : [])]
  const connected = [...new Set(networks)].map((prefix) => {
    const metric = isIpv6(prefix) ? connectedMetric6 : 0
    return { ...route(prefix, metric), table, device: name }
  })
  const defaults = gateways.map((via) => {
    return { ...route(everywhere(via), defaultMetric), table, device: name, via }
  })
  return [...connected, ...defaults]
}

/** @param rank undefined: nothing breaks out there */
function mainDefaults({ name, gateways }: Port, rank: number | undefined): RouteState[] {
  if (rank === undefined) return []
  return gateways.map((via) => {
    return { ...route(everywhere(via), defaultMetric + rank), device: name, via }
  })
}

/** Uplinks that lead to the Internet, with their numbers: in their order, what costs or stands by last. */
export function breakoutOrder(
  uplinks: readonly Uplink[],
): { readonly uplink: Uplink; readonly number: number }[] {
  const cost = ({ backup = false, metered = false }: Uplink): number =>
    2 * Number(backup) + Number(metered)
  return uplinks
    .map((uplink, number) => ({ uplink, number }))
    .filter(({ uplink }) => !isPrivate(uplink))
    .toSorted((one, other) => cost(one.uplink) - cost(other.uplink))
}

export function isPrivate({ kind }: Uplink): boolean {
  return kind === 'private'
}

function everywhere(gateway: string): string {
  return isIpv6(gateway) ? '::/0' : '0.0.0.0/0'
}
