/** Differences in words: of what thing, which field, from what to what. */
import type { ConfigDifference } from '../../../firmware/model/local-api-config.ts'
import { type Told, toldOf } from '../../config/words.ts'
import { configLabels } from '../../text/en-config.ts'
import { draftText as text } from '../../text/en-draft.ts'

export interface ToldListProps {
  readonly differences: readonly ConfigDifference[]
  /** That are not among them. */
  readonly more: number
  /** Else nothing is said of there being none. */
  readonly isKnown: boolean
}

export function ToldList({ differences, more, isKnown }: ToldListProps) {
  if (differences.length === 0) return isKnown ? <p class="quiet">{text.nothing}</p> : null
  return (
    <>
      <ul class="told">
        {differences.map((difference) => (
          <li key={difference.path}>
            <Difference told={toldOf(difference, configLabels)} />
          </li>
        ))}
      </ul>
      {more > 0 && <p class="quiet">{text.more(more)}</p>}
    </>
  )
}

function Difference({
  told: { thing, name, field, kind, before, after },
}: {
  readonly told: Told
}) {
  return (
    <>
      <span>
        {thing} <b>{name}</b>
        {field !== '' && `: ${field}`}
        {field === '' && kind !== 'changed' && (
          <span class="quiet">
            {' '}
            ({kind === 'added' ? text.added : kind === 'removed' ? text.removed : text.order})
          </span>
        )}
      </span>
      <span>
        {before !== '' && <del>{before}</del>}
        {before !== '' && after !== '' && ' → '}
        {after !== '' && <ins>{after}</ins>}
      </span>
    </>
  )
}
