/** What the local API says about configurations: what runs, what waits for a confirm, what ran before. */
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const Revision = Type.Integer({ minimum: 0 })

export const PendingChange = Type.Object(
  {
    revision: Revision,
    phase: Type.Union([
      Type.Literal('applying'),
      /** In place; taken back unless somebody confirms. */
      Type.Literal('waiting'),
      /** Confirmed, and on its way to the disk. */
      Type.Literal('writing'),
    ]),
    /** Until it is taken back. */
    remainingSeconds: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type PendingChange = Static<typeof PendingChange>

const errorParts = {
  code: Type.String({ pattern: '^[A-Z0-9]+(_[A-Z0-9]+)+$' }),
  message: Type.String(),
  /** JSON pointer (RFC 6901). */
  path: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  /** Place in the configuration's text, from 1; both or neither. */
  line: Type.Optional(Type.Integer({ minimum: 1 })),
  column: Type.Optional(Type.Integer({ minimum: 1 })),
}

/** The shape in which errors leave a process; errors.ts. */
export const ErrorPart = Type.Object(errorParts, closed)
/** All errors of a refused document come along. */
export const ErrorAnswer = Type.Object(
  { ...errorParts, errors: Type.Optional(Type.Array(ErrorPart)) },
  closed,
)

export const LastChange = Type.Object(
  {
    revision: Revision,
    result: Type.Union([Type.Literal('confirmed'), Type.Literal('taken-back')]),
    /** Why it was taken back. */
    reason: Type.Optional(ErrorPart),
  },
  closed,
)
export type LastChange = Static<typeof LastChange>

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })

/** The most characters of a configuration's text; its limit in bytes is host/config/parse.ts's. */
const textMaxLength = 1024 * 1024

/** The whole document, as YAML. */
const ConfigText = Type.String({ maxLength: textMaxLength })
/** How long it may wait for its confirm, applying included; 0: it needs none. */
const ConfirmSeconds = Type.Integer({ minimum: 0, maximum: 120 })
/** The entry of the history that the text was made of: hidden secrets are its. Absent: they are those of what runs. */
const basedOn = Type.Optional(Type.Integer({ minimum: 1 }))

export const ApplyRequest = Type.Object(
  {
    text: ConfigText,
    confirmSeconds: ConfirmSeconds,
    basedOn,
  },
  closed,
)
export type ApplyRequest = Static<typeof ApplyRequest>

/** Of an entry of the history, which runs again under the next revision. */
export const ApplyEntryRequest = Type.Object({ confirmSeconds: ConfirmSeconds }, closed)
export type ApplyEntryRequest = Static<typeof ApplyEntryRequest>

export const CheckRequest = Type.Object({ text: ConfigText, basedOn }, closed)
export type CheckRequest = Static<typeof CheckRequest>

export const ConfigDifference = Type.Object(
  {
    /** `/peers/lisbon/endpoints`: like a JSON pointer, with names for indices where there are names. */
    path: Type.String(),
    /** Absent: it was not there. Secrets are hidden. */
    before: Type.Optional(Type.Unknown()),
    /** Absent: it is not there any more. */
    after: Type.Optional(Type.Unknown()),
  },
  closed,
)
export type ConfigDifference = Static<typeof ConfigDifference>

export const mostDifferences = 1000

/** What `apply` would say, without doing anything. */
export const CheckAnswer = Type.Object(
  {
    /** Why it would be refused; empty if it would not. */
    problems: Type.Array(ErrorPart),
    /** What it would do to no good, in sentences. */
    warnings: Type.Array(Type.String()),
    /** From what runs to this; empty where it is refused. */
    differences: Type.Array(ConfigDifference, { maxItems: mostDifferences }),
    /** All of them, with those that have no room here. */
    differenceCount: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type CheckAnswer = Static<typeof CheckAnswer>

/** The state of the change that was asked for, once that is done. */
export const ChangeAnswer = Type.Object(
  {
    /** Of the configuration that runs now; null when there is none. */
    revision: Type.Union([Revision, Type.Null()]),
    pendingChange: Type.Union([PendingChange, Type.Null()]),
  },
  closed,
)
export type ChangeAnswer = Static<typeof ChangeAnswer>

/** What runs. Secrets are hidden. */
export const ConfigAnswer = Type.Object(
  {
    source: Type.String(),
    revision: Type.Union([Revision, Type.Null()]),
    /** Of the text as it was written: tells two texts of one revision apart. */
    sha256: Type.Union([Sha256, Type.Null()]),
    text: Type.String(),
    pendingChange: Type.Union([PendingChange, Type.Null()]),
    /** The lowest that a change may have. */
    nextRevision: Revision,
    /** How the last change ended since the gateway started. */
    lastChange: Type.Union([LastChange, Type.Null()]),
    /** Why device.yaml is not what runs; empty if it is. */
    refusals: Type.Array(ErrorPart),
  },
  closed,
)
export type ConfigAnswer = Static<typeof ConfigAnswer>

const historyParts = {
  /** Grows with every entry; not the revision, which is the author's. */
  number: Type.Integer({ minimum: 1 }),
  revision: Revision,
  /** `edit`: device.yaml as somebody wrote it; `apply`: handed in and confirmed. */
  /** `edit`: of device.yaml; `apply`: by the local API; `controller`: signed by the owner. */
  origin: Type.Union([Type.Literal('edit'), Type.Literal('apply'), Type.Literal('controller')]),
  /** RFC 3339; as right as the box's clock was. */
  savedAt: Type.String(),
  sha256: Sha256,
  /** Of one entry at most: of none while a candidate runs, or where the history could not be written. */
  isRunning: Type.Boolean(),
}

/** Newest first, at most twenty. */
export const HistoryAnswer = Type.Object(
  { entries: Type.Array(Type.Object(historyParts, closed)) },
  closed,
)
export type HistoryAnswer = Static<typeof HistoryAnswer>

export const HistoryEntry = Type.Object({ ...historyParts, text: Type.String() }, closed)
export type HistoryEntry = Static<typeof HistoryEntry>

export const HistoryParams = Type.Object(
  { number: Type.String({ pattern: '^[0-9]{1,8}$' }) },
  closed,
)
export type HistoryParams = Static<typeof HistoryParams>
