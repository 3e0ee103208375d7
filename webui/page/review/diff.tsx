/** Two texts line by line: what is gone, what is new, and a little around it. */
import { useMemo } from 'preact/hooks'
import { hunksOf, type Line, lineDiff } from '../../config/line-diff.ts'
import { draftText as text } from '../../text/en-draft.ts'

export interface DiffProps {
  readonly before: string
  readonly after: string
}

const signs = { same: ' ', gone: '−', new: '+' } as const

export function Diff({ before, after }: DiffProps) {
  const hunks = useMemo(() => hunksOf(lineDiff(before, after)), [before, after])
  if (hunks.length === 0) return <p class="quiet">{text.nothing}</p>
  return (
    // It scrolls sideways: by keyboard too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class="diff" tabIndex={0} aria-label={text.inText}>
      {hunks.map((hunk, at) => (
        <Hunk key={hunk[0]!.before ?? `new ${hunk[0]!.after}`} lines={hunk} isFirst={at === 0} />
      ))}
    </section>
  )
}

function Hunk({ lines, isFirst }: { readonly lines: readonly Line[]; readonly isFirst: boolean }) {
  const from = lines[0]!.after ?? lines[0]!.before ?? 1
  return (
    <>
      {(!isFirst || from > 1) && <div class="diff-gap">{text.lines(from)}</div>}
      {lines.map(({ kind, text: line, before, after }) => (
        <div key={`${before} ${after}`} class={kind === 'same' ? '' : `is-${kind}`}>
          <span class="diff-number" aria-hidden="true">
            {after ?? before}
          </span>
          <span class="diff-sign">{signs[kind]}</span>
          {kind === 'gone' ? <del>{line}</del> : kind === 'new' ? <ins>{line}</ins> : line}
        </div>
      ))}
    </>
  )
}
