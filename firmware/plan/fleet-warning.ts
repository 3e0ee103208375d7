/** What cannot work, or does nothing, in documents of a fleet that break no rule, as sentences for people. Pure. */
import { parseEndpoint } from '../model/address.ts'
import { defaultProfileName } from '../model/device-config-qos.ts'
import type { FleetDocument, FleetNetwork, FleetSite, Labels } from '../model/fleet.ts'
import { isPrivateAddress, unshapedProfile } from './config-warning.ts'
import { byKind, type Documents, hintsAmong, nameOf } from './fleet-documents.ts'

export interface FleetWarning {
  readonly message: string
  /** `site/berlin` */
  readonly document: string
  readonly path: string
}

/** More say the same. */
const mostWarnings = 100

export function fleetWarnings(all: readonly FleetDocument[]): FleetWarning[] {
  const documents = byKind(all)
  const [network] = documents.network
  return [
    ...(network === undefined ? [] : meetingsOf(network, documents)),
    ...(network === undefined
      ? []
      : documents.site.flatMap((site) => callsOf(site, network, documents))),
    ...labelsOf(documents),
    ...uplinksOf(documents),
    ...profilesOf(documents),
  ].slice(0, mostWarnings)
}

function warningOf(document: FleetDocument, path: string, message: string): FleetWarning {
  return { message, document: nameOf(document), path }
}

/** Whether sites can find each other at all. */
function meetingsOf(network: FleetNetwork, { site: sites }: Documents): FleetWarning[] {
  if (sites.length < 2) return []
  if (network.topology?.kind !== 'hubs' || sites.some(({ role }) => role === 'hub')) return []
  const message =
    "no site has the role 'hub', through which the others talk: it is as good as a mesh"
  return [warningOf(network, '/topology', message)]
}

/** Whether a site is where its documents say that it can be called. */
function callsOf(
  site: FleetSite,
  { overlay }: FleetNetwork,
  { site: sites }: Documents,
): FleetWarning[] {
  const { role, endpoints = [] } = site
  const isHub = role === 'hub'
  if (isHub && endpoints.length === 0) {
    const message = 'is missing: a hub that has none cannot be called, and relays for nobody'
    return [warningOf(site, '/endpoints', message)]
  }
  const ports = [overlay.port, ...(isHub ? (overlay.ports ?? []) : [])]
  const parsed = endpoints.map((text) => parseEndpoint(text))
  const isPrivate = parsed.every((one) => one !== null && isPrivateAddress(one.address))
  const hasPrivateWan = sites.some(({ uplinks }) => uplinks.some(({ kind }) => kind === 'private'))
  const hidden =
    `${endpoints[0]} is a private address, which cannot be called over the Internet: ` +
    'is it behind a 1:1 NAT, and the public address meant?'
  return [
    ...(isHub && isPrivate && !hasPrivateWan ? [warningOf(site, '/endpoints', hidden)] : []),
    ...parsed.flatMap((endpoint, at) => {
      if (endpoint === null || ports.includes(endpoint.port)) return []
      const message = `its box listens at ${ports.join(', ')}, not at ${endpoint.port}: right only where a NAT forwards that`
      return [warningOf(site, `/endpoints/${at}`, message)]
    }),
  ]
}

/** Policies and rules for sites that there are not. */
function labelsOf({ site: sites, policy, rule }: Documents): FleetWarning[] {
  if (sites.length === 0) return []
  const has = (site: FleetSite, labels: Labels): boolean =>
    Object.entries(labels).every(([name, value]) => site.labels?.[name] === value)
  return [...policy, ...rule].flatMap((one) => {
    const { sites: labels = {} } = one
    if (sites.some((site) => has(site, labels))) return []
    const text = Object.entries(labels).map((pair) => pair.join(': '))
    return [
      warningOf(one, '/sites', `no site has these labels (${text.join(', ')}): it does nothing`),
    ]
  })
}

function uplinksOf({ site: sites, policy: policies }: Documents): FleetWarning[] {
  const there = new Set(sites.flatMap(({ uplinks }) => uplinks.map(({ name }) => name)))
  if (there.size === 0) return []
  const hint = hintsAmong(there)
  return policies.flatMap((policy) =>
    (policy.prefer ?? []).flatMap((name, at) =>
      there.has(name)
        ? []
        : [warningOf(policy, `/prefer/${at}`, `no site has an uplink '${name}'${hint(name)}`)],
    ),
  )
}

/** Profiles that do nothing: their own, or at an uplink. */
function profilesOf({ site: sites, profile: profiles }: Documents): FleetWarning[] {
  const uplinks = sites.flatMap((site) => site.uplinks)
  const named = new Set(uplinks.map(({ profile = defaultProfileName }) => profile))
  const limited = sites.filter(({ limit }) => limit !== undefined)
  const sendsLimited = (site: FleetSite): boolean => limited.some((other) => other !== site)
  return [
    ...profiles
      .filter(({ name }) => uplinks.length > 0 && !named.has(name))
      .map((one) => warningOf(one, '/name', 'no uplink has this profile: it does nothing')),
    ...sites.flatMap((site) =>
      site.uplinks.flatMap(({ profile, up }, at) =>
        profile === undefined || up !== undefined || sendsLimited(site)
          ? []
          : [warningOf(site, `/uplinks/${at}/profile`, unshapedProfile)],
      ),
    ),
  ]
}
