/**
 * Changes that somebody has made on the pages and not kept yet: the text that they began with and the text as it is now. Kept as
 * long as the tab is open; nobody else sees them. Knows nothing of YAML (draft-edit.ts does): the frame has it from the first load.
 */

export interface Draft {
  /** What ran when they began, as the box showed it. */
  readonly base: string
  /** Of the box's own text: tells whether it is still the same. */
  readonly baseSha256: string | null
  readonly text: string
  /** The entry of the history that `text` was made of; null: what ran. */
  readonly basedOn: number | null
  /** Fields that differ. */
  readonly count: number
  /** Under which it was handed in and has not been taken back; null: it was not. */
  readonly revision: number | null
}

export interface Shown {
  readonly text: string
  readonly sha256: string | null
}

export function beginDraft({ text, sha256 }: Shown, basedOn: number | null = null): Draft {
  return { base: text, baseSha256: sha256, text, basedOn, count: 0, revision: null }
}

/** Whether something else runs by now; what runs on trial is the draft's own. */
export function isOutdated({ baseSha256, revision }: Draft, { sha256 }: Shown): boolean {
  return revision === null && baseSha256 !== sha256
}

export function draftToText(draft: Draft): string {
  return JSON.stringify(draft)
}

/** Null: it is no draft. */
export function draftOfText(stored: string | null): Draft | null {
  try {
    const draft = JSON.parse(stored ?? 'null') as Partial<Draft> | null
    if (typeof draft?.base !== 'string' || typeof draft.text !== 'string') return null
    const { base, text, baseSha256 = null, basedOn = null, count = 0, revision = null } = draft
    return { base, text, baseSha256, basedOn, count, revision }
  } catch {
    return null
  }
}
