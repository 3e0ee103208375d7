/** Names on the machine of what a lab's description names. Pure: every name ends in the lab's id. */
import type { SiteDescription, WanDescription } from './description.ts'

export interface LabNames {
  readonly internet: string
  /** The namespace of all emulated WAN links. */
  readonly emulators: string
  box(site: string): string
  /** That of a host, by the place of its LAN. */
  host(site: string, place?: string): string
  /** That of the NAT router of an uplink. */
  router(wan: WanDescription): string
  /** The namespace that the gateway makes for the NICs it takes. */
  nics(site: string): string
  instance(site: string): string
}

export function namesOf(id: string): LabNames {
  return {
    internet: `cw-internet-${id}`,
    emulators: `cw-wan-${id}`,
    box: (site) => `cw-${site}-${id}`,
    host: (site, place = 'host') => `cw-${site}-${place}-${id}`,
    router: (wan) => `cw-${routerOf(wan)}-${id}`,
    nics: (site) => `causeway-${site}-${id}`,
    instance: (site) => `${site}-${id}`,
  }
}

/** What the NAT router of an uplink is called in the lab: `berlin1-nat`. */
export function routerOf({ link }: WanDescription): string {
  return `${link}-nat`
}

/** Every namespace that a lab makes itself, the internet's first. */
export function namespacesOf(sites: readonly SiteDescription[], names: LabNames): string[] {
  const wans = sites.flatMap((site) => site.wans)
  return [
    names.internet,
    ...sites.flatMap((site) => [names.box(site.name), ...hostsOf(site, names)]),
    ...wans.filter(({ nat }) => nat !== undefined).map(names.router),
    ...(wans.some(({ emulated }) => emulated !== undefined) ? [names.emulators] : []),
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
  for (const { name, lans, wans } of sites) {
    if (where === name) return names.box(name)
    if (where === `${name}-nics`) return names.nics(name)
    const lan = lans.find(({ place }) => where === `${name}-${place}`)
    if (lan !== undefined) return names.host(name, lan.place)
    const wan = wans.find((one) => one.nat !== undefined && where === routerOf(one))
    if (wan !== undefined) return names.router(wan)
  }
  return undefined
}

function hostsOf({ name, lans }: SiteDescription, names: LabNames): string[] {
  return lans.map(({ place }) => names.host(name, place))
}
