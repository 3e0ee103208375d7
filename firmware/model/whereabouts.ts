/** Where peers were heard last, as it is written down: by peer, the ways by which they came. */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'

const closed = { additionalProperties: false } as const
const Port = Type.Integer({ minimum: 1, maximum: 65_535 })

/** Of one peer. */
export const mostWhereabouts = 2

export const Whereabout = Type.Object(
  {
    /** The own one, by name, and the port there. */
    uplink: Type.String(),
    localPort: Port,
    remoteAddress: Type.String(),
    remotePort: Port,
  },
  closed,
)
export type Whereabout = Static<typeof Whereabout>

export const Whereabouts = Type.Record(
  Type.String(),
  Type.Array(Whereabout, { maxItems: mostWhereabouts }),
)
export type Whereabouts = Static<typeof Whereabouts>

const whereabouts = Compile(Whereabouts)

export function isWhereabouts(value: unknown): value is Whereabouts {
  return whereabouts.Check(value)
}
