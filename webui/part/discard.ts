/** Throws the draft away, and offers it back for a while. */
import { discard } from '../live/draft.ts'
import { draftText as text } from '../text/en-draft.ts'
import { showToast } from './toast.tsx'

export function discardDraft(): void {
  const back = discard()
  const onClick = (): void => {
    if (!back()) showToast(text.notBack, 'warn')
  }
  showToast(text.discarded, 'info', { label: text.undo, onClick })
}
