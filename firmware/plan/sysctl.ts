/**
 * The kernel's switches. Pure. Order matters: `ip_forward` sets others to the defaults of a router (RFC 1812)
 * and so comes first.
 */
import type { SysctlState } from '../model/host-state.ts'
import { hasIpv6, type Port } from './ports.ts'

const strict = '1'
const loose = '2'
/** Of `addr_gen_mode`: no link-local address. */
const noAddresses = '1'

/**
 * @param ports those whose NIC is there; twins of others do not exist and have no switches
 * @param segmentTwins name → whether IPv6 is spoken in the segment
 */
export function compileSysctls(
  ports: readonly Port[],
  segmentTwins: ReadonlyMap<string, boolean>,
): SysctlState[] {
  const isAnyV6 = ports.some(hasIpv6) || [...segmentTwins.values()].includes(true)
  return [
    nic('net/ipv6/conf/all/disable_ipv6', '1'),
    nic('net/ipv6/conf/default/disable_ipv6', '1'),
    nic('net/ipv4/conf/all/arp_ignore', '8'),
    own('net/ipv4/ip_forward', '1'),
    // The kernel takes the stricter of `all` and the interface's own.
    own('net/ipv4/conf/all/rp_filter', '0'),
    own('net/ipv4/conf/all/send_redirects', '0'),
    own('net/ipv4/conf/all/accept_redirects', '0'),
    // What the box says to its own addresses passes `lo`.
    ...(isAnyV6
      ? [own('net/ipv6/conf/lo/disable_ipv6', '0'), own('net/ipv6/conf/all/forwarding', '1')]
      : []),
    ...ports.flatMap((port) => [
      ...eachIpv4(port.name, port.role === 'uplink' ? loose : strict),
      ...portIpv6(port),
      ...(port.role === 'uplink' ? carrierCounts(port) : []),
    ]),
    ...[...segmentTwins].flatMap(([name, isV6]) => [
      ...eachIpv4(name, strict),
      own(`net/ipv6/conf/${name}/disable_ipv6`, isV6 ? '0' : '1'),
      ...(isV6 ? [own(`net/ipv6/conf/${name}/addr_gen_mode`, noAddresses), ...eachIpv6(name)] : []),
    ]),
  ]
}

function eachIpv4(twin: string, reversePath: string): SysctlState[] {
  const conf = `net/ipv4/conf/${twin}`
  return [
    // Replies over another uplink than the one asked are allowed (RFC 3704 §2.4), spoofed LAN sources are not.
    own(`${conf}/rp_filter`, reversePath),
    own(`${conf}/accept_redirects`, '0'),
    own(`${conf}/secure_redirects`, '0'),
    own(`${conf}/send_redirects`, '0'),
    own(`${conf}/accept_source_route`, '0'),
    // An address is answered for, and announced, only where it is (RFC 5227 does the same for hosts).
    own(`${conf}/arp_ignore`, '1'),
    own(`${conf}/arp_announce`, '2'),
    own(`${conf}/arp_notify`, '1'),
  ]
}

/** Without a carrier its routes are no ways: those of the next uplink are. */
function carrierCounts(port: Port): SysctlState[] {
  const families = hasIpv6(port) ? ['ipv4', 'ipv6'] : ['ipv4']
  return families.map((family) =>
    own(`net/${family}/conf/${port.name}/ignore_routes_with_linkdown`, '1'),
  )
}

/** Where it has no address of the family, the box does not speak it by itself either. */
function portIpv6(port: Port): SysctlState[] {
  const conf = `net/ipv6/conf/${port.name}`
  if (!hasIpv6(port)) return [own(`${conf}/disable_ipv6`, '1')]
  return [
    own(`${conf}/disable_ipv6`, '0'),
    ...eachIpv6(port.name),
    // An address that moves here is made known (RFC 9131).
    own(`${conf}/ndisc_notify`, '1'),
  ]
}

function eachIpv6(twin: string): SysctlState[] {
  const conf = `net/ipv6/conf/${twin}`
  return [
    // What routers announce would go before the routes of what is inside.
    own(`${conf}/accept_ra`, '0'),
    own(`${conf}/use_tempaddr`, '0'),
    own(`${conf}/accept_redirects`, '0'),
    own(`${conf}/accept_source_route`, '0'),
    // A twin that goes down for a moment keeps what it was given.
    own(`${conf}/keep_addr_on_down`, '1'),
  ]
}

function own(key: string, value: string): SysctlState {
  return { scope: 'own', key, value }
}

function nic(key: string, value: string): SysctlState {
  return { scope: 'nic', key, value }
}
