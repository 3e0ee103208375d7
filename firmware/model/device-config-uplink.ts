/** What a device is told about an uplink: one of its ways to the other sites and to the Internet. A part of device-config.ts. */
import Type, { type Static } from 'typebox'
import {
  Gateway,
  Gateway6,
  InterfaceName,
  Mtu,
  Name,
  Network,
  Nic,
  UplinkAddress,
  Vlan,
} from './device-config-fields.ts'
import { Marks } from './device-config-qos.ts'
import { closed, maybe, means } from './device-config-words.ts'
import { Rate } from './units.ts'

export const Uplink = Type.Object(
  {
    name: means(InterfaceName, "Name of the NIC's twin in the kernel."),
    nic: means(Nic, "The NIC: one that the kernel drives (`netdev:`), or one of DPDK's (`pmd:`)."),
    vlan: maybe(Vlan, 'Has the frames with this tag (IEEE 802.1Q).', 'the untagged frames'),
    queues: maybe(
      Type.Integer({ minimum: 1, maximum: 16 }),
      'Receive queues of a `pmd:` NIC.',
      '1',
    ),
    address: means(
      UplinkAddress,
      'Addresses of both families, or `dhcp`: then it has IPv4 alone, and takes nothing that IPv6 routers announce.',
    ),
    gateway: maybe(Gateway, 'Next hop to everywhere over IPv4.', 'none, or what DHCP says'),
    gateway6: maybe(Gateway6, 'Next hop to everywhere over IPv6; may be link-local.', 'none'),
    mtu: maybe(
      Mtu,
      'The most that its frames carry. What paths to peers carry is found out.',
      "the NIC's",
    ),
    up: maybe(
      Rate,
      'Its rate towards the Internet, in bits per second, Ethernet headers included: no more is sent by it, and what waits takes turns, calls first. Below 64k counts as 64k.',
      'unknown: all is sent at once',
    ),
    down: maybe(
      Rate,
      'Its rate from the Internet, in bits per second: other sites are told, and send no more each.',
      'unknown',
    ),
    internet: maybe(
      Type.Integer({ minimum: 10, maximum: 100 }),
      'Percent of `down` that what comes from the Internet itself takes at most, and less while other sites send: what is beyond waits here, as nobody at the far end lets calls go first.',
      '80',
    ),
    profile: maybe(
      Name,
      'Who gets what of `up` while it is full: one of `profiles`, or of the built-in ones below.',
      'balanced',
    ),
    marks: maybe(
      Marks,
      'How sealed packets are marked outside (DSCP): by their class, as what is inside (RFC 2983), or not at all, when marks of what leaves to the Internet are cleared too. What comes in marked changes nothing inside.',
      'class',
    ),
    kind: maybe(
      Network,
      'What it leads to: the Internet, or a network (MPLS, a leased line) that other sites are on. Nothing breaks out to a private one.',
      'internet',
    ),
    metered: maybe(
      Type.Boolean(),
      'Whether its traffic costs: policies say when it is used. The other end hears of it: a path counts as metered where either end of it is.',
      'false',
    ),
    backup: maybe(Type.Boolean(), 'Only for when no other uplink is usable.', 'false'),
    risk: maybe(
      Name,
      'Uplinks of one `risk` fail together (a duct, a mast, a carrier): what stands by for one is chosen from another.',
      'it fails alone',
    ),
  },
  closed,
)

export type Uplink = Static<typeof Uplink>

/** Those written down: none where DHCP gives them. */
export function staticAddresses({ address }: Pick<Uplink, 'address'>): readonly string[] {
  return address === 'dhcp' ? [] : address
}
