/** Shows why the last change was taken back, until somebody has read it. */
import { draft } from '../live/draft.ts'
import { takenBack } from '../live/fate.ts'
import { Button } from '../part/button.tsx'
import { Notice } from '../part/notice.tsx'
import { fateText as text } from '../text/en-draft.ts'
import { sentence } from '../text/format.ts'

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
