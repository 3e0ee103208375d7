/**
 * What one device is told to be: the form of `device.yaml`, as schemas and the types derived from them.
 * Rules that span fields are in device-config-rules.ts; both are applied by the one parse in host/config.
 */
import Type, { type Static } from 'typebox'
import { leastMtuBytes, mostMtuBytes, Rate } from './units.ts'

const closed = { additionalProperties: false } as const

/** A kernel interface name (at most 15 bytes) that is also a plain word in every file it ends up in. */
export const InterfaceName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,14}$' })
/** Names of sites, peers and segments. */
export const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,30}$' })
/** `netdev:enp1s0`: a NIC that the kernel drives. `pmd:` will be DPDK's. */
export const Nic = Type.String({ pattern: '^netdev:[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$' })
/** An IPv4 address or prefix with its length; device-config-rules.ts reads it. */
export const Cidr = Type.String({ minLength: 1, maxLength: 43 })
/** Geneve VNI, 24 bits (RFC 8926 §3.4). */
export const Vni = Type.Integer({ minimum: 1, maximum: 0xff_ffff })
export const Mtu = Type.Integer({ minimum: leastMtuBytes, maximum: mostMtuBytes })

export const Overlay = Type.Object(
  {
    /** UDP port of everything in wire.md. */
    port: Type.Integer({ minimum: 1024, maximum: 65_535 }),
    /** Age at which the initiator rekeys; 115 unless told. Longer would meet the hard stop of 180 s. */
    rekeySeconds: Type.Optional(Type.Integer({ minimum: 2, maximum: 120 })),
  },
  closed,
)

export const Uplink = Type.Object(
  {
    /** Also the name of the NIC's twin in the kernel. */
    name: InterfaceName,
    nic: Nic,
    address: Type.Array(Cidr, { minItems: 1, maxItems: 8 }),
    gateway: Type.Optional(Type.String({ minLength: 1, maxLength: 39 })),
    /** The NIC's MTU is kept unless this sets another. */
    mtu: Type.Optional(Mtu),
    up: Type.Optional(Rate),
    down: Type.Optional(Rate),
    kind: Type.Optional(Type.Literal('internet')),
  },
  closed,
)

export const Segment = Type.Object(
  {
    name: Name,
    vni: Vni,
    /** Whether its LANs may reach the Internet through the uplinks; false unless told. */
    breakout: Type.Optional(Type.Boolean()),
  },
  closed,
)

export const Lan = Type.Object(
  {
    name: InterfaceName,
    nic: Nic,
    segment: Name,
    address: Type.Array(Cidr, { minItems: 1, maxItems: 8 }),
    mtu: Type.Optional(Mtu),
  },
  closed,
)

export const PeerRole = Type.Union([Type.Literal('hub'), Type.Literal('site')])
export type PeerRole = Static<typeof PeerRole>

export const Peer = Type.Object(
  {
    name: Name,
    /** X25519 public key, 32 bytes in base64. */
    wireKey: Type.String({ minLength: 1, maxLength: 64 }),
    /** `site` unless told. */
    role: Type.Optional(PeerRole),
    /** `198.51.100.7:51820`; empty for a peer that always calls first. */
    endpoints: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 8 }),
    /** Segment → the prefixes behind this peer. */
    segments: Type.Record(Type.String({ maxLength: 64 }), Type.Array(Cidr, { maxItems: 256 })),
  },
  closed,
)

export const DeviceConfig = Type.Object(
  {
    version: Type.Literal(1),
    revision: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    site: Name,
    tenant: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    overlay: Overlay,
    uplinks: Type.Array(Uplink, { minItems: 1, maxItems: 8 }),
    segments: Type.Array(Segment, { maxItems: 32 }),
    lans: Type.Array(Lan, { maxItems: 32 }),
    peers: Type.Array(Peer, { maxItems: 1024 }),
  },
  closed,
)

export type Uplink = Static<typeof Uplink>
export type Segment = Static<typeof Segment>
export type Lan = Static<typeof Lan>
export type Peer = Static<typeof Peer>
export type DeviceConfig = Static<typeof DeviceConfig>

export const defaultRekeySeconds = 115

/** The kernel's name of a NIC: what stands behind `netdev:`. */
export function interfaceOf(nic: string): string {
  return nic.slice(nic.indexOf(':') + 1)
}

/** Words of later releases, by their place (`*` for an index). They are refused by name, not ignored. */
export const plannedFields: Readonly<Record<string, readonly string[]>> = {
  '': ['acl', 'policies'],
  '/uplinks/*': ['metered', 'backup', 'vlan'],
  '/lans/*': ['vlan', 'dhcp'],
  '/peers/*': ['psk'],
}
