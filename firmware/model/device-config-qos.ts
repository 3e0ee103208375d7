/**
 * What a device is told about who goes first where a link is full: classes of traffic, what each gets of an uplink, and what a
 * segment or peer takes at most. A part of device-config.ts.
 */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed, maybe, means } from './device-config-words.ts'
import { Rate } from './units.ts'

/** In the order of their numbers on the native border. */
export const trafficClasses = ['voice', 'business', 'normal', 'bulk'] as const
export type TrafficClass = (typeof trafficClasses)[number]

export const TrafficClass = Type.Union(
  [Type.Literal('voice'), Type.Literal('business'), Type.Literal('normal'), Type.Literal('bulk')],
  { title: 'voice, business, normal or bulk' },
)

export interface ClassMarks {
  /** Code points (RFC 2474) by which a packet is of it, as RFC 4594 and RFC 8622 name them. */
  readonly marks: readonly (readonly [name: string, dscp: number])[]
  /** What is sealed is marked so outside, and what leaves to the Internet by a policy with this class. */
  readonly outside: readonly [name: string, dscp: number]
}

/** As the datapath has them (graph/marks.c). What has another mark is normal. */
export const classMarks: Readonly<Record<TrafficClass, ClassMarks>> = {
  voice: {
    marks: [
      ['EF', 46],
      ['VOICE-ADMIT', 44],
      ['CS5', 40],
      ['CS6', 48],
      ['CS7', 56],
    ],
    outside: ['EF', 46],
  },
  business: {
    marks: [
      ...assured(4),
      ['CS4', 32] as const,
      ...assured(3),
      ['CS3', 24] as const,
      ...assured(2),
      ['CS2', 16] as const,
    ],
    outside: ['AF21', 18],
  },
  normal: { marks: [], outside: ['none', 0] },
  bulk: { marks: [...assured(1), ['CS1', 8] as const, ['LE', 1] as const], outside: ['LE', 1] },
}

/** RFC 2597: three of a kind. */
function assured(kind: number): (readonly [name: string, dscp: number])[] {
  return [1, 2, 3].map((drop) => [`AF${kind}${drop}`, 8 * kind + 2 * drop] as const)
}

const Weight = Type.Integer({ minimum: 1, maximum: 100 })

export const Profile = Type.Object(
  {
    name: means(
      Name,
      'How uplinks call it. The name of a built-in profile takes the place of that one.',
    ),
    voice: means(
      Type.Integer({ minimum: 1, maximum: 90 }),
      'Percent of the uplink that this class takes at most before all others; what it has beyond waits its turn among them, with the weight of `business`.',
    ),
    business: means(
      Weight,
      'Its weight: what is left is shared by weight among those that want it.',
    ),
    normal: means(Weight, 'The same of what nobody says anything of.'),
    bulk: means(Weight, 'The same of what can wait.'),
  },
  closed,
)

/** How what leaves an uplink is marked outside (DSCP, RFC 2474). */
export const Marks = Type.Union(
  [Type.Literal('class'), Type.Literal('copy'), Type.Literal('none')],
  { title: 'class, copy or none' },
)

export const SegmentLimit = Type.Object(
  {
    up: maybe(Rate, 'What leaves the site by all uplinks together.', 'no limit'),
    down: maybe(Rate, 'What its LANs here get from other sites and from the Internet.', 'no limit'),
  },
  closed,
)

export type Profile = Static<typeof Profile>
export type Marks = Static<typeof Marks>
export type SegmentLimit = Static<typeof SegmentLimit>

export const defaultProfileName = 'balanced'

/** Those that are there without a line of configuration. */
export const builtInProfiles: readonly Profile[] = [
  { name: defaultProfileName, voice: 50, business: 50, normal: 30, bulk: 20 },
  { name: 'voice-first', voice: 80, business: 50, normal: 30, bulk: 20 },
  { name: 'bulk-last', voice: 50, business: 60, normal: 39, bulk: 1 },
]

/** Percent of `down` that what comes from the Internet may take. */
export const defaultInternetPercent = 80
