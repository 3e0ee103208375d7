/**
 * The kernel's routes and rules: overlay prefixes into the segments' twins, the Internet by the uplinks. Pure.
 * Behind every overlay prefix stands an `unreachable` of worse metric: when a twin is gone, a packet for the
 * overlay is refused and never follows the default route into the clear.
 */
import { formatIpv4, formatPrefix, parseInterfaceAddress } from '../model/address.ts'
import type { DeviceConfig, Uplink } from '../model/device-config.ts'
import type { RouteState, RuleState } from '../model/host-state.ts'

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

/** @param present twins whose NIC is there; a route to another would be refused by the kernel */
export function compileRoutes(
  config: DeviceConfig,
  present: ReadonlySet<string>,
  segmentTwins: ReadonlyMap<string, string>,
): RouteState[] {
  const sources = new Map<string, string>()
  for (const { name, segment, address } of config.lans) {
    const first = parseInterfaceAddress(address[0]!)!
    if (present.has(name) && !sources.has(segment)) sources.set(segment, formatIpv4(first.address))
  }
  const overlay = config.peers.flatMap((peer) =>
    Object.entries(peer.segments).flatMap(([segment, prefixes]) =>
      prefixes.flatMap((prefix) =>
        overlayRoutes(prefix, segmentTwins.get(segment)!, sources.get(segment) ?? null),
      ),
    ),
  )
  const own = config.lans.flatMap(({ address }) => address.map((text) => unreachable(text)))
  const uplinks = config.uplinks.flatMap((uplink, number) =>
    present.has(uplink.name) ? uplinkRoutes(uplink, number) : [],
  )
  return [...overlay, ...own, ...uplinks]
}

export function compileRules(config: DeviceConfig, present: ReadonlySet<string>): RuleState[] {
  return config.uplinks.flatMap(({ name, address }, number) => {
    if (number === 0 || !present.has(name)) return []
    return address.map((text, index) => ({
      priority: tableOf(number) * 8 + index,
      from: formatIpv4(parseInterfaceAddress(text)!.address),
      table: tableOf(number),
    }))
  })
}

function overlayRoutes(prefix: string, device: string, source: string | null): RouteState[] {
  const route: RouteState = {
    prefix,
    table: mainTable,
    metric: overlayMetric,
    kind: 'unicast',
    device,
    via: null,
    source,
  }
  return [route, unreachable(prefix)]
}

function unreachable(prefix: string): RouteState {
  return {
    prefix,
    table: mainTable,
    metric: unreachableMetric,
    kind: 'unreachable',
    device: null,
    via: null,
    source: null,
  }
}

function uplinkRoutes({ name, address, gateway }: Uplink, number: number): RouteState[] {
  const routes: RouteState[] = []
  const route = { kind: 'unicast', device: name, source: null } as const
  const table = tableOf(number)
  if (table !== mainTable) {
    const networks = new Set(address.map((text) => formatPrefix(parseInterfaceAddress(text)!)))
    for (const prefix of networks) routes.push({ ...route, prefix, table, metric: 0, via: null })
  }
  if (gateway === undefined) return routes
  const everything = { ...route, prefix: '0.0.0.0/0', via: gateway }
  routes.push({ ...everything, table: mainTable, metric: defaultMetric + number })
  if (table !== mainTable) routes.push({ ...everything, table, metric: defaultMetric })
  return routes
}
