/**
 * What a device configuration says of the overlay as a whole: ports, keys, and how boxes behind NATs are found and served.
 * A part of device-config.ts.
 */
import Type, { type Static } from 'typebox'
import { EndpointText } from './device-config-fields.ts'
import { closed, maybe, means } from './device-config-words.ts'
import { Rate } from './units.ts'

export const defaultRekeySeconds = 115
export const defaultRelayRate = '50M'

export const Relay = Type.Object(
  {
    rate: maybe(
      Rate,
      'The most that passes between two peers, in each direction, in bits per second, on the whole: what half a second allows may pass at once.',
      defaultRelayRate,
    ),
  },
  closed,
)

export const Overlay = Type.Object(
  {
    port: means(
      Type.Integer({ minimum: 1024, maximum: 65_535 }),
      'UDP port of the overlay on every uplink.',
    ),
    ports: maybe(
      Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { maxItems: 4 }),
      'More UDP ports on which peers may call, on every uplink: 443, say, for those behind a firewall that lets little else out. They name it in `endpoints`.',
      'none',
    ),
    rekeySeconds: maybe(
      Type.Integer({ minimum: 2, maximum: 120 }),
      'Age of a key at which a new one is made; the same at every site. A key ends at about one and a half times that age, and not before 10 s.',
      String(defaultRekeySeconds),
    ),
    stun: maybe(
      Type.Array(
        Type.With(EndpointText, {
          examples: ['203.0.113.5:3478', '[2001:db8::5]:3478'],
          errorCode: 'CONFIG_STUN_INVALID',
        }),
        { maxItems: 8 },
      ),
      'STUN servers (RFC 8489) that tell how NATs change the addresses of uplinks, besides hubs with `relay`, which tell it too. A controller is one, on UDP 3478: by it sites behind NATs without a hub find each other.',
      'the hubs alone',
    ),
    relay: maybe(
      Relay,
      'This box forwards sealed datagrams between its peers where they cannot reach each other, and answers STUN on the overlay ports and on 3478. Peers call it a `hub`.',
      'it does neither',
    ),
    transit: maybe(
      Type.Boolean(),
      'This box forwards what one peer sends for another, within a segment and as `acl` has it: sites then reach each other without sessions of their own. Never back to the peer that it came from, nor from hub to hub.',
      'false',
    ),
  },
  closed,
)

export type Overlay = Static<typeof Overlay>
