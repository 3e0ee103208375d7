/** Asks whether somebody is still there, before the page signs out: any key says so. */
import { idleAskedMs, idleEndsAtMs } from '../live/idle.ts'
import { Button } from '../part/button.tsx'
import { Countdown } from '../part/countdown.tsx'
import { Dialog } from '../part/dialog.tsx'
import { frameText } from '../text/en.ts'

export function IdleDialog() {
  const { value: endsAtMs } = idleEndsAtMs
  const { title, text, stay } = frameText.idle
  const end = (): void => {
    idleEndsAtMs.value = null
  }
  return (
    <Dialog
      isOpen={endsAtMs !== null}
      title={title}
      onClose={end}
      actions={
        <Button kind="primary" onClick={end}>
          {stay}
        </Button>
      }
    >
      <p>{text}</p>
      {endsAtMs !== null && (
        <Countdown seconds={idleAskedMs / 1000} atMs={endsAtMs - idleAskedMs} tone="warn" />
      )}
    </Dialog>
  )
}
