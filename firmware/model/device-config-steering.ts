/**
 * What a device is told about steering: which flows are one application's, and what each kind of flow wants of the ways
 * to the other sites. A part of device-config.ts.
 */
import Type, { type Static } from 'typebox'
import {
  Delay,
  Dscp,
  InterfaceName,
  Name,
  Network,
  Percent,
  PortRange,
  PrefixText,
  Protocol,
  ServerPattern,
} from './device-config-fields.ts'
import { TrafficClass } from './device-config-qos.ts'
import { closed, maybe, means } from './device-config-words.ts'

export const Application = Type.Object(
  {
    name: means(
      Name,
      'How policies call it. The name of a well-known application takes the place of that one.',
    ),
    to: maybe(
      Type.Array(PrefixText, { minItems: 1, maxItems: 64 }),
      'Where its servers are: one of these prefixes.',
      'anywhere',
    ),
    protocol: maybe(Protocol, '`icmp` is that of both families.', 'any'),
    ports: maybe(
      Type.Array(PortRange, { minItems: 1, maxItems: 64 }),
      'Destination ports; only with tcp and udp.',
      'any',
    ),
    names: maybe(
      Type.Array(ServerPattern, { minItems: 1, maxItems: 64 }),
      'What a client calls the server when it begins TLS or QUIC; `*.` stands for any host below, not for the domain itself.',
      'any or none',
    ),
    dscp: maybe(
      Type.Array(Dscp, { minItems: 1, maxItems: 16 }),
      'How its first packet is marked.',
      'any',
    ),
  },
  closed,
)

export const PolicyFlows = Type.Object(
  {
    applications: maybe(
      Type.Array(Name, { minItems: 1, maxItems: 64 }),
      'One of `applications`, or of the well-known ones below.',
      'any',
    ),
    segments: maybe(
      Type.Array(Name, { minItems: 1, maxItems: 32 }),
      'The segment that it begins in.',
      'any',
    ),
    dscp: maybe(
      Type.Array(Dscp, { minItems: 1, maxItems: 16 }),
      'How its first packet is marked.',
      'any',
    ),
  },
  closed,
)

export const Policy = Type.Object(
  {
    name: means(Name, '`default` is that of all flows that no other one is for.'),
    for: maybe(
      PolicyFlows,
      'Which flows are its: those that fit each field that is given. All policies but `default` have it.',
      'those that no other policy is for (`default`)',
    ),
    loss: maybe(Percent, 'The most loss that a good path has, in percent.', 'no limit'),
    latencyMs: maybe(
      Delay,
      'The most that a packet of it is under way on a good path: half the round trip.',
      'no limit',
    ),
    jitterMs: maybe(Delay, 'The most that this varies on a good path.', 'no limit'),
    prefer: maybe(
      Type.Array(InterfaceName, { minItems: 1, maxItems: 8 }),
      'Uplinks of this box, best first: among good paths theirs are taken. A `backup`, and a metered one without `metered: ok`, stands by whatever is preferred, and is named behind those that it stands by for.',
      'the path that is best',
    ),
    kinds: maybe(
      Type.Array(Network, { minItems: 1, maxItems: 2 }),
      'Over uplinks of these kinds alone, whatever happens.',
      'any',
    ),
    metered: maybe(
      Type.Union([Type.Literal('never'), Type.Literal('last'), Type.Literal('ok')], {
        title: 'never, last or ok',
        truths: ['never', 'ok'],
      }),
      'Metered paths (by an uplink that is `metered` here, or at the other end) are not used between sites, whatever happens; or only where no other path is usable; or like others. A site with metered uplinks alone is not reached at all by flows of a policy that says `never`, from either end.',
      'last',
    ),
    otherwise: maybe(
      Type.Union([Type.Literal('least-bad'), Type.Literal('drop')], {
        title: 'least-bad or drop',
      }),
      'What is done while no path keeps the limits.',
      'least-bad',
    ),
    use: maybe(
      Type.Union([Type.Literal('one'), Type.Literal('all')], { title: 'one or all' }),
      '`all`: flows are spread over all good paths, by what these carry.',
      'one',
    ),
    class: maybe(
      TrafficClass,
      [
        "Which class its packets are, of answers too: there of two ports the lesser one counts as the server's, and what a client calls",
        "its server is known at the client's site alone. What leaves to the Internet here is marked so.",
      ].join(' '),
      'what their marks say (DSCP): EF and signalling voice, AF2x to AF4x business, AF1x, CS1 and LE bulk, all others normal',
    ),
    breakout: maybe(
      Type.Union([Type.Literal('allow'), Type.Literal('deny')], { title: 'allow or deny' }),
      [
        'Whether its flows may leave to the Internet here, where their segment has `breakout`.',
        'But for `class`, nothing else in a policy is for what leaves here: that goes as the kernel routes it, by the first uplink to the Internet (metered',
        'ones behind others, backups last) that has a carrier, an address and a gateway; one that is cut further away, with its carrier',
        'on, is not left.',
        'One that is denied by the name of its server (`names`) leaves nevertheless when more QUIC flows begin in a second than are',
        'looked into, when the beginnings of too many flows are waited for at once, and when the second segment of a TCP connection',
        'comes before its first: what must not leave is to be denied by prefix or port.',
      ].join(' '),
      'allow',
    ),
  },
  closed,
)

export type Application = Static<typeof Application>
export type PolicyFlows = Static<typeof PolicyFlows>
export type Policy = Static<typeof Policy>

/** What tells flows of an application: a flow fits that fits each that is given, and that if it fits one of the list. */
export type Criteria = Omit<Application, 'name'>
