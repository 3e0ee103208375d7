/** What the local API says of the NATs before an uplink: a reading of one family, as model/nat.ts has it. */
import Type, { type Static } from 'typebox'
import { natFilterings, natMappings } from './nat.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
/** One of these. */
const Words = <const Word extends string>(list: readonly Word[]) =>
  Type.Unsafe<Word>(Type.Union(list.map((word) => Type.Literal(word))))

export const NatAnswer = Type.Object(
  {
    family: Type.Union([Type.Literal(4), Type.Literal(6)]),
    /** `192.168.1.2:51820`: the overlay's socket. */
    local: Type.String(),
    /** How others see it; of a mapping by destination the one made last. Null: nobody said. */
    mapped: Nullable(Type.String()),
    /** RFC 4787 §4.1; `none`: there is no NAT. */
    mapping: Words(natMappings),
    /** RFC 4787 §5. */
    filtering: Words(natFilterings),
    /** By which the NAT counts up its ports; 0: it does not, or nobody knows. */
    portStep: Type.Integer(),
    /** Servers were asked, and none answered. */
    isBlocked: Type.Boolean(),
    serversAsked: Count,
    serversAnswered: Count,
    ageSeconds: Type.Number({ minimum: 0 }),
    /** One sentence for people. */
    explanation: Type.String(),
  },
  closed,
)
export type NatAnswer = Static<typeof NatAnswer>
