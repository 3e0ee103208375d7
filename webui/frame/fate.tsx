/** Why the last change was taken back: it stays until somebody has read it, or begins another. */
import { signal } from '@preact/signals'
import type { ConfigChangeEvent } from '../../firmware/model/local-api-event.ts'
import { draft } from '../live/draft.ts'
import { onEvent } from '../live/live.ts'
import { Button } from '../part/button.tsx'
import { Notice } from '../part/notice.tsx'
import { fateText as text } from '../text/en-draft.ts'
import { sentence } from '../text/format.ts'

const takenBack = signal<ConfigChangeEvent | null>(null)

onEvent((event) => {
  if (event.kind === 'change') takenBack.value = event.step === 'taken-back' ? event : null
})

export function Fate() {
  const fate = takenBack.value
  if (fate === null) return null
  const { revision, reason } = fate
  const detail = reason?.detail === undefined ? '' : ` ${sentence(reason.detail)}`
  return (
    <Notice
      tone="warn"
      title={text.takenBack(revision)}
      isLive
      actions={
        <Button
          isSmall
          onClick={() => {
            takenBack.value = null
          }}
        >
          {text.dismiss}
        </Button>
      }
    >
      {reason !== undefined && text.why(sentence(reason.message) + detail)}{' '}
      {draft.value !== null && text.draftKept}
    </Notice>
  )
}
