/**
 * What the owner of a network wants of it, as documents: a network, its pools, segments, profiles, sites, applications, policies
 * and rules. What each box is told (`DeviceConfig`) is computed from them (plan/fleet.ts) and never written by hand. A field that
 * a device's configuration has as well means the same here.
 */
import Type, { type Static } from 'typebox'
import { AclRule, Api, Dns, Lan, LanDhcp, Segment } from './device-config.ts'
import { Recovery } from './device-config-box.ts'
import { Cidrs, EndpointText, Name, PrefixText, Tenant, Vni } from './device-config-fields.ts'
import { Overlay } from './device-config-overlay.ts'
import { Profile } from './device-config-qos.ts'
import { Application, Policy } from './device-config-steering.ts'
import { Uplink } from './device-config-uplink.ts'
import { closed, maybe, means } from './device-config-words.ts'
import { Controllers } from './host-port.ts'
import { Rate } from './units.ts'

/** SHA-256 of a device's public key, in hex. */
export const DeviceId = Type.String({
  pattern: '^[0-9a-f]{64}$',
  title: 'a device id: 64 hexadecimal digits',
  examples: ['3b6a…'],
})

export const Labels = Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,30}$' }), Name, {
  maxProperties: 16,
  title: 'names by label, at most 16, like { region: europe, size: small }',
})

/** Where in the list of its kind, and at which sites. */
const placed = {
  order: means(
    Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    'Its place among those of its kind: lesser ones come first, equal ones by name.',
  ),
  sites: maybe(Labels, 'Only at sites that have all of these labels.', 'at all sites'),
}

export const Topology = Type.Object(
  {
    kind: means(
      Type.Union([Type.Literal('mesh'), Type.Literal('hubs')], { title: 'mesh or hubs' }),
      '`mesh`: every site talks to every other. `hubs`: sites talk to hubs, and to each other through them.',
    ),
    hubs: maybe(
      Type.Array(Name, { minItems: 1, maxItems: 4 }),
      'Names of sites, best first: when one is gone, all goes through the next.',
      'all sites with the role `hub`, by name',
    ),
  },
  closed,
)

export const FleetNetwork = Type.Object(
  {
    kind: Type.Literal('network'),
    name: means(Name, 'Of the network: for people.'),
    tenant: means(
      Tenant,
      'Whose it is. Two networks of different tenants know nothing of each other.',
    ),
    overlay: means(
      Overlay,
      'As in a device configuration, of all sites; `ports` and `relay` are for those with the role `hub`, which relay in any case.',
    ),
    topology: maybe(Topology, 'Who talks to whom.', '`mesh`'),
    dns: maybe(Dns, 'As in a device configuration, of all sites.', 'all by default'),
    api: maybe(Api, 'As in a device configuration, of all sites.', "only a box's own shell"),
    controllers: maybe(
      Controllers,
      'Where boxes find their controllers from now on, each `HOST:PORT`: before one moves, say both.',
      'where they were claimed',
    ),
  },
  closed,
)

export const FleetPool = Type.Object(
  {
    kind: Type.Literal('pool'),
    name: means(Name, 'What segments call it.'),
    prefix: means(PrefixText, 'What LANs get their networks from.'),
    bits: means(Type.Integer({ minimum: 8, maximum: 64 }), 'Prefix length of what one LAN gets.'),
  },
  closed,
)

export const FleetSegment = Type.Object(
  {
    kind: Type.Literal('segment'),
    ...Segment.properties,
    vni: maybe(Vni, 'Its number on the wire.', 'the next one that is free; it stays'),
    pools: maybe(
      Type.Array(Name, { minItems: 1, maxItems: 2 }),
      'Pools that its LANs get a network from, one for each family.',
      'LANs say their `address`',
    ),
  },
  closed,
)

