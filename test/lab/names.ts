/** Names on the machine of what a lab's description names. Pure: every name ends in the lab's id. */
import type { LabDescription, SiteDescription, WanDescription } from './description.ts'

export interface LabNames {
  readonly internet: string
  /** The namespace of all emulated WAN links. */
  readonly emulators: string
  readonly controller: string
  box(site: string): string
  /** That of a host, by the place of its LAN. */
  host(site: string, place?: string): string
  /** That of the NAT router of an uplink. */
  router(wan: WanDescription): string
  /** That of the carrier's NAT router behind it. */
  carrier(wan: WanDescription): string
  /** The namespace that the gateway makes for the NICs it takes. */
  nics(site: string): string
  instance(site: string): string
}

export function namesOf(id: string): LabNames {
  return {
    internet: `cw-internet-${id}`,
    emulators: `cw-wan-${id}`,
    controller: `cw-controller-${id}`,
    box: (site) => `cw-${site}-${id}`,
    host: (site, place = 'host') => `cw-${site}-${place}-${id}`,
    router: (wan) => `cw-${routerOf(wan)}-${id}`,
    carrier: (wan) => `cw-${carrierOf(wan)}-${id}`,
    nics: (site) => `causeway-${site}-${id}`,
    instance: (site) => `${site}-${id}`,
  }
}

/** What the NAT router of an uplink is called in the lab: `berlin1-nat`. */
export function routerOf({ link, behind = link }: WanDescription): string {
  return `${behind}-nat`
}

/** `berlin1-carrier` */
export function carrierOf({ link }: WanDescription): string {
  return `${link}-carrier`
}

/** Every namespace that a lab makes itself, the internet's first. */
export function namespacesOf(
  { sites, controller }: Pick<LabDescription, 'sites' | 'controller'>,
  names: LabNames,
): string[] {
  const wans = sites.flatMap((site) => site.wans)
  return [
    names.internet,
    ...sites.flatMap((site) => [names.box(site.name), ...hostsOf(site, names)]),
    ...wans.flatMap((wan) => routersOf(wan, names)),
    ...(wans.some(({ emulated }) => emulated !== undefined) ? [names.emulators] : []),
    ...(controller === undefined ? [] : [names.controller]),
  ]
}

/** The namespace of what is called so in the lab: `berlin`, `berlin-cameras`, `berlin-nics`, `berlin1-nat`, `wan`. */
export function netnsOf(
  where: string,
  sites: readonly SiteDescription[],
  names: LabNames,
): string | undefined {
  if (where === 'internet') return names.internet
  if (where === 'wan') return names.emulators
  if (where === 'controller') return names.controller
  for (const { name, lans, wans } of sites) {
    if (where === name) return names.box(name)
    if (where === `${name}-nics`) return names.nics(name)
    const lan = lans.find(({ place }) => where === `${name}-${place}`)
    if (lan !== undefined) return names.host(name, lan.place)
    const natted = wans.filter(({ nat }) => nat !== undefined)
    const near = natted.find((wan) => where === routerOf(wan))
    if (near !== undefined) return names.router(near)
    const far = natted.find((wan) => where === carrierOf(wan))
    if (far !== undefined) return names.carrier(far)
  }
  return undefined
}

/** The NAT routers of an uplink's own, from the box on. */
function routersOf(wan: WanDescription, names: LabNames): string[] {
  if (wan.nat === undefined || wan.behind !== undefined) return []
  return [names.router(wan), ...(wan.nat.carrier === undefined ? [] : [names.carrier(wan)])]
}

function hostsOf({ name, lans }: SiteDescription, names: LabNames): string[] {
  return lans.map(({ place }) => names.host(name, place))
}
