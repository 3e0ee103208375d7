/**
 * The kernel's switches. Pure. Order matters: `ip_forward` sets others to the defaults of a router (RFC 1812)
 * and so comes first.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import type { SysctlState } from '../model/host-state.ts'

const strict = '1'
const loose = '2'

/** @param present twins whose NIC is there; those of others do not exist and have no switches */
export function compileSysctls(
  config: DeviceConfig,
  present: ReadonlySet<string>,
  segmentTwins: ReadonlyMap<string, string>,
): SysctlState[] {
  const uplinks = config.uplinks.filter(({ name }) => present.has(name))
  const lans = config.lans.filter(({ name }) => present.has(name))
  const own = (key: string, value: string): SysctlState => ({ scope: 'own', key, value })
  const nic = (key: string, value: string): SysctlState => ({ scope: 'nic', key, value })
  const each = (twin: string, reversePath: string): SysctlState[] => [
    // Replies over another uplink than the one asked are allowed (RFC 3704 §2.4), spoofed LAN sources are not.
    own(`net/ipv4/conf/${twin}/rp_filter`, reversePath),
    own(`net/ipv4/conf/${twin}/accept_redirects`, '0'),
    own(`net/ipv4/conf/${twin}/secure_redirects`, '0'),
    own(`net/ipv4/conf/${twin}/send_redirects`, '0'),
    own(`net/ipv4/conf/${twin}/accept_source_route`, '0'),
    // An address is answered for, and announced, only where it is (RFC 5227 does the same for hosts).
    own(`net/ipv4/conf/${twin}/arp_ignore`, '1'),
    own(`net/ipv4/conf/${twin}/arp_announce`, '2'),
    own(`net/ipv4/conf/${twin}/arp_notify`, '1'),
    // No IPv6 in this release: neither may the box speak it by itself.
    own(`net/ipv6/conf/${twin}/disable_ipv6`, '1'),
  ]
  return [
    nic('net/ipv6/conf/all/disable_ipv6', '1'),
    nic('net/ipv6/conf/default/disable_ipv6', '1'),
    nic('net/ipv4/conf/all/arp_ignore', '8'),
    own('net/ipv4/ip_forward', '1'),
    // The kernel takes the stricter of `all` and the interface's own.
    own('net/ipv4/conf/all/rp_filter', '0'),
    own('net/ipv4/conf/all/send_redirects', '0'),
    own('net/ipv4/conf/all/accept_redirects', '0'),
    ...uplinks.flatMap(({ name }) => each(name, loose)),
    ...lans.flatMap(({ name }) => each(name, strict)),
    ...[...segmentTwins.values()].flatMap((name) => each(name, strict)),
  ]
}
