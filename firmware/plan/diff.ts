/**
 * The steps from what the machine looks like to what it should look like. Pure. In an order in which every
 * prefix of the list is safe: the firewall and the traps below the overlay stand before anything forwards, a twin
 * is quiet before it is up, and what the datapath may hold goes last. Nothing differs: no step.
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
import { routeKey } from './route.ts'

/** Less than any renewal gains: the shortest lease is one of 30 s (host/service/lease.ts). */
const validSlackSeconds = 5

export function diff(want: HostState, have: HostReading): Step[] {
  const links = new Map(have.links.map((link) => [link.name, link]))
  return [
    ...(have.hasNetns ? [] : [{ kind: 'add-netns', netns: want.netns } as const]),
    // Before the firewall, which may trust a name whose twin is still another NIC's. A new twin is down.
    ...diffTwinPresence(want, links),
    ...diffFirewall(want, have),
    ...settingsOf(want.routes, have.routes, 'unreachable'),
    ...diffSysctls(want, have),
    ...want.nics.flatMap((nic) => diffNic(want.netns, nic, have)),
    // The kernel takes routes along with an address, which then cannot be removed any more.
    ...removalsOf(want, have),
    ...want.twins.flatMap((twin) => diffTwin(twin, links.get(twin.name))),
    ...settingsOf(want.routes, have.routes, 'unicast'),
    ...additionsOf(want.rules, have.rules),
    ...diffPossessions(want, have),
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
    running.ruleCount === firewall.ruleCount &&
    running.sets.join() === firewall.sets.join()
  return isSame ? [] : [{ kind: 'load-firewall', firewall }]
}

/**
 * A twin of ours that cannot serve (wrong kind, single queue) is made anew; so is one with another MAC, which the
 * datapath still feeds from the NIC that had its name. One without our mark that could serve was left half made,
 * and is finished. @throws HOST_TWIN_TAKEN
 */
function diffTwinPresence({ twins }: HostState, links: ReadonlyMap<string, LinkReading>): Step[] {
  return twins.flatMap((twin): Step[] => {
    const link = links.get(twin.name)
    if (link === undefined) return [{ kind: 'add-twin', twin }]
    const isOtherNic = link.isOurs && twin.mac !== null && link.mac !== twin.mac
    if (link.tunnel?.kind === twin.kind && link.tunnel.isFit && !isOtherNic) return []
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
    (nic.mtuBytes === null || there.mtuBytes === nic.mtuBytes) &&
    there.gsoMaxBytes === nic.gsoMaxBytes &&
    there.groMaxBytes === nic.groMaxBytes
  const isUnlike = (feature: string, wanted: boolean): boolean => {
    const { isOn, isFixed } = there?.features[feature] ?? { isOn: false, isFixed: false }
    return isOn !== wanted && !isFixed
  }
  const on = nic.features.filter((feature) => isUnlike(feature, true))
  const off = nic.featuresOff.filter((feature) => isUnlike(feature, false))
  const hasFeatures = on.length === 0 && off.length === 0
  return [
    ...(there === undefined ? [{ kind: 'move-nic', netns, nic: nic.name } as const] : []),
    ...(hasFeatures ? [] : [{ kind: 'set-features', netns, nic: nic.name, on, off } as const]),
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
  // Setting a MAC makes the kernel forget all neighbours of the link, also when it is the same as before.
  const change = link !== undefined && link.mac === twin.mac ? { ...twin, mac: null } : twin
  return [
    ...(isSame ? [] : [{ kind: 'set-twin', twin: change } as const]),
    // The first address of a network is the one the kernel sends from, so the old ones go first.
    ...addresses
      .filter((address) => !twin.addresses.includes(address))
      .map((address) => ({ kind: 'remove-address', device, address }) as const),
    ...twin.addresses
      .filter((address) => !addresses.includes(address) || !isAsValid(twin, link, address))
      .map((address) => {
        return { kind: 'add-address', device, address, validSeconds: twin.validSeconds } as const
      }),
  ]
}

/** Both run down, and were not read at one moment. */
function isAsValid(
  { validSeconds }: TwinState,
  link: LinkReading | undefined,
  address: string,
): boolean {
  const left = link?.validSeconds[address] ?? null
  if (left === null || validSeconds === null) return left === validSeconds
  return Math.abs(left - validSeconds) <= validSlackSeconds
}

function settingsOf(
  want: readonly RouteState[],
  have: readonly RouteState[],
  kind: RouteState['kind'],
): Step[] {
  const running = new Map(have.map((route) => [routeKey(route), route]))
  return want
    .filter((route) => route.kind === kind && !isSameRoute(route, running.get(routeKey(route))))
    .map((route) => ({ kind: 'set-route', route }))
}

function removalsOf(want: HostState, have: HostReading): Step[] {
  const routes = new Set(want.routes.map(routeKey))
  const rules = new Set(want.rules.map(ruleKey))
  return [
    ...have.routes
      .filter((route) => !routes.has(routeKey(route)))
      .map((route) => ({ kind: 'remove-route', route }) as const),
    ...have.rules
      .filter((rule) => !rules.has(ruleKey(rule)))
      .map((rule) => ({ kind: 'remove-rule', rule }) as const),
  ]
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

function additionsOf(want: readonly RuleState[], have: readonly RuleState[]): Step[] {
  const running = new Set(have.map(ruleKey))
  return want
    .filter((rule) => !running.has(ruleKey(rule)))
    .map((rule) => ({ kind: 'add-rule', rule }))
}

function ruleKey({ family, priority, from, device, table }: RuleState): string {
  return `${family} ${priority} ${from} ${device} ${table}`
}

/** What the datapath may still hold. */
function diffPossessions(want: HostState, have: HostReading): Step[] {
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
