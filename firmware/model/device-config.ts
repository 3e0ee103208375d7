/**
 * What one device is told to be: the form of `device.yaml`, as schemas and the types derived from them; CONFIG.md
 * is made from them. Values have their forms in device-config-fields.ts, rules that span fields are in
 * device-config-rules.ts. All are applied by the one parse in host/config, behind which addresses are canonical text.
 */
import Type, { type Static } from 'typebox'
import { Recovery, Ssh } from './device-config-box.ts'
import {
  Cidrs,
  DhcpAddress,
  Domain,
  EndpointText,
  InterfaceName,
  Mtu,
  Name,
  Nic,
  PortRange,
  PrefixText,
  Protocol,
  ServerAddress,
  Tenant,
  Vlan,
  Vni,
  WireKeyText,
} from './device-config-fields.ts'
import { Overlay } from './device-config-overlay.ts'
import { Profile, SegmentLimit } from './device-config-qos.ts'
import { Application, Policy } from './device-config-steering.ts'
import { Uplink } from './device-config-uplink.ts'
import { closed, maybe, means } from './device-config-words.ts'
import { Controllers } from './host-port.ts'
import { Rate } from './units.ts'

export const configVersion = 1
export const defaultLeaseSeconds = 43_200

export const Segment = Type.Object(
  {
    name: means(Name, 'Sites that use one name mean one segment.'),
    vni: means(Vni, 'Its number on the wire (RFC 8926); the same at every site.'),
    breakout: maybe(
      Type.Boolean(),
      'Whether its LANs may reach the Internet through the uplinks.',
      'false',
    ),
    admin: maybe(
      Type.Boolean(),
      'Whether its hosts may use SSH and the local API of this box.',
      'false',
    ),
    limit: maybe(SegmentLimit, 'The most that it takes of the links of this site.', 'no limit'),
  },
  closed,
)

export const LanDhcp = Type.Object(
  {
    from: means(DhcpAddress, 'The first address that is lent.'),
    to: means(DhcpAddress, 'The last one.'),
    leaseSeconds: maybe(
      Type.Integer({ minimum: 120, maximum: 604_800 }),
      'How long one is lent.',
      String(defaultLeaseSeconds),
    ),
  },
  closed,
)

export const Lan = Type.Object(
  {
    name: means(InterfaceName, "Name of the NIC's twin in the kernel."),
    nic: means(Nic, 'As for an uplink. Several LANs share a NIC when their `vlan` differs.'),
    vlan: maybe(Vlan, 'Has the frames with this tag (IEEE 802.1Q).', 'the untagged frames'),
    queues: maybe(
      Type.Integer({ minimum: 1, maximum: 16 }),
      'Receive queues of a `pmd:` NIC.',
      '1',
    ),
    segment: means(Name, 'The segment that its hosts are in.'),
    address: means(Cidrs, "The box's addresses in it, of both families."),
    mtu: maybe(Mtu, 'The most that its frames carry.', "the NIC's"),
    dhcp: maybe(
      LanDhcp,
      'The box lends IPv4 addresses to its hosts, announces itself as their IPv6 router, and answers their DNS.',
      'no DHCP',
    ),
  },
  closed,
)

export const PeerRole = Type.Union([Type.Literal('hub'), Type.Literal('site')], {
  title: 'hub or site',
})
export type PeerRole = Static<typeof PeerRole>

export const Peer = Type.Object(
  {
    name: means(Name, 'Name of the other site.'),
    wireKey: means(WireKeyText, 'Its public key: what `causeway key` says there.'),
    role: maybe(
      PeerRole,
      'What it is in the network. A hub is asked what NATs do (STUN, at its endpoints and at their port 3478), and to relay where no direct way is found. Who begins a handshake is another matter.',
      'site',
    ),
    endpoints: means(
      Type.Array(EndpointText, { maxItems: 8 }),
      "Where it can be called; empty if it always calls first. Each uplink with each endpoint of its families is a path: up to 16 a peer, every uplink's first ones before later ones.",
    ),
    transit: maybe(
      Type.Boolean(),
      'Of a hub: it forwards for others (`overlay.transit` there), so that its prefixes stand in for longer ones inside them, too: when none of those who have these is reached, it carries.',
      'false: only for prefixes that it has word for word',
    ),
    limit: maybe(
      Rate,
      'The most that is sent to it by each uplink, in bits per second, headers included.',
      "what its own uplink's `down` says",
    ),
    segments: means(
      Type.Record(Type.String(), Type.Array(PrefixText, { maxItems: 256 }), { maxProperties: 32 }),
      'Segment → the prefixes behind this peer. It may use no other. The same prefix may be at several peers, all but one of them hubs: who is no hub has it and goes first, then hubs in the order of `peers`; the first that is reached carries.',
    ),
  },
  closed,
)

