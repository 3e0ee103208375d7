/**
 * Every rule that spans fields of a device configuration, by name: the code of the error that breaking it earns, and
 * what it asks for. CONFIG.md is made from this table, and a test breaks each of them.
 */
import type { ErrorBody, ErrorCode } from './errors.ts'

export const configRules = {
  'name-reserved': ['CONFIG_NAME_RESERVED', '`all`, `default` and `lo` name no uplink and no LAN.'],
  'name-of-segment-twin': [
    'CONFIG_TWIN_COLLISION',
    'Names that begin with `seg-` are for segments.',
  ],
  'name-of-nic': ['CONFIG_TWIN_COLLISION', 'No uplink or LAN is called like a NIC that is in use.'],
  'port-name-once': ['CONFIG_NAME_DUPLICATE', 'Uplinks and LANs have different names.'],
  'segment-name-once': ['CONFIG_NAME_DUPLICATE', 'Segments have different names.'],
  'peer-name-once': ['CONFIG_NAME_DUPLICATE', 'Peers have different names.'],
  'peer-is-other': ['CONFIG_PEER_SELF', 'No peer has the name of this site.'],
  'acl-name-once': ['CONFIG_NAME_DUPLICATE', 'Rules of `acl` have different names.'],
  'profile-name-once': ['CONFIG_NAME_DUPLICATE', 'Profiles have different names.'],
  'uplink-profile-known': [
    'CONFIG_PROFILE_UNKNOWN',
    "An uplink's profile is one of `profiles`, or built in.",
  ],
  'uplink-internet-rate': [
    'CONFIG_UPLINK_RATE',
    '`internet` is a part of `down`, which the uplink says too.',
  ],
  'nic-once': [
    'CONFIG_NIC_DUPLICATE',
    'Who shares a NIC has a `vlan` of its own; one may have none.',
  ],
  'nic-alike': [
    'CONFIG_NIC_DUPLICATE',
    'Who shares a `pmd:` device writes it alike, arguments too.',
  ],
  'queues-of-pmd': ['CONFIG_QUEUES_INVALID', '`queues` is for `pmd:` NICs.'],
  'queues-agree': ['CONFIG_QUEUES_INVALID', 'Who shares a NIC says the same `queues`.'],
  'mtu-fits': ['CONFIG_MTU_TOO_SMALL', 'No LAN has a larger `mtu` than every uplink.'],
  'vni-once': ['CONFIG_VNI_DUPLICATE', 'Segments have different numbers.'],
  'lan-segment-known': ['CONFIG_SEGMENT_UNKNOWN', "A LAN's segment is one of `segments`."],
  'peer-segment-known': ['CONFIG_SEGMENT_UNKNOWN', "A peer's segments are of `segments`."],
  'acl-segment-known': ['CONFIG_SEGMENT_UNKNOWN', "A rule's segments are of `segments`."],
  'wire-key-usable': ['CONFIG_WIRE_KEY_INVALID', 'A key is a point of X25519, and no weak one.'],
  'wire-key-other': ['CONFIG_WIRE_KEY_OWN', "No peer has this box's own key."],
  'wire-key-once': ['CONFIG_WIRE_KEY_DUPLICATE', 'Peers have different keys.'],
  'wire-key-apart': [
    'CONFIG_WIRE_KEY_DUPLICATE',
    'They differ in their first four bytes, by which relays are told apart.',
  ],
  'address-form': [
    'CONFIG_ADDRESS_INVALID',
    'An address is IPv4 or IPv6 and has its prefix length.',
  ],
  'address-routable': [
    'CONFIG_ADDRESS_UNUSABLE',
    'No address is unspecified, loopback, multicast or link-local (an uplink may have an IPv4 one).',
  ],
  'address-of-host': [
    'CONFIG_ADDRESS_UNUSABLE',
    'No address is the first or, of IPv4, the last of its network.',
  ],
  'address-once': [
    'CONFIG_ADDRESS_DUPLICATE',
    'No address is given twice, but to two uplinks: each has routes of its own.',
  ],
  'networks-apart': [
    'CONFIG_PREFIX_OVERLAP',
    'Networks of LANs and prefixes of segments overlap neither with each other, nor across segments, nor with networks of uplinks. Those of two uplinks may.',
  ],
  'gateway-form': ['CONFIG_GATEWAY_INVALID', '`gateway` is an IPv4 address.'],
  'gateway6-form': ['CONFIG_GATEWAY_INVALID', '`gateway6` is an IPv6 address.'],
  'gateway-by-dhcp': [
    'CONFIG_GATEWAY_DHCP',
    'With `address: dhcp` the gateway comes by DHCP, and there is no IPv6.',
  ],
  'gateway-near': [
    'CONFIG_GATEWAY_UNREACHABLE',
    '`gateway` is another host on a network of its uplink, and not this box.',
  ],
  'gateway6-near': [
    'CONFIG_GATEWAY_UNREACHABLE',
    '`gateway6` is another host on an IPv6 network of its uplink, or link-local there, and not this box.',
  ],
  'prefix-form': ['CONFIG_PREFIX_INVALID', 'A prefix is IPv4 or IPv6 and has its length.'],
  'prefix-exact': ['CONFIG_PREFIX_HOST_BITS', 'A prefix has no bits set below its length.'],
  'prefix-routable': [
    'CONFIG_PREFIX_UNUSABLE',
    'No prefix holds unspecified, loopback, link-local or multicast addresses, nor everything.',
  ],
  'prefix-once': ['CONFIG_PREFIX_DUPLICATE', 'No prefix stands twice in a segment of a peer.'],
  'prefix-one-site': [
    'CONFIG_PREFIX_DUPLICATE',
    'Of several peers with one prefix all, or all but one, have the role `hub`.',
  ],
  'prefix-peers': ['CONFIG_PREFIX_DUPLICATE', 'A prefix is at four peers at most.'],
  'transit-of-hub': ['CONFIG_TRANSIT', '`transit` is of peers with `role: hub`.'],
  'endpoint-form': ['CONFIG_ENDPOINT_INVALID', 'An endpoint is an address and a port, no name.'],
  'endpoint-routable': ['CONFIG_ENDPOINT_INVALID', "An endpoint is a host's."],
  'endpoint-once': ['CONFIG_ENDPOINT_DUPLICATE', 'No endpoint stands twice.'],
  'endpoint-other': ['CONFIG_ENDPOINT_INSIDE', "No endpoint is this box's own address."],
  'endpoint-outside': ['CONFIG_ENDPOINT_INSIDE', 'No endpoint lies in a LAN or in the overlay.'],
  'endpoint-reachable': [
    'CONFIG_ENDPOINT_UNREACHABLE',
    'Of each peer with endpoints one can be reached: an uplink has its network, or a gateway of its family.',
  ],
  'uplink-reaches': [
    'CONFIG_UPLINK_ASTRAY',
    'Each uplink reaches an endpoint of its families, where peers have some: it has their network, or a gateway.',
  ],
  'overlay-port-once': [
    'CONFIG_OVERLAY_PORT',
    "`ports` names no port twice, nor the overlay's `port`.",
  ],
  'overlay-port-free': ['CONFIG_OVERLAY_PORT', '67 and 68 are for DHCP, 3478 is for STUN.'],
  'stun-form': ['CONFIG_STUN_INVALID', 'A STUN server is an address and a port, no name.'],
  'stun-routable': ['CONFIG_STUN_INVALID', "A STUN server's address is a host's."],
  'stun-once': ['CONFIG_STUN_INVALID', 'No STUN server stands twice.'],
  'stun-other': ['CONFIG_STUN_INSIDE', "No STUN server has one of this box's addresses."],
  'stun-outside': ['CONFIG_STUN_INSIDE', 'No STUN server lies in a LAN or in the overlay.'],
  'dhcp-form': ['CONFIG_DHCP_INVALID', '`from` and `to` are IPv4 addresses.'],
  'dhcp-inside': [
    'CONFIG_DHCP_RANGE',
    '`from` and `to` are hosts of one IPv4 network of their LAN.',
  ],
  'dhcp-forward': ['CONFIG_DHCP_RANGE', '`from` is not after `to`.'],
  'dhcp-others': ['CONFIG_DHCP_RANGE', "The box's own address is not among those that it lends."],
  'dhcp-length6': [
    'CONFIG_DHCP_LENGTH',
    'An IPv6 address of a LAN with `dhcp` has length 64 (RFC 4862).',
  ],
  'dns-form': ['CONFIG_DNS_INVALID', 'A DNS server is an address.'],
  'dns-routable': ['CONFIG_DNS_INVALID', "A DNS server's address is a host's."],
  'dns-other': [
    'CONFIG_DNS_INVALID',
    "No DNS server has one of this box's addresses: it would ask itself.",
  ],
  'dns-once': ['CONFIG_DNS_INVALID', 'No DNS server stands twice.'],
  'dns-domain': ['CONFIG_DNS_INVALID', '`local` and what ends in it is for mDNS (RFC 6762).'],
  'acl-prefix-form': [
    'CONFIG_PREFIX_INVALID',
    "A rule's prefix is IPv4 or IPv6 and has its length.",
  ],
  'acl-prefix-exact': [
    'CONFIG_PREFIX_HOST_BITS',
    "A rule's prefix has no bits set below its length.",
  ],
  'acl-prefix-inside': [
    'CONFIG_ACL_PREFIX',
    "A rule's prefix has addresses that are in its segment, here or behind a peer.",
  ],
  'acl-family': ['CONFIG_ACL_FAMILY', 'Both prefixes of a rule are of one family.'],
  'acl-ports-protocol': ['CONFIG_ACL_PORTS', '`ports` needs `protocol: tcp` or `udp`.'],
  'acl-ports-range': [
    'CONFIG_ACL_PORTS',
    'A range begins before it ends, and ends at 65535 at most.',
  ],
  'acl-size': [
    'CONFIG_ACL_TOO_MANY',
    'All rules together are 1,024 at most, each range of ports counted.',
  ],
  'acl-effective': [
    'CONFIG_ACL_SHADOWED',
    'No rule is made void by an earlier one that fits the same packets and says the opposite.',
  ],
  'application-name-once': ['CONFIG_NAME_DUPLICATE', 'Applications have different names.'],
  'application-criterion': [
    'CONFIG_APPLICATION_INVALID',
    'An application says something of its flows.',
  ],
  'application-prefix-form': [
    'CONFIG_PREFIX_INVALID',
    "An application's prefix is IPv4 or IPv6 and has its length.",
  ],
  'application-prefix-exact': [
    'CONFIG_PREFIX_HOST_BITS',
    "An application's prefix has no bits set below its length.",
  ],
  'application-prefix-routable': [
    'CONFIG_PREFIX_UNUSABLE',
    "An application's prefix holds hosts alone, and not everything: without `to` its servers are anywhere.",
  ],
  'application-ports-protocol': [
    'CONFIG_APPLICATION_INVALID',
    '`ports` of an application needs `protocol: tcp` or `udp`.',
  ],
  'application-ports-range': [
    'CONFIG_APPLICATION_INVALID',
    "An application's range of ports begins before it ends, and ends at 65535 at most.",
  ],
  'application-names-protocol': [
    'CONFIG_APPLICATION_INVALID',
    '`names` goes with `tcp`, `udp` or no `protocol`.',
  ],
  'policy-name-once': ['CONFIG_NAME_DUPLICATE', 'Policies have different names.'],
  'policy-for': [
    'CONFIG_POLICY_FOR',
    'Every policy but `default` says in `for` which flows are its.',
  ],
  'policy-default': ['CONFIG_POLICY_FOR', 'The policy `default` has no `for`.'],
  'policy-possible': [
    'CONFIG_POLICY_FOR',
    "A policy's applications can have its `dscp`, where they have marks of their own.",
  ],
  'policy-application-known': [
    'CONFIG_APPLICATION_UNKNOWN',
    "A policy's applications are of `applications`, or well-known.",
  ],
  'policy-segment-known': ['CONFIG_SEGMENT_UNKNOWN', "A policy's segments are of `segments`."],
  'policy-uplink-known': ['CONFIG_UPLINK_UNKNOWN', '`prefer` names uplinks of this box.'],
  'policy-prefer-once': ['CONFIG_POLICY_PREFER', '`prefer` names no uplink twice.'],
  'policy-prefer-usable': [
    'CONFIG_POLICY_PREFER',
    '`prefer` names no uplink that `kinds` or `metered: never` rules out.',
  ],
  'policy-prefer-effective': [
    'CONFIG_POLICY_PREFER',
    '`prefer` names no `backup`, nor a metered uplink without `metered: ok`, before one that goes first whatever is preferred: regular ones, then metered ones, then backups.',
  ],
  'policy-uplink-left': [
    'CONFIG_POLICY_NO_UPLINK',
    '`kinds` and `metered: never` leave a policy one uplink at least.',
  ],
  'policy-effective': [
    'CONFIG_POLICY_SHADOWED',
    'No policy comes behind one that is for all of its flows.',
  ],
  'policy-size': [
    'CONFIG_POLICY_TOO_MANY',
    'All policies and applications together are 768 comparisons at most: each pair of segment, mark, prefix, name and range of ports counted.',
  ],
  'paths-size': [
    'CONFIG_PATHS_TOO_MANY',
    'All peers together have 7,168 paths at most: each pair of an uplink and an endpoint of its families counted, up to 16 a peer.',
  ],
  'uplink-regular': ['CONFIG_UPLINKS_BACKUP', 'One uplink at least is no `backup`.'],
  'api-for-somebody': [
    'CONFIG_API_NOBODY',
    '`lan: web` and `lan: status` need a LAN in a segment with `admin`.',
  ],
  'recovery-nic-free': [
    'CONFIG_RECOVERY_INVALID',
    "The recovery port's NIC is no uplink's and no LAN's.",
  ],
  'recovery-address': [
    'CONFIG_RECOVERY_INVALID',
    "The recovery port's address is a host's in an IPv4 network of length 30 at most.",
  ],
  'recovery-apart': [
    'CONFIG_RECOVERY_INVALID',
    "The recovery port's network overlaps with none of a LAN or an uplink.",
  ],
} as const satisfies Readonly<Record<string, readonly [ErrorCode, string]>>

export type ConfigRule = keyof typeof configRules

/** A broken rule. */
export interface Refusal extends ErrorBody {
  readonly rule: ConfigRule
  readonly path: string
}

/** Takes note of a broken rule: rule, JSON pointer, message. */
export type Refuse = (rule: ConfigRule, path: string, message: string) => void

export function refusalOf(rule: ConfigRule, path: string, message: string): Refusal {
  return { rule, code: configRules[rule][0], message, path }
}
