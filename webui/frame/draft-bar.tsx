/** Changes that are not applied yet, whatever the page: how many, and the way to their review, which is loaded when it is opened. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { draft, isReviewing } from '../live/draft.ts'
import { may } from '../live/session.ts'
import { status } from '../live/status.ts'
import { Button } from '../part/button.tsx'
import { discardDraft } from '../part/discard.ts'
import { showToast } from '../part/toast.tsx'
import { frameText } from '../text/en.ts'
import { draftText as text } from '../text/en-draft.ts'
import './draft-bar.css'

export function DraftBar() {
  const mine = draft.value
  const isPending = (status.value?.pendingChange ?? null) !== null
  const isShown = mine !== null && mine.revision === null && !isPending && may('config.write')
  return (
    <>
      {isShown && (
        <section class="draft-bar" aria-label={text.title}>
          <p role="status">{text.bar(mine.count)}</p>
          <Button isSmall onClick={discardDraft}>
            {text.discard}
          </Button>
          <Button
            kind="primary"
            isSmall
            onClick={() => {
              isReviewing.value = true
            }}
          >
            {text.review}
          </Button>
        </section>
      )}
      {isReviewing.value && <LoadedReview />}
    </>
  )
}

let loaded: ComponentType | null = null

function LoadedReview() {
  const [Review, setReview] = useState<ComponentType | null>(() => loaded)
  useEffect(() => {
    if (Review !== null) return
    import('../page/review/review.tsx').then(
      (module) => {
        loaded = module.Review
        setReview(() => loaded)
      },
      () => {
        isReviewing.value = false
        showToast(frameText.failed.title, 'bad')
      },
    )
  }, [])
  return Review === null ? null : <Review />
}
