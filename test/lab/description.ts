/** What a lab consists of, as data: sites with LANs and uplinks, and an internet between them. The rest of test/lab makes it. */
import type { AclRule, Segment } from '../../firmware/model/device-config.ts'
import type { Policy } from '../../firmware/model/device-config-steering.ts'
import type { Uplink } from '../../firmware/model/device-config-uplink.ts'
import type { NatKind } from './nat-kind.ts'
import type { WanSettings, WanWay } from './wan.ts'

export type Family = 4 | 6

export interface SiteDescription {
  /** Names of interfaces begin with it: at most 10 characters. */
  readonly name: string
  /** The first of `lans`. */
  readonly lan: LanDescription
  readonly lans: readonly LanDescription[]
  /** The first of `wans`. */
  readonly wan: WanDescription
  readonly wans: readonly WanDescription[]
  /** Relays for the others, which have no endpoints but those of hubs where there is one. */
  readonly isHub?: boolean
  /** Starts with factory.yaml, which has DHCP on its uplinks and the LANs of segments with `admin`, and with its wire key. */
  readonly isBlank?: boolean
  /** A virtual machine stands there (test/image): the lab builds its network, writes what it is to be, and starts no process. */
  readonly isVm?: boolean
}

export interface LanDescription {
  readonly segment: string
  /** The LAN's host is called `SITE-PLACE`. */
  readonly place: string
  /** Kernel name of the box's NIC. */
  readonly nic: string
  readonly prefix: string
  /** The box's own address in the LAN, and its host's, with prefix length. */
  readonly address: string
  readonly host: string
  /** The same in IPv6, where the lab speaks it. */
  readonly v6?: Ipv6Lan
}

export interface Ipv6Lan {
  readonly prefix: string
  readonly address: string
  readonly host: string
}

/** An uplink of a box, and what lies between it and the internet: nothing, a NAT router, an emulated link, or both. */
export interface WanDescription {
  /** Name of the uplink: `wan0`. */
  readonly name: string
  /** Name of the interface in the internet: the site's for the first uplink, `berlin1` for `wan1`. */
  readonly link: string
  /** Kernel name of the box's NIC. */
  readonly nic: string
  /** The box's address, and that of the internet's end of the link, with prefix length. */
  readonly address: string
  readonly gateway: string
  readonly v6?: { readonly address: string; readonly gateway: string }
  /** That of both ends of the link; Ethernet's 1500 unless told. */
  readonly mtu?: number
  /** The box gets its address from the internet's DHCP server, and is not told it otherwise. */
  readonly isDhcp?: boolean
  /** The link is an emulated one (wan.ts), and begins like this. */
  readonly emulated?: Readonly<Partial<Record<WanWay, WanSettings>>> | undefined
  /** A router stands at `gateway`, and hides the box; what it does with IPv6 is `nat.v6`. */
  readonly nat?: NatDescription
  /** The `link` of the uplink whose router that is, where two boxes share one. */
  readonly behind?: string
  /** Of a private network: reaches, and is reached by, such uplinks alone. */
  readonly isPrivate?: boolean
  /** What else the configuration says of the uplink. */
  readonly more?: Partial<Uplink>
}

/** A NAT router, and where there is a carrier's behind it, that: both behave alike. */
export interface NatDescription {
  /** The public one, with prefix length, and that of the internet's end of the link. */
  readonly address: string
  readonly gateway: string
  /** `port-restricted` unless told. */
  readonly kind?: NatKind
  /** 120 unless told. */
  readonly timeoutSeconds?: number
  readonly isHairpin?: boolean
  /** What lies between home router and carrier: the address of each, with prefix length. */
  readonly carrier?: { readonly address: string; readonly gateway: string }
  /** Several boxes are in its network. */
  readonly isShared?: boolean
  /** IPv6 goes through it, without a carrier: routed, and what nobody inside has asked for is dropped. */
  readonly v6?: Ipv6Router
}

/** The prefix inside, the router's address outside and that of the internet's end, with prefix length. */
export interface Ipv6Router {
  readonly prefix: string
  readonly address: string
  readonly gateway: string
}