export const FleetLan = Type.Object(
  {
    ...Lan.properties,
    address: maybe(
      Cidrs,
      "The box's addresses in it, of both families.",
      "the first of what the segment's pools give; it stays for this site and this LAN: by another name it gets another",
    ),
    dhcp: maybe(
      Type.Union([Type.Boolean(), LanDhcp], { title: 'true, or a range' }),
      '`true`: the upper seven eighths of its IPv4 network are lent.',
      'no DHCP',
    ),
  },
  closed,
)

export const FleetSite = Type.Object(
  {
    kind: Type.Literal('site'),
    name: means(Name, 'What it is called, by people and by the other sites.'),
    edge: maybe(
      DeviceId,
      'The box that stands there.',
      'the one that was claimed for it (`causeway ctl claim`)',
    ),
    role: maybe(
      Type.Union([Type.Literal('hub'), Type.Literal('site')], { title: 'hub or site' }),
      'A hub relays for others, and says what NATs they have.',
      'site',
    ),
    labels: maybe(Labels, 'Words by which policies and rules choose sites.', 'none'),
    endpoints: maybe(
      Type.Array(EndpointText, { maxItems: 8 }),
      'Where it can be called from the Internet.',
      'nowhere: it calls',
    ),
    limit: maybe(
      Rate,
      'The most that each other site sends it by each of its own uplinks, in bits per second, headers included.',
      'what `down` of its uplinks says',
    ),
    uplinks: means(
      Type.Array(Uplink, { minItems: 1, maxItems: 8 }),
      'Its links to the other sites, best first.',
    ),
    lans: means(Type.Array(FleetLan, { maxItems: 32 }), 'Networks that it serves.'),
    recovery: maybe(
      Recovery,
      'As in a device configuration. On appliances alone.',
      'the one that the box chose when it first started',
    ),
  },
  closed,
)

export const FleetProfile = Type.Object(
  { kind: Type.Literal('profile'), ...Profile.properties },
  closed,
)

export const FleetApplication = Type.Object(
  { kind: Type.Literal('application'), ...Application.properties, order: placed.order },
  closed,
)

export const FleetPolicy = Type.Object(
  { kind: Type.Literal('policy'), ...Policy.properties, ...placed },
  closed,
)

export const FleetRule = Type.Object(
  { kind: Type.Literal('rule'), ...AclRule.properties, ...placed },
  closed,
)

/** By kind; in the order in which they need each other. */
export const fleetForms = {
  network: FleetNetwork,
  pool: FleetPool,
  segment: FleetSegment,
  profile: FleetProfile,
  site: FleetSite,
  application: FleetApplication,
  policy: FleetPolicy,
  rule: FleetRule,
} as const

export type FleetKind = keyof typeof fleetForms
export const fleetKinds = Object.keys(fleetForms) as readonly FleetKind[]

export type DeviceId = Static<typeof DeviceId>
export type Labels = Static<typeof Labels>
export type Topology = Static<typeof Topology>
export type FleetNetwork = Static<typeof FleetNetwork>
export type FleetPool = Static<typeof FleetPool>
export type FleetSegment = Static<typeof FleetSegment>
export type FleetLan = Static<typeof FleetLan>
export type FleetProfile = Static<typeof FleetProfile>
export type FleetSite = Static<typeof FleetSite>
export type FleetApplication = Static<typeof FleetApplication>
export type FleetPolicy = Static<typeof FleetPolicy>
export type FleetRule = Static<typeof FleetRule>

export type FleetDocument =
  | FleetNetwork
  | FleetPool
  | FleetSegment
  | FleetProfile
  | FleetSite
  | FleetApplication
  | FleetPolicy
  | FleetRule

/** Of one kind. */
export type FleetOf<Kind extends FleetKind> = Extract<FleetDocument, { readonly kind: Kind }>

/** How many of a kind a tenant has at most: what a device's configuration can hold, and a thousand sites. */
export const mostOfKind: Readonly<Record<FleetKind, number>> = {
  network: 1,
  pool: 64,
  segment: 256,
  profile: 64,
  site: 4_096,
  application: 128,
  policy: 256,
  rule: 1_024,
}
