/** A change that runs on trial: it is kept by whoever sees that it works, else it goes by itself. */
import { useState } from 'preact/hooks'
import type { PendingChange } from '../../../firmware/model/local-api-config.ts'
import { call, errorOf } from '../../live/call.ts'
import { readStatus } from '../../live/live.ts'
import { statusAtMs } from '../../live/status.ts'
import { Button } from '../../part/button.tsx'
import { Countdown } from '../../part/countdown.tsx'
import { Notice } from '../../part/notice.tsx'
import { showToast } from '../../part/toast.tsx'
import { firstRunText } from '../../text/en-first-run.ts'
import { sentence } from '../../text/format.ts'

const text = firstRunText.internet

export interface TrialProps {
  readonly change: PendingChange
  readonly onEnd: () => void
}

export function Trial({ change, onEnd }: TrialProps) {
  const [isBusy, setBusy] = useState(false)
  const end = async (how: 'confirm' | 'rollback'): Promise<void> => {
    setBusy(true)
    try {
      await call('POST', `/config/${how}`)
    } catch (thrown) {
      showToast(sentence(errorOf(thrown).message), 'bad')
    } finally {
      setBusy(false)
      await readStatus()
      if (how === 'rollback') onEnd()
    }
  }
  if (change.phase !== 'waiting') return <Notice isLive>{text.applying}</Notice>
  return (
    <Notice
      tone="warn"
      isLive
      actions={
        <>
          <Button isSmall isBusy={isBusy} onClick={() => void end('rollback')}>
            {text.takeBack}
          </Button>
          <Button kind="primary" isSmall isBusy={isBusy} onClick={() => void end('confirm')}>
            {text.keep}
          </Button>
        </>
      }
    >
      {text.trial}{' '}
      <Countdown
        key={change.revision}
        seconds={change.remainingSeconds}
        atMs={statusAtMs.value}
        tone="warn"
      />
    </Notice>
  )
}
