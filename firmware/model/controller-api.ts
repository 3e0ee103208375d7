/** What a controller's API takes and tells: schemas of bodies and answers, for its server, its OpenAPI document and `causeway ctl`. */
import Type, { type Static } from 'typebox'
import { Name } from './device-config-fields.ts'
import { closed } from './device-config-words.ts'
import { KeyKeeping } from './ztp.ts'

/** Of documents at once: some thousand sites. */
export const fleetBodyBytes = 16 * 1024 * 1024

export const TenantParams = Type.Object({ tenant: Name }, closed)

export const FleetBody = Type.Object(
  {
    documents: Type.Array(Type.Unknown(), { maxItems: 8_192 }),
    /** What is not among them is taken away. */
    isWhole: Type.Boolean(),
    /** Of a plan: only what it said is done. */
    digest: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  },
  closed,
)

const Problem = Type.Object({
  code: Type.String(),
  message: Type.String(),
  document: Type.String(),
  path: Type.Optional(Type.String()),
})

export const FleetChange = Type.Object({
  documents: Type.Array(
    Type.Object({
      document: Type.String(),
      action: Type.Union([Type.Literal('add'), Type.Literal('change'), Type.Literal('remove')]),
    }),
  ),
  sites: Type.Array(
    Type.Object({
      site: Type.String(),
      differences: Type.Array(
        Type.Object({
          path: Type.String(),
          before: Type.Optional(Type.Unknown()),
          after: Type.Optional(Type.Unknown()),
        }),
      ),
      /** Id of the box that stands there, where the site is taken away: it goes on with what it has. */
      leftBox: Type.Optional(Type.String()),
    }),
  ),
  problems: Type.Array(Problem),
  /** What cannot work in the documents as they will be, and is no reason to refuse them. */
  warnings: Type.Array(
    Type.Object({ message: Type.String(), document: Type.String(), path: Type.String() }),
  ),
  digest: Type.String(),
})

export const FleetAnswer = Type.Object({
  documents: Type.Array(Type.Unknown()),
  problems: Type.Array(Problem),
})

export const EdgeAnswer = Type.Object({
  edges: Type.Array(
    Type.Object({
      deviceId: Type.String(),
      site: Type.String(),
      /** A document has its site: without one it is told nothing new. */
      isPlaced: Type.Boolean(),
      isUp: Type.Boolean(),
      /** Of its last configuration that was published; 0: none. */
      published: Type.Integer(),
      /** Of the one that it runs, as far as it has said; 0: none. */
      runs: Type.Integer(),
      /** Why it refused the last one; null: it did not. */
      refusal: Type.Union([
        Type.Null(),
        Type.Object({ code: Type.String(), message: Type.String() }),
      ]),
      firmware: Type.String(),
      /** How it says that it is; null: it has no link, or has not said it yet. */
      health: Type.Union([
        Type.Null(),
        Type.Object({
          isHealthy: Type.Boolean(),
          /** The worst first, 16 at most. */
          problems: Type.Array(Type.String()),
          peersUp: Type.Integer(),
          peers: Type.Integer(),
          /** For so long it has been as well or as unwell, as far as this link has told. */
          sinceMs: Type.Integer(),
        }),
      ]),
    }),
  ),
})

/** A device's id, or the first digits that its page shows. */
const DevicePart = Type.String({ pattern: '^[0-9a-f]{8,64}$' })

export const ClaimBody = Type.Object(
  {
    device: DevicePart,
    /** What its page shows; left out: a box that has the owner's root, by its whole id. */
    code: Type.Optional(Type.String({ maxLength: 32 })),
    site: Name,
    /** The box that stands there is released. */
    isReplacement: Type.Optional(Type.Boolean()),
    /** It is meant for a site that there is no document of yet. */
    isAhead: Type.Optional(Type.Boolean()),
  },
  closed,
)
export const MoveBody = Type.Object(
  { device: DevicePart, site: Name, isAhead: Type.Optional(Type.Boolean()) },
  closed,
)
export const MoveAnswer = Type.Object({
  deviceId: Type.String(),
  from: Type.String(),
  site: Type.String(),
})
export const UnlockBody = Type.Object({ device: DevicePart }, closed)
export const UnlockAnswer = Type.Object({ deviceId: Type.String() })
export const ReleaseAnswer = Type.Object({
  deviceId: Type.String(),
  site: Type.String(),
  /** Signed: whoever has the box may show it this, and it is anybody's. */
  release: Type.String(),
})

export const ClaimAnswer = Type.Object({
  deviceId: Type.String(),
  /** There is a document of this site. */
  isSiteKnown: Type.Boolean(),
  /** What stood there before, and was released. */
  released: Type.Array(ReleaseAnswer),
})

/** Boxes that show a code and wait for somebody who types it; what they show is nowhere in here. */
export const WaitingAnswer = Type.Object({
  devices: Type.Array(
    Type.Object({
      /** Its first eight digits; to those who may claim for all tenants, the whole. */
      deviceId: Type.String(),
      keeping: KeyKeeping,
      /** RFC 3339: until then the code that it shows now is good. */
      until: Type.String(),
      state: Type.Union([
        Type.Literal('calls'),
        Type.Literal('shows-code'),
        Type.Literal('claimed'),
        Type.Literal('locked'),
      ]),
      wrongCodes: Type.Integer(),
    }),
  ),
})

export const ReleaseBody = Type.Object({ device: DevicePart }, closed)

export const IpamAnswer = Type.Object({
  pools: Type.Array(
    Type.Object({
      name: Type.String(),
      prefix: Type.String(),
      bits: Type.Integer(),
      /** Segments whose LANs get their networks from it. */
      segments: Type.Array(Type.String()),
      /** Networks of `bits`: given to LANs, kept for LANs that are no more, written by hand inside it, and in all. */
      used: Type.Integer(),
      kept: Type.Integer(),
      byHand: Type.Integer(),
      total: Type.Number(),
      /** The next one that a LAN would get; null: it is full. */
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  networks: Type.Array(
    Type.Object({
      prefix: Type.String(),
      site: Type.String(),
      lan: Type.String(),
      segment: Type.Union([Type.String(), Type.Null()]),
      /** Null: somebody wrote it into the site's document. */
      pool: Type.Union([Type.String(), Type.Null()]),
      /** The LAN is no more; what it had is kept for it. */
      isGone: Type.Boolean(),
    }),
  ),
  vnis: Type.Array(
    Type.Object({ segment: Type.String(), vni: Type.Integer(), isGiven: Type.Boolean() }),
  ),
  overlaps: Type.Array(
    Type.Object({
      prefix: Type.String(),
      holder: Type.String(),
      other: Type.String(),
      otherPrefix: Type.String(),
      /** A network of the same size that nobody has; null: no pool has room. */
      free: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
})

export type FleetBody = Static<typeof FleetBody>
export type FleetChange = Static<typeof FleetChange>
export type FleetAnswer = Static<typeof FleetAnswer>
export type EdgeAnswer = Static<typeof EdgeAnswer>
export type ClaimBody = Static<typeof ClaimBody>
export type MoveBody = Static<typeof MoveBody>
export type MoveAnswer = Static<typeof MoveAnswer>
export type UnlockBody = Static<typeof UnlockBody>
export type UnlockAnswer = Static<typeof UnlockAnswer>
export type ClaimAnswer = Static<typeof ClaimAnswer>
export type WaitingAnswer = Static<typeof WaitingAnswer>
export type ReleaseBody = Static<typeof ReleaseBody>
export type ReleaseAnswer = Static<typeof ReleaseAnswer>
export type IpamAnswer = Static<typeof IpamAnswer>
