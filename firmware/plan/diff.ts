/**
 * The steps from what the machine looks like to what it should look like. Pure. In an order in which every
 * prefix of the list is safe: the firewall stands before anything forwards, a twin is quiet before it is up,
 * and removals come last. Nothing differs: no step.
 */
import { CausewayError } from '../model/errors.ts'
import type {
  HostReading,
  HostState,
  LinkReading,
  NicState,
  RouteState,
  RuleState,
  Step,
  SysctlState,
  TwinState,
} from '../model/host-state.ts'

export function diff(want: HostState, have: HostReading): Step[] {
  const links = new Map(have.links.map((link) => [link.name, link]))
  return [
    ...(have.hasNetns ? [] : [{ kind: 'add-netns', netns: want.netns } as const]),
    ...diffFirewall(want, have),
    ...diffTwinPresence(want, links),
    ...diffSysctls(want, have),
    ...want.nics.flatMap((nic) => diffNic(want.netns, nic, have)),
    ...want.twins.flatMap((twin) => diffTwin(twin, links.get(twin.name))),
    ...diffRoutes(want.routes, have.routes),
    ...diffRules(want.rules, have.rules),
    ...diffRemovals(want, have),
  ]
}

/** Whether a step takes something from the datapath, and so waits until it runs without it. */
export function isRemoval({ kind }: Step): boolean {
  return kind === 'remove-twin' || kind === 'return-nic'
}

function diffFirewall({ firewall }: HostState, { firewall: running }: HostReading): Step[] {
  const isSame =
    running !== null &&
    running.fingerprint === firewall.fingerprint &&
    running.ruleCount === firewall.ruleCount
  return isSame ? [] : [{ kind: 'load-firewall', firewall }]
}

/** A twin of ours that cannot serve (wrong kind, single queue) is made anew. @throws HOST_TWIN_TAKEN */
function diffTwinPresence({ twins }: HostState, links: ReadonlyMap<string, LinkReading>): Step[] {
  return twins.flatMap((twin): Step[] => {
    const link = links.get(twin.name)
    if (link === undefined) return [{ kind: 'add-twin', twin }]
    if (link.tunnel?.kind === twin.kind && link.tunnel.isFit) return []
    if (link.isOurs) return [{ kind: 'replace-twin', twin }]
    const message = `interface '${twin.name}' exists and is not a twin`
    throw new CausewayError('HOST_TWIN_TAKEN', message)
  })
}

/** `ip_forward` changes others, so whatever follows a change of it is written again. */
function diffSysctls(want: HostState, have: HostReading): Step[] {
  const running = new Map(have.sysctls.map((sysctl) => [sysctlKey(sysctl), sysctl.value]))
  let isStale = false
  return want.sysctls.flatMap((sysctl): Step[] => {
    const value = running.get(sysctlKey(sysctl))
    // A kernel without IPv6 has it disabled well enough.
    if (value === undefined && !have.hasIpv6 && sysctl.key.startsWith('net/ipv6/')) return []
    if (value === sysctl.value && !(isStale && sysctl.scope === 'own')) return []
    if (sysctl.key === 'net/ipv4/ip_forward') isStale = true
    return [{ kind: 'set-sysctl', netns: sysctl.scope === 'nic' ? want.netns : '', sysctl }]
  })
}

function sysctlKey({ scope, key }: SysctlState): string {
  return `${scope} ${key}`
}

function diffNic(netns: string, nic: NicState, have: HostReading): Step[] {
  const there = have.nics.find(({ name }) => name === nic.name)
  const isSame =
    there?.isUp === true &&
    there.isAllmulti &&
    there.mtuBytes === nic.mtuBytes &&
    there.gsoMaxBytes === nic.gsoMaxBytes &&
    there.groMaxBytes === nic.groMaxBytes
  const isOn = (feature: string): boolean => there?.features.includes(feature) === true
  const hasFeatures = nic.features.every(isOn) && !nic.featuresOff.some(isOn)
  return [
    ...(there === undefined ? [{ kind: 'move-nic', netns, nic: nic.name } as const] : []),
    ...(hasFeatures ? [] : [{ kind: 'set-features', netns, nic } as const]),
    ...(isSame ? [] : [{ kind: 'set-nic', netns, nic } as const]),
  ]
}

function diffTwin(twin: TwinState, link: LinkReading | undefined): Step[] {
  const isSame =
    link?.isUp === true &&
    link.isOurs &&
    (twin.mac === null || link.mac === twin.mac) &&
    link.mtuBytes === twin.mtuBytes &&
    link.gsoMaxBytes === twin.gsoMaxBytes
  const addresses = link?.addresses ?? []
  const device = twin.name
  return [
    ...(isSame ? [] : [{ kind: 'set-twin', twin } as const]),
    // The first address of a network is the one the kernel sends from, so the old ones go first.
    ...addresses
      .filter((address) => !twin.addresses.includes(address))
      .map((address) => ({ kind: 'remove-address', device, address }) as const),
    ...twin.addresses
      .filter((address) => !addresses.includes(address))
      .map((address) => ({ kind: 'add-address', device, address }) as const),
  ]
}

function diffRoutes(want: readonly RouteState[], have: readonly RouteState[]): Step[] {
  const wanted = new Map(want.map((route) => [routeKey(route), route]))
  const running = new Map(have.map((route) => [routeKey(route), route]))
  return [
    ...want
      // The net below the overlay is spread before its routes are.
      .toSorted(
        (one, other) => Number(other.kind === 'unreachable') - Number(one.kind === 'unreachable'),
      )
      .filter((route) => !isSameRoute(route, running.get(routeKey(route))))
      .map((route) => ({ kind: 'set-route', route }) as const),
    ...have
      .filter((route) => !wanted.has(routeKey(route)))
      .map((route) => ({ kind: 'remove-route', route }) as const),
  ]
}

function routeKey({ table, prefix, metric }: RouteState): string {
  return `${table} ${prefix} ${metric}`
}

function isSameRoute(one: RouteState, other: RouteState | undefined): boolean {
  return (
    other !== undefined &&
    one.kind === other.kind &&
    one.device === other.device &&
    one.via === other.via &&
    one.source === other.source
  )
}

function diffRules(want: readonly RuleState[], have: readonly RuleState[]): Step[] {
  const key = ({ priority, from, table }: RuleState): string => `${priority} ${from} ${table}`
  const wanted = new Set(want.map(key))
  const running = new Set(have.map(key))
  return [
    ...want
      .filter((rule) => !running.has(key(rule)))
      .map((rule) => ({ kind: 'add-rule', rule }) as const),
    ...have
      .filter((rule) => !wanted.has(key(rule)))
      .map((rule) => ({ kind: 'remove-rule', rule }) as const),
  ]
}

function diffRemovals(want: HostState, have: HostReading): Step[] {
  const twins = new Set(want.twins.map(({ name }) => name))
  const nics = new Set(want.nics.map(({ name }) => name))
  return [
    ...have.links
      .filter(({ isOurs, name }) => isOurs && !twins.has(name))
      .map(({ name }) => ({ kind: 'remove-twin', name }) as const),
    ...have.nics
      .filter(({ name }) => !nics.has(name))
      .map(({ name }) => ({ kind: 'return-nic', netns: want.netns, nic: name }) as const),
  ]
}
