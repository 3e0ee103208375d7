/**
 * Which programs serve the box, and what dnsmasq is told: DHCP, router advertisements, stateless DHCPv6 and DNS on the
 * LANs that have `dhcp`, and on no other link. Pure. RFC 2131, RFC 4861, RFC 8415 §6.1; dnsmasq(8).
 */
import { type DeviceConfig, defaultLeaseSeconds, type Lan } from '../model/device-config.ts'
import { mostHostLeases } from '../model/host-lease.ts'
import type { LeaseFacts, ServiceState } from '../model/service.ts'
import type { Port } from './ports.ts'
import { addressOf, isInside, isIpv6, privateRanges } from './prefix.ts'

/** @param inside canonical prefixes of the overlay and the LANs */
export function compileServices(
  config: DeviceConfig,
  ports: readonly Port[],
  leases: readonly LeaseFacts[],
  inside: readonly string[],
): ServiceState[] {
  const present = new Set(ports.map(({ name }) => name))
  const lans = config.lans.filter(({ name, dhcp }) => dhcp !== undefined && present.has(name))
  const clients = ports
    .filter(({ isDynamic }) => isDynamic)
    .map(
      ({ name, nic, vlan, facts }): ServiceState => ({
        name: `udhcpc-${name}`,
        program: 'udhcpc',
        device: name,
        config: `${nic} ${vlan} ${facts?.mac ?? ''}`,
      }),
    )
  if (lans.length === 0) return clients
  const lines = dnsmasqLines(config, lans, serversOf(config, leases, inside), inside)
  const text = `${lines.join('\n')}\n`
  return [{ name: 'dnsmasq', program: 'dnsmasq', device: '', config: text }, ...clients]
}

/**
 * Those of the configuration, else what the uplinks were told: by strangers, who name none inside, where private addresses
 * would be believed, and names of the overlay be asked for.
 */
/** Whom the box asks for names, as configured or as leases say; none of the latter is inside. */
export function serversOf(
  { dns }: DeviceConfig,
  leases: readonly LeaseFacts[],
  inside: readonly string[],
): readonly string[] {
  if (dns?.servers !== undefined) return dns.servers
  const told = leases.flatMap(({ dnsServers }) => dnsServers)
  return [...new Set(told)].filter((server) => !isInside(server, inside))
}

function dnsmasqLines(
  { dns }: DeviceConfig,
  lans: readonly Lan[],
  servers: readonly string[],
  inside: readonly string[],
): string[] {
  const domain = dns?.domain
  // A server of one's own says private addresses as it should; what a lease says makes none one's own.
  const ownServers = (dns?.servers ?? []).filter((server) => isInside(server, inside))
  const isOwnServer = ownServers.length > 0
  const areMixed = new Set(lans.map(({ segment }) => segment)).size > 1
  return [
    '# Made by Causeway from its configuration; changes are lost.',
    'no-hosts',
    'no-resolv',
    'bind-dynamic',
    'except-interface=lo',
    ...lans.map(({ name }) => `interface=${name}`),
    'domain-needed',
    'bogus-priv',
    // Answers from outside that point inside (DNS rebinding).
    ...(isOwnServer ? [] : ['stop-dns-rebind']),
    'cache-size=1000',
    'dns-forward-max=150',
    `dhcp-lease-max=${mostHostLeases}`,
    'dhcp-authoritative',
    // One segment's hosts are not told to another's.
    ...(areMixed ? ['dhcp-ignore-names'] : []),
    ...(domain === undefined ? [] : [`domain=${domain}`]),
    ...(domain === undefined || isOwnServer
      ? []
      : [`local=/${domain}/`, `rebind-domain-ok=/${domain}/`]),
    ...ownServers.flatMap((server) => insideZones(server, domain)),
    ...servers.map((server) => `server=${server}`),
    ...(lans.some(({ address }) => address.some(isIpv6)) ? ['enable-ra'] : []),
    ...lans.flatMap(lanLines),
  ]
}

/**
 * Names of the domain that no lease has, and the names of private addresses, are for a server inside: it alone knows them,
 * and none outside is to hear of them.
 */
function insideZones(server: string, domain: string | undefined): string[] {
  return [
    ...(domain === undefined ? [] : [`server=/${domain}/${server}`]),
    ...privateRanges.map((range) => `rev-server=${range},${server}`),
  ]
}

function lanLines({ name, address, dhcp }: Lan): string[] {
  const { from, to, leaseSeconds = defaultLeaseSeconds } = dhcp!
  const own4 = address.find((text) => !isIpv6(text) && isInside(from, [text]))
  const own6 = address.find(isIpv6)
  const v4 =
    own4 === undefined
      ? []
      : [
          `dhcp-range=set:${name},${from},${to},${maskOf(own4)},${leaseSeconds}`,
          `dhcp-option=tag:${name},option:router,${addressOf(own4)}`,
          `dhcp-option=tag:${name},option:dns-server,${addressOf(own4)}`,
        ]
  const v6 =
    own6 === undefined
      ? []
      : [
          `dhcp-range=set:${name},::,constructor:${name},ra-stateless,${own6.split('/')[1]},${leaseSeconds}`,
          `dhcp-option=tag:${name},option6:dns-server,[${addressOf(own6)}]`,
        ]
  return [...v4, ...v6]
}

function maskOf(cidr: string): string {
  const mask = (0xffff_ffff << (32 - Number(cidr.split('/')[1]))) >>> 0
  return [24, 16, 8, 0].map((shift) => (mask >>> shift) & 0xff).join('.')
}