export interface LabDescription {
  readonly sites: readonly SiteDescription[]
  readonly segments: readonly Segment[]
  /** Sites that are no hubs have sessions with the hubs alone (hub-sites.ts). */
  readonly isHubAndSpoke?: boolean
  readonly acl?: readonly AclRule[]
  /** The same at every site. */
  readonly policies?: readonly Policy[]
  /** Families in which peers are called; IPv4 unless told. */
  readonly endpoints?: readonly Family[]
  /** Rekey interval of the sessions; without it, wire.md's. */
  readonly rekeySeconds?: number
  /** 2 MiB pages reserved for each site's datapath. */
  readonly hugepagesPerSite: number
  /** What a site's datapath is started with besides, by site: `{ lisbon: ['--flows', '16'] }`. */
  readonly datapathOptions?: Readonly<Record<string, readonly string[]>>
  /** The boxes start blank, and get everything from a controller that stands in the internet (controller.ts). */
  readonly controller?: ControllerDescription
  /** Of all chance in emulated links; 1 unless told. */
  readonly seed?: number
}

export interface ControllerDescription {
  /** How a box learns where it is: from controller.yaml on it, or from its access network's DHCP (option 143). */
  readonly toldBy: 'file' | 'dhcp'
  /** The boxes have the public half of the owner's root, and need no code. */
  readonly hasRoot: boolean
}

const office = { name: 'office', vni: 100 }
const cameras = { name: 'cameras', vni: 200 }
const tableOfSites: readonly [name: string, site: number, wan: string][] = [
  ['berlin', 1, '198.51.100'],
  ['lisbon', 2, '203.0.113'],
  ['oslo', 3, '192.0.2'],
]

/** Berlin, Lisbon and Oslo, or the first `count` of them; addresses of RFC 1918 and RFC 5737. */
export function describeSites(
  count: 2 | 3 = 3,
  more: Partial<Omit<LabDescription, 'sites'>> = {},
): LabDescription {
  const sites = tableOfSites.slice(0, count).map(([name, site, wan]) => {
    const lan = describeLan(office.name, 'host', 'eth0', `10.${site}.0`)
    return { name, lan, lans: [lan], ...uplinksOf([describeWan(name, wan)]) }
  })
  return { hugepagesPerSite: 72, segments: [office], ...more, sites }
}

export interface WholeOptions extends Partial<Omit<LabDescription, 'sites'>> {
  /** MTU of every WAN link. */
  readonly wanMtu?: number
  /** The sites whose box has a DHCP client on its WAN. */
  readonly dhcpSites?: readonly string[]
}

/**
 * The same sites with two segments each, office (`berlin-host`) and cameras (`berlin-cameras`), and both families
 * everywhere; addresses of RFC 4193 and RFC 3849.
 */
export function describeWhole(count: 2 | 3 = 3, options: WholeOptions = {}): LabDescription {
  const { wanMtu, dhcpSites = [], ...more } = options
  const sites = tableOfSites.slice(0, count).map(([name, site, wan]) => {
    const lans = [
      describeLan(office.name, 'host', 'eth0', `10.${site}.0`, `fd00:${site}`),
      describeLan(cameras.name, 'cameras', 'eth2', `10.${site}.20`, `fd00:${site}:20`),
    ]
    const v6 = { address: `2001:db8:${site}::2/64`, gateway: `2001:db8:${site}::1/64` }
    const isDhcp = dhcpSites.includes(name)
    const mtu = wanMtu === undefined ? {} : { mtu: wanMtu }
    const uplinks = uplinksOf([{ ...describeWan(name, wan), ...mtu, isDhcp, v6 }])
    return { name, lan: lans[0]!, lans, ...uplinks }
  })
  return { hugepagesPerSite: 72, segments: [office, cameras], ...more, sites }
}

/**
 * What `npm start` shows: the same sites, of which Berlin has a second uplink, `lte0`, slower, metered and for when the first
 * one fails; with policies for calls and for what is in no hurry. The boxes start blank; their access networks tell them by DHCP
 * where their controller is.
 */
export function describeShown(count: 2 | 3 = 3): LabDescription {
  const controller = { toldBy: 'dhcp', hasRoot: true } as const
  const segments = [{ ...office, admin: true }, cameras]
  const { sites, ...rest } = describeWhole(count, { policies: shownPolicies, controller, segments })
  return {
    ...rest,
    sites: sites.map((site) => {
      const wans = site.name === 'berlin' ? [...site.wans, describeLte(site)] : site.wans
      return { ...site, ...uplinksOf(wans.map((wan) => ({ ...wan, isDhcp: true }))) }
    }),
  }
}

