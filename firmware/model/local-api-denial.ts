/** What the local API says about packets that policy kept out. */
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const Port = Type.Integer({ minimum: 0, maximum: 65_535 })

export const DenialAnswer = Type.Object(
  {
    /** How long ago. */
    ageSeconds: Type.Number({ minimum: 0 }),
    /** Who sent it; '' for a LAN or the box itself. */
    peer: Type.String(),
    source: Type.String(),
    destination: Type.String(),
    /** IP protocol number. */
    protocol: Type.Integer({ minimum: 0, maximum: 255 }),
    /** 0 where the protocol or the fragment has none. */
    sourcePort: Port,
    destinationPort: Port,
    /** Whence ('' for a VNI unknown here) and whither. */
    segment: Type.String(),
    toSegment: Type.String(),
    /** '' for what holds where no rule fits. */
    rule: Type.String(),
    /** As it is counted among the drops, and what that means. */
    reason: Type.String(),
    meaning: Type.String(),
    /** Denials before this one that are not listed. */
    suppressed: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type DenialAnswer = Static<typeof DenialAnswer>

/** Newest first, at most a hundred. */
export const DenialsAnswer = Type.Object({ denials: Type.Array(DenialAnswer) }, closed)
export type DenialsAnswer = Static<typeof DenialsAnswer>
