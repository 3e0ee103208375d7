/**
 * What a lab consists of, as data: sites with a LAN and a WAN each, and an internet that routes between
 * their uplinks. The rest of test/lab turns it into namespaces, links, hosts and configuration.
 */

export interface SiteDescription {
  /** Also the name of the site's interface in the internet: at most 15 characters. */
  readonly name: string
  readonly lan: LanDescription
  readonly wan: WanDescription
}

export interface LanDescription {
  /** Kernel name of the box's NIC. */
  readonly nic: string
  readonly prefix: string
  /** The box's own address in the LAN, and its host's, with prefix length. */
  readonly address: string
  readonly host: string
}

export interface WanDescription {
  readonly nic: string
  /** The box's address, and that of the internet's end of the link, with prefix length. */
  readonly address: string
  readonly gateway: string
}

export interface LabDescription {
  readonly sites: readonly SiteDescription[]
  /** Rekey interval of the sessions; without it, wire.md's. */
  readonly rekeySeconds?: number
  /** 2 MiB pages reserved for each site's datapath. */
  readonly hugepagesPerSite: number
}

const tableOfSites: readonly [name: string, lan: string, wan: string][] = [
  ['berlin', '10.1.0', '198.51.100'],
  ['lisbon', '10.2.0', '203.0.113'],
  ['oslo', '10.3.0', '192.0.2'],
]

/** Berlin, Lisbon and Oslo, or the first `count` of them; addresses of RFC 1918 and RFC 5737. */
export function describeSites(
  count: 2 | 3 = 3,
  more: Partial<Omit<LabDescription, 'sites'>> = {},
): LabDescription {
  const sites = tableOfSites.slice(0, count).map(([name, lan, wan]) => ({
    name,
    lan: { nic: 'eth0', prefix: `${lan}.0/24`, address: `${lan}.1/24`, host: `${lan}.10/24` },
    wan: { nic: 'eth1', address: `${wan}.2/30`, gateway: `${wan}.1/30` },
  }))
  return { hugepagesPerSite: 72, ...more, sites }
}

/** `10.1.0.10/24` → `10.1.0.10` */
export function bare(address: string): string {
  return address.split('/')[0]!
}
