/**
 * What a lab consists of, as data: sites with LANs and a WAN each, and an internet that routes between their
 * uplinks. The rest of test/lab turns it into namespaces, links, hosts and configuration.
 */
import type { AclRule, Segment } from '../../firmware/model/device-config.ts'

export type Family = 4 | 6

export interface SiteDescription {
  /** Also the name of the site's interface in the internet: at most 15 characters. */
  readonly name: string
  /** The first of `lans`. */
  readonly lan: LanDescription
  readonly lans: readonly LanDescription[]
  readonly wan: WanDescription
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

export interface WanDescription {
  readonly nic: string
  /** The box's address, and that of the internet's end of the link, with prefix length. */
  readonly address: string
  readonly gateway: string
  readonly v6?: { readonly address: string; readonly gateway: string }
  /** That of both ends of the link; Ethernet's 1500 unless told. */
  readonly mtu?: number
  /** The box gets its address from the internet's DHCP server, and is not told it otherwise. */
  readonly isDhcp?: boolean
}

export interface LabDescription {
  readonly sites: readonly SiteDescription[]
  readonly segments: readonly Segment[]
  readonly acl?: readonly AclRule[]
  /** Families in which peers are called; IPv4 unless told. */
  readonly endpoints?: readonly Family[]
  /** Rekey interval of the sessions; without it, wire.md's. */
  readonly rekeySeconds?: number
  /** 2 MiB pages reserved for each site's datapath. */
  readonly hugepagesPerSite: number
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
    return { name, lan, lans: [lan], wan: describeWan(wan) }
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
    return { name, lan: lans[0]!, lans, wan: { ...describeWan(wan), ...mtu, isDhcp, v6 } }
  })
  return { hugepagesPerSite: 72, segments: [office, cameras], ...more, sites }
}

/** `10.1.0.10/24` → `10.1.0.10` */
export function bare(address: string): string {
  return address.split('/')[0]!
}

function describeLan(
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

function describeWan(net: string): WanDescription {
  return { nic: 'eth1', address: `${net}.2/30`, gateway: `${net}.1/30` }
}
