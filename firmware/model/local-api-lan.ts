/** What the local API says about the networks of the site, who is in them, and the NICs that the box has. */
import Type, { type Static } from 'typebox'
import { mostHostLeases } from './host-lease.ts'
import { Throughput } from './local-api.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Quantity = Type.Number({ minimum: 0 })
const Vlan = Nullable(Type.Integer({ minimum: 1, maximum: 4094 }))

export const HostLeaseAnswer = Type.Object(
  {
    address: Type.String(),
    mac: Type.String(),
    /** What the host calls itself, and the name by which others here find it; null: it has none. */
    hostName: Nullable(Type.String()),
    dnsName: Nullable(Type.String()),
    /** Null: it does not expire. */
    expiresInSeconds: Nullable(Quantity),
  },
  closed,
)
export type HostLeaseAnswer = Static<typeof HostLeaseAnswer>

export const LanAnswer = Type.Object(
  {
    name: Type.String(),
    nic: Type.String(),
    /** Null: the untagged frames. */
    vlan: Vlan,
    segment: Type.String(),
    address: Type.Array(Type.String()),
    /** Whether the NIC has a carrier, as the datapath sees it; null while that is unknown. */
    isUp: Nullable(Type.Boolean()),
    throughput: Nullable(Throughput),
    /** What is lent; null: the box lends nothing there. */
    range: Nullable(
      Type.Object(
        { from: Type.String(), to: Type.String(), size: Type.Integer({ minimum: 1 }) },
        closed,
      ),
    ),
    /** By address. */
    leases: Type.Array(HostLeaseAnswer, { maxItems: mostHostLeases }),
  },
  closed,
)
export type LanAnswer = Static<typeof LanAnswer>

export const LansAnswer = Type.Object(
  {
    lans: Type.Array(LanAnswer),
    dns: Type.Object(
      {
        domain: Nullable(Type.String()),
        /** Whom the box asks. */
        servers: Type.Array(Type.String()),
        /** Whether whoever lends the uplinks their addresses said so. */
        isLent: Type.Boolean(),
      },
      closed,
    ),
  },
  closed,
)
export type LansAnswer = Static<typeof LansAnswer>

export const NicAnswer = Type.Object(
  {
    /** As the configuration writes it: `netdev:enp1s0`. */
    nic: Type.String(),
    /** Whether the machine has it; one of DPDK's is taken at its word. */
    isPresent: Type.Boolean(),
    mac: Nullable(Type.String()),
    mtuBytes: Nullable(Type.Integer({ minimum: 0 })),
    /** Null while that is unknown. */
    hasCarrier: Nullable(Type.Boolean()),
    speedBitsPerSecond: Nullable(Quantity),
    /** Where it is plugged in, as the bus calls it. */
    place: Nullable(Type.String()),
    /** What it is in the configuration that runs; none: it is free. */
    ports: Type.Array(
      Type.Object(
        {
          kind: Type.Union([Type.Literal('uplink'), Type.Literal('lan')]),
          name: Type.String(),
          vlan: Vlan,
        },
        closed,
      ),
    ),
  },
  closed,
)
export type NicAnswer = Static<typeof NicAnswer>

export const NicsAnswer = Type.Object(
  {
    nics: Type.Array(NicAnswer),
    /** The port that stays with the kernel, as it is now: name in the kernel and address with its length; null: there is none. */
    recovery: Nullable(Type.Object({ nic: Type.String(), address: Type.String() }, closed)),
  },
  closed,
)
export type NicsAnswer = Static<typeof NicsAnswer>
