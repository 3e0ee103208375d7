/** What edits make of a draft, and what it is handed in as. Pure. */
import { type Difference, diffConfigs } from '../../firmware/model/config-diff.ts'
import type { Draft } from './draft.ts'
import type { Edit } from './edit.ts'
import { editedAll, valueOfText } from './text.ts'

export function withEdits(draft: Draft, edits: readonly Edit[]): Draft {
  return withText(draft, editedAll(draft.text, edits))
}

/** As somebody typed it. */
export function withText(draft: Draft, text: string): Draft {
  const changed = { ...draft, text }
  return { ...changed, count: changesOf(changed)?.length ?? 1 }
}

/** By field, without the revision, which is counted up for whoever applies. Null: the text is no YAML. */
export function changesOf({
  base,
  text,
}: Pick<Draft, 'base' | 'text'>): readonly Difference[] | null {
  if (base === text) return []
  const after = valueOfText(text)
  if (after === undefined) return null
  return diffConfigs(valueOfText(base), after).filter(({ path }) => path !== '/revision')
}

/** With the revision that it is to be applied under. */
export function handedIn({ text }: Pick<Draft, 'text'>, revision: number): string {
  return editedAll(text, [{ kind: 'set', at: ['revision'], value: revision }])
}
