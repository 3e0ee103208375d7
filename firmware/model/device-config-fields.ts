/**
 * The values in a device configuration: each with its form, what it is in words (`title`, which completes "must
 * be …"), examples, and the code of the error that a wrong one earns where that is not CONFIG_INVALID.
 */
import Type, { type Static } from 'typebox'
import { leastMtuBytes, mostMtuBytes } from './units.ts'

/** The longest text of an IPv6 address (RFC 4291 §2.2, with a dotted quad). */
const longestAddress = 45

/** A kernel interface name (at most 15 bytes) that is also a plain word in every file it ends up in. */
export const InterfaceName = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,14}$',
  title: 'a name of at most 15 small letters, digits and hyphens',
  examples: ['wan0'],
})

export const nameLetters = 31
export const namePattern = `^[a-z0-9][a-z0-9-]{0,${nameLetters - 1}}$`

/** Names of sites, peers, segments, rules, applications and policies. */
export const Name = Type.String({
  pattern: namePattern,
  title: 'a name of at most 31 small letters, digits and hyphens',
  examples: ['berlin'],
})

/** The kernel's name of a NIC, or DPDK's of a device: its bus address or `net_…` with arguments. */
export const Nic = Type.String({
  pattern: '^(netdev:[A-Za-z0-9][A-Za-z0-9_.-]{0,14}|pmd:[A-Za-z0-9][A-Za-z0-9_.:,=/@-]{0,62})$',
  title: 'a NIC',
  examples: ['netdev:enp1s0', 'pmd:0000:01:00.0'],
  leads: ['netdev:', 'pmd:'],
})

export const Cidr = Type.String({
  maxLength: longestAddress + '/128'.length,
  title: 'an address with its prefix length',
  examples: ['10.1.0.1/24', 'fd00:1::1/64'],
  errorCode: 'CONFIG_ADDRESS_INVALID',
})

export const Cidrs = Type.Array(Cidr, { minItems: 1, maxItems: 8 })

/** Addresses by DHCP (IPv4), or these. */
export const UplinkAddress = Type.Union([Type.Literal('dhcp'), Cidrs], {
  title: "'dhcp' or a list of addresses",
  examples: ['[192.0.2.2/24, "2001:db8::2/64"]'],
})

export const PrefixText = Type.String({
  maxLength: longestAddress + '/128'.length,
  title: 'a prefix',
  examples: ['10.2.0.0/16', 'fd00:2::/48'],
  errorCode: 'CONFIG_PREFIX_INVALID',
})

export const Gateway = Type.String({
  maxLength: longestAddress,
  title: 'an IPv4 address',
  examples: ['192.0.2.1'],
  errorCode: 'CONFIG_GATEWAY_INVALID',
})

export const Gateway6 = Type.String({
  maxLength: longestAddress,
  title: 'an IPv6 address',
  examples: ['2001:db8::1', 'fe80::1'],
  errorCode: 'CONFIG_GATEWAY_INVALID',
})

export const DhcpAddress = Type.String({
  maxLength: longestAddress,
  title: 'an IPv4 address',
  examples: ['10.1.0.50'],
  errorCode: 'CONFIG_DHCP_INVALID',
})

export const ServerAddress = Type.String({
  maxLength: longestAddress,
  title: 'an address',
  examples: ['10.0.0.53', '2001:db8::53'],
  errorCode: 'CONFIG_DNS_INVALID',
})

export const EndpointText = Type.String({
  maxLength: longestAddress + '[]:65535'.length,
  title: 'the address and port of a host',
  examples: ['198.51.100.7:51820', '[2001:db8::7]:51820'],
  errorCode: 'CONFIG_ENDPOINT_INVALID',
})

export const WireKeyText = Type.String({
  maxLength: 64,
  title: 'a usable X25519 public key: 32 bytes in base64',
  examples: ['hQ9…='],
  errorCode: 'CONFIG_WIRE_KEY_INVALID',
})

/** Geneve VNI, 24 bits (RFC 8926 §3.4). */
export const Vni = Type.Integer({ minimum: 1, maximum: 0xff_ffff })

/** IEEE 802.1Q: 0 and 4095 are no VLANs. */
export const Vlan = Type.Integer({ minimum: 1, maximum: 4094 })

export const Mtu = Type.Integer({
  minimum: leastMtuBytes,
  maximum: mostMtuBytes,
  errorCode: 'CONFIG_MTU_INVALID',
})

export const Tenant = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  title: 'a UUID in small letters',
  examples: ['8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11'],
})

export const Domain = Type.String({
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$',
  maxLength: 253,
  title: 'a domain name in small letters',
  examples: ['berlin.example.com'],
})

export const Protocol = Type.Union(
  [
    Type.Literal('tcp'),
    Type.Literal('udp'),
    Type.Literal('icmp'),
    Type.Integer({ minimum: 1, maximum: 255 }),
  ],
  { title: 'tcp, udp, icmp or a number from 1 to 255', examples: ['tcp', '47'] },
)
export type Protocol = Static<typeof Protocol>

export const PortRange = Type.Union(
  [
    Type.Integer({ minimum: 1, maximum: 65_535 }),
    Type.String({ pattern: '^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$' }),
  ],
  { title: 'a port or a range of ports', examples: ['443', '8000-8010'] },
)
export type PortRange = Static<typeof PortRange>

/** What an uplink leads to. */
export const Network = Type.Union([Type.Literal('internet'), Type.Literal('private')], {
  title: 'internet or private',
})
export type Network = Static<typeof Network>

/** A code point of RFC 2474, also by the names of RFC 2474, 2597 and 3246, in either case. */
export const Dscp = Type.Union(
  [
    Type.Integer({ minimum: 0, maximum: 63 }),
    Type.String({ pattern: '^([Bb][Ee]|[Ee][Ff]|[Cc][Ss][0-7]|[Aa][Ff][1-4][1-3])$' }),
  ],
  {
    title: 'a code point: be, ef, cs0 to cs7, af11 to af43 or a number from 0 to 63',
    examples: ['ef', '34'],
  },
)
export type Dscp = Static<typeof Dscp>

/** What a client calls a server (RFC 6066 §3): a host, or all below a domain. The datapath has room for 63 bytes. */
export const ServerPattern = Type.String({
  pattern: '^(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$',
  maxLength: 63,
  title: 'a host name of at most 63 small letters, or one behind `*.`',
  examples: ['crm.example.com', "'*.example.com'"],
})

/** Of a hundred; the datapath counts in millionths. */
export const Percent = Type.Number({ minimum: 0.01, maximum: 100 })

export const Delay = Type.Integer({ minimum: 1, maximum: 10_000 })