export const Dns = Type.Object(
  {
    servers: maybe(
      Type.Array(ServerAddress, { minItems: 1, maxItems: 8 }),
      'Who is asked. Those inside alone are asked for names in `domain` and for names of private addresses.',
      "those of the uplinks' DHCP; without either nobody is asked",
    ),
    domain: maybe(
      Domain,
      "The LANs' hosts get it as their domain. Without a server inside, nobody else has names in it.",
      'none',
    ),
  },
  closed,
)

/** One side of a rule. */
export const AclSide = Type.Object(
  {
    segment: means(Name, 'A segment of this box.'),
    prefix: maybe(PrefixText, 'Only these addresses of it.', 'all'),
  },
  closed,
)

export const AclRule = Type.Object(
  {
    name: means(Name, 'Shown in what is logged about denied packets.'),
    action: means(
      Type.Union([Type.Literal('allow'), Type.Literal('deny')], { title: 'allow or deny' }),
      'An allowing rule lets the answers back as well; a denying one knows of none.',
    ),
    from: means(AclSide, 'Who begins.'),
    to: means(AclSide, 'With whom.'),
    protocol: maybe(Protocol, '`icmp` is that of both families.', 'any'),
    ports: maybe(
      Type.Array(PortRange, { minItems: 1, maxItems: 64 }),
      'Destination ports; only with tcp and udp.',
      'any',
    ),
  },
  closed,
)

export const Api = Type.Object(
  {
    lan: maybe(
      Type.Union([Type.Literal('off'), Type.Literal('web'), Type.Literal('status')], {
        title: 'off, web or status',
      }),
      'HTTPS on the LAN addresses of segments with `admin`. `web`: the page of the box and its API, for who signs in. `status`: as well, health and status for anybody there.',
      'web',
    ),
  },
  closed,
)

export const DeviceConfig = Type.Object(
  {
    version: means(
      Type.Literal(configVersion),
      'Of this form. Older ones are read, newer ones refused.',
    ),
    revision: means(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      'Yours to count up, so that all can tell which file a box runs.',
    ),
    site: means(Name, 'Name of this site.'),
    tenant: means(Tenant, 'Whose network it is; the same at every site.'),
    overlay: means(Overlay, 'The private network between the sites.'),
    uplinks: means(
      Type.Array(Uplink, { minItems: 1, maxItems: 8 }),
      'The ways to the other sites and to the Internet.',
    ),
    segments: means(
      Type.Array(Segment, { maxItems: 32 }),
      'Networks of their own: inside one all is allowed, between two nothing, unless `acl` says otherwise.',
    ),
    lans: means(Type.Array(Lan, { maxItems: 32 }), 'The networks of this site.'),
    peers: means(
      Type.Array(Peer, { maxItems: 1024 }),
      'The other sites. All together have 7,168 paths at most.',
    ),
    acl: maybe(
      Type.Array(AclRule, { maxItems: 256 }),
      'Rules, in order: the first that fits decides. At most 1,024 once protocols and ports are spelt out.',
      'no rules',
    ),
    applications: maybe(
      Type.Array(Application, { maxItems: 128 }),
      'Kinds of traffic, besides the well-known ones below. A flow is of the first that fits it.',
      'the well-known ones',
    ),
    policies: maybe(
      Type.Array(Policy, { maxItems: 31 }),
      'How flows are steered, in order: the first that is for a flow decides. At most 768 comparisons once spelt out, `applications` counted.',
      'one, `default`, without limits',
    ),
    profiles: maybe(
      Type.Array(Profile, { maxItems: 16 }),
      'Who gets what of a full uplink, besides the built-in ones.',
      'the built-in ones',
    ),
    dns: maybe(Dns, 'DNS for the LANs that have `dhcp`.', 'all by default'),
    api: maybe(Api, 'Who may ask this box how it is, besides its own shell.', 'only its own shell'),
    controllers: maybe(
      Controllers,
      'Where the controllers of the owner are, each `HOST:PORT`: of a box that has an owner.',
      'where it was claimed',
    ),
    recovery: maybe(
      Recovery,
      'A port of the box that stays with the kernel whatever happens to the rest: page and API answer there, to whoever is plugged in. On appliances alone.',
      'of three NICs or more the last, where no uplink and no LAN has it',
    ),
    ssh: maybe(
      Ssh,
      'Who may log in by SSH, in segments with `admin` and at the recovery port. On appliances alone.',
      'nobody',
    ),
  },
  closed,
)

export type Segment = Static<typeof Segment>
export type Lan = Static<typeof Lan>
export type LanDhcp = Static<typeof LanDhcp>
export type Peer = Static<typeof Peer>
export type Dns = Static<typeof Dns>
export type AclRule = Static<typeof AclRule>
export type Api = Static<typeof Api>
export type DeviceConfig = Static<typeof DeviceConfig>

/** Words of later releases, by their place (`*` for an index). They are refused by name, not ignored. */
export const plannedFields: Readonly<Record<string, readonly string[]>> = {
  '/uplinks/*': ['pppoe'],
  '/peers/*': ['psk'],
}
