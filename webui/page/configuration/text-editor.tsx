/** The text of the configuration in a field, with what is wrong in which line as somebody types. */

import { useMemo, useRef } from 'preact/hooks'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import { beginDraft } from '../../config/draft.ts'
import { withText } from '../../config/draft-edit.ts'
import { type Problem, problemsOf } from '../../config/problems.ts'
import { useDeferred } from '../../live/deferred.ts'
import { draft, isReviewing } from '../../live/draft.ts'
import { may } from '../../live/session.ts'
import { status } from '../../live/status.ts'
import { Button } from '../../part/button.tsx'
import { discardDraft } from '../../part/discard.ts'
import { Field } from '../../part/field.tsx'
import { Notice } from '../../part/notice.tsx'
import { configText } from '../../text/en-config.ts'
import { configurationText as text } from '../../text/en-configuration.ts'
import { sentence } from '../../text/format.ts'

export function TextEditor({ answer }: { readonly answer: ConfigAnswer }) {
  const area = useRef<HTMLTextAreaElement>(null)
  const mine = draft.value
  const shown = mine?.text ?? answer.text
  const settled = useDeferred(shown)
  const problems = useMemo(() => problemsOf(settled), [settled])
  const isPending = (status.value?.pendingChange ?? null) !== null
  const mayEdit = may('config.write') && !isPending
  return (
    <div class="text-edit">
      {!may('config.write') && <Notice>{text.readOnly}</Notice>}
      {may('config.write') && isPending && <Notice>{configText.waits}</Notice>}
      <Field label={text.label} help={text.help}>
        {(attributes) => (
          <textarea
            {...attributes}
            ref={area}
            class="input"
            value={shown}
            readOnly={!mayEdit}
            spellcheck={false}
            autocapitalize="none"
            autocomplete="off"
            wrap="off"
            onInput={({ currentTarget: { value } }) => {
              const before = draft.peek() ?? beginDraft(answer)
              draft.value = value === before.base ? null : withText(before, value)
            }}
          />
        )}
      </Field>
      <div role="status">
        {problems.length === 0 ? (
          <p class="quiet">{text.sound}</p>
        ) : (
          <Lines
            problems={problems}
            onFollow={(line) => area.current !== null && select(area.current, line)}
          />
        )}
      </div>
      {mine !== null && mayEdit && (
        <p class="actions">
          <Button onClick={discardDraft}>{text.startOver}</Button>
          <Button
            kind="primary"
            isDisabled={problems.length > 0}
            onClick={() => {
              isReviewing.value = true
            }}
          >
            {text.review}
          </Button>
        </p>
      )}
    </div>
  )
}

interface LinesProps {
  readonly problems: readonly Problem[]
  readonly onFollow: (line: number) => void
}

function Lines({ problems, onFollow }: LinesProps) {
  return (
    <Notice tone="bad" title={text.problems(problems.length)}>
      <ul class="text-problems">
        {problems.slice(0, 20).map(({ code, path, message, line }) => (
          <li key={`${code} ${path} ${message}`}>
            {line === null ? (
              <span />
            ) : (
              <button type="button" onClick={() => onFollow(line)}>
                {text.line(line)}
              </button>
            )}
            <span>
              {path !== '' && <code>{path}</code>} {sentence(message)}
            </span>
          </li>
        ))}
      </ul>
    </Notice>
  )
}

/** Shows a line and marks it. */
function select(area: HTMLTextAreaElement, line: number): void {
  const lines = area.value.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  area.focus()
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
  const lineHeight = area.scrollHeight / Math.max(lines.length, 1)
  area.scrollTop = Math.max(0, (line - 4) * lineHeight)
}
