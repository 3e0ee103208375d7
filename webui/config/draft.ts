/**
 * Changes that somebody has made on the pages and not handed in yet: the text that they began with and the text as it is now.
 * Kept as long as the tab is open; nobody else sees them. Pure.
 */
import { type Difference, diffConfigs } from '../../firmware/model/config-diff.ts'
import type { Edit } from './edit.ts'
import { editedAll, valueOfText } from './text.ts'

export interface Draft {
  /** What ran when they began, as the box showed it. */
  readonly base: string
  /** Of the box's own text: tells whether it is still the same. */
  readonly baseSha256: string | null
  readonly text: string
  /** The entry of the history that `text` was made of; null: what ran. */
  readonly basedOn: number | null
}

export interface Shown {
  readonly text: string
  readonly sha256: string | null
}

export function beginDraft({ text, sha256 }: Shown, basedOn: number | null = null): Draft {
  return { base: text, baseSha256: sha256, text, basedOn }
}

export function withEdits(draft: Draft, edits: readonly Edit[]): Draft {
  return { ...draft, text: editedAll(draft.text, edits) }
}

/** The same changes on what runs now: whoever changed it meanwhile is overruled where they differ. */
export function onTopOf(draft: Draft, { text, sha256 }: Shown): Draft {
  return { ...draft, base: text, baseSha256: sha256 }
}

export function isOutdated({ baseSha256 }: Draft, { sha256 }: Shown): boolean {
  return baseSha256 !== sha256
}

/** By field, without the revision, which is counted up for whoever applies. Null: the text is no YAML. */
export function changesOf({ base, text }: Draft): readonly Difference[] | null {
  if (base === text) return []
  const after = valueOfText(text)
  if (after === undefined) return null
  return diffConfigs(valueOfText(base), after).filter(({ path }) => path !== '/revision')
}

/** With the revision that it is to be applied under. */
export function handedIn({ text }: Draft, revision: number): string {
  return editedAll(text, [{ kind: 'set', at: ['revision'], value: revision }])
}

export function draftToText(draft: Draft): string {
  return JSON.stringify(draft)
}

/** Null: it is no draft. */
export function draftOfText(stored: string | null): Draft | null {
  try {
    const draft = JSON.parse(stored ?? 'null') as Partial<Draft> | null
    const isDraft = typeof draft?.base === 'string' && typeof draft.text === 'string'
    if (!isDraft) return null
    const { base, text, baseSha256 = null, basedOn = null } = draft as Draft
    return { base, text, baseSha256, basedOn }
  } catch {
    return null
  }
}
