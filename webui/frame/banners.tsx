/** What is going on whatever the page: the box does not answer, or a change waits for somebody to keep it. */
import { useState } from 'preact/hooks'
import type { PendingChange } from '../../firmware/model/local-api-config.ts'
import { call, errorOf } from '../live/call.ts'
import { readStatus, stream } from '../live/live.ts'
import { may } from '../live/session.ts'
import { status, statusAtMs } from '../live/status.ts'
import { Button } from '../part/button.tsx'
import { Countdown } from '../part/countdown.tsx'
import { Notice } from '../part/notice.tsx'
import { showToast } from '../part/toast.tsx'
import { frameText } from '../text/en.ts'
import { fateText } from '../text/en-draft.ts'
import { sentence } from '../text/format.ts'
import { Fate } from './fate.tsx'

export function Banners() {
  const pending = status.value?.pendingChange ?? null
  return (
    <div class="banners">
      {stream.value === 'lost' && (
        <Notice tone="bad" title={frameText.lost.title} isLive>
          {frameText.lost.text} {pending !== null && fateText.lostPending(pending.revision)}
        </Notice>
      )}
      {stream.value === 'refused' && (
        <Notice tone="warn" title={frameText.refused.title} isLive>
          {frameText.refused.text}
        </Notice>
      )}
      {pending !== null && <Pending change={pending} />}
      <Fate />
    </div>
  )
}

function Pending({ change }: { readonly change: PendingChange }) {
  const [isBusy, setBusy] = useState(false)
  const text = frameText.pending
  const end = async (how: 'confirm' | 'rollback'): Promise<void> => {
    setBusy(true)
    try {
      await call('POST', `/config/${how}`)
      showToast(how === 'confirm' ? text.kept : text.takenBack)
    } catch (thrown) {
      showToast(sentence(errorOf(thrown).message), 'bad')
    } finally {
      setBusy(false)
      await readStatus()
    }
  }
  if (change.phase !== 'waiting') {
    return (
      <Notice tone="info" isLive isFocusable>
        {text[change.phase](change.revision)}
      </Notice>
    )
  }
  return (
    <Notice
      tone="warn"
      title={text.waiting(change.revision)}
      isLive
      isFocusable
      actions={
        may('config.write') && (
          <>
            <Button isSmall isBusy={isBusy} onClick={() => void end('rollback')}>
              {text.takeBack}
            </Button>
            <Button kind="primary" isSmall isBusy={isBusy} onClick={() => void end('confirm')}>
              {text.keep}
            </Button>
          </>
        )
      }
    >
      {text.waitingText}{' '}
      <Countdown
        key={change.revision}
        seconds={change.remainingSeconds}
        atMs={statusAtMs.value}
        tone="warn"
      />
    </Notice>
  )
}