const shownPolicies: readonly Policy[] = [
  { name: 'calls', for: { applications: ['voice'] }, loss: 1, latencyMs: 150, jitterMs: 30 },
  { name: 'no-hurry', for: { dscp: ['cs1'] }, metered: 'never' },
]

function describeLte({ name, wan }: SiteDescription): WanDescription {
  const net = bare(wan.address).split('.').slice(0, 3).join('.')
  const way: WanSettings = { delayMs: 20, jitterMs: 4, rateBps: 30_000_000 }
  return {
    ...describeWan(name, net, 1),
    ...{ name: 'lte0', emulated: { up: way, down: way }, more: { metered: true, backup: true } },
  }
}

export interface ManyLinksOptions extends Partial<Omit<LabDescription, 'sites'>> {
  /** Of each site, at most 8. */
  readonly uplinks: number
  readonly sites?: 2 | 3
  /** Both families, on uplinks and in LANs. */
  readonly isV6?: boolean
  /** Changes to an uplink, such as `{ isDhcp: true, more: { mtu: 1400 } }`. */
  readonly link?: (site: string, number: number) => Partial<WanDescription>
  /** Numbers of a site's uplinks that are behind a NAT each: all of them 192.168.1.2 behind 192.168.1.1. */
  readonly natted?: Readonly<Record<string, readonly number[]>>
}

/**
 * The same sites with an office and several uplinks each, `wan0`, `wan1` …, of which each reaches each of the other sites',
 * all over emulated links. The overlay knows those of the other sites that are behind no NAT.
 */
export function describeManyLinks(options: ManyLinksOptions): LabDescription {
  const { uplinks, sites: count = 2, isV6 = false, link, natted = {}, ...more } = options
  const sites = tableOfSites.slice(0, count).map(([name, site, net]) => {
    const lan = describeLan(office.name, 'host', 'eth0', `10.${site}.0`, v6Net(isV6, site))
    const wans = Array.from({ length: uplinks }, (_, number) => {
      const wan: WanDescription = { ...describeWan(name, net, number), emulated: {} }
      const subnet = number === 0 ? '' : `:${number}`
      const v6 = {
        address: `2001:db8:${site}${subnet}::2/64`,
        gateway: `2001:db8:${site}${subnet}::1/64`,
      }
      const families = isV6 ? { ...wan, v6 } : wan
      const isNatted = natted[name]?.includes(number) === true
      return { ...(isNatted ? behindNat(wan) : families), ...link?.(name, number) }
    })
    return { name, lan, lans: [lan], ...uplinksOf(wans) }
  })
  return { hugepagesPerSite: 72, segments: [office], ...more, sites }
}

function v6Net(isV6: boolean, site: number): string | undefined {
  return isV6 ? `fd00:${site}` : undefined
}

/** An access network as there are millions of: the router has the public address. */
function behindNat(wan: WanDescription): WanDescription {
  const { address, gateway } = wan
  return {
    ...wan,
    address: '192.168.1.2/24',
    gateway: '192.168.1.1/24',
    nat: { address, gateway },
  }
}

/** `10.1.0.10/24` → `10.1.0.10` */
export function bare(address: string): string {
  return address.split('/')[0]!
}

export function describeLan(
  segment: string,
  place: string,
  nic: string,
  net4: string,
  net6?: string,
): LanDescription {
  return {
    segment,
    place,
    nic,
    prefix: `${net4}.0/24`,
    address: `${net4}.1/24`,
    host: `${net4}.10/24`,
    ...(net6 === undefined
      ? {}
      : { v6: { prefix: `${net6}::/64`, address: `${net6}::1/64`, host: `${net6}::10/64` } }),
  }
}

/** The uplinks of a site, at least one. */
export function uplinksOf(wans: readonly WanDescription[]): Pick<SiteDescription, 'wan' | 'wans'> {
  return { wan: wans[0]!, wans }
}

/** Of the site's /24 the /30 of this number. */
export function describeWan(site: string, net: string, number = 0): WanDescription {
  return {
    name: `wan${number}`,
    link: number === 0 ? site : `${site}${number}`,
    nic: number === 0 ? 'eth1' : `eth${10 + number}`,
    address: `${net}.${4 * number + 2}/30`,
    gateway: `${net}.${4 * number + 1}/30`,
  }
}
