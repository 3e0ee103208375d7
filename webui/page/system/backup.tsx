/** Backups: one is made here, and saved; how one comes back is restore.tsx's. */
import { useState } from 'preact/hooks'
import { leastPassphrase, secretAskMs as timeoutMs } from '../../../firmware/model/upkeep-limits.ts'
import { callForBlob } from '../../live/call.ts'
import { saveFile } from '../../live/file.ts'
import { status } from '../../live/status.ts'
import { useAction } from '../../part/action.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { PasswordField, SwitchField } from '../../part/field.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { showToast } from '../../part/toast.tsx'
import { backupText } from '../../text/en-upkeep.ts'
import { Restore } from './restore.tsx'

const text = backupText.make

export function Backup() {
  return (
    <>
      <Make />
      <Restore />
    </>
  )
}

function Make() {
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [withIdentity, setIdentity] = useState(false)
  const [isTried, setTried] = useState(false)
  const action = useAction()
  const short = passphrase.length < leastPassphrase ? text.short : null
  const differs = again === passphrase ? null : text.differs
  const make = async (): Promise<void> => {
    setTried(true)
    if (short !== null || differs !== null) return
    const isMade = await action.run(async () => {
      const body = { passphrase, withIdentity }
      const file = await callForBlob('POST', '/backup', { body, timeoutMs })
      const day = new Date().toISOString().slice(0, 10)
      saveFile(file, text.file(status.peek()?.site ?? 'box', day))
    })
    if (!isMade) return
    showToast(text.saved)
    setPassphrase('')
    setAgain('')
    setTried(false)
  }
  return (
    <Card title={text.title} about={text.about}>
      <form
        class="form system-form"
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        <PasswordField
          label={text.passphrase}
          help={text.passphraseHelp}
          value={passphrase}
          onInput={setPassphrase}
          autoComplete="new-password"
          error={isTried ? short : null}
        />
        <PasswordField
          label={text.again}
          value={again}
          onInput={setAgain}
          autoComplete="new-password"
          error={isTried && short === null ? differs : null}
        />
        <SwitchField
          label={text.identity}
          help={text.identityHelp}
          value={withIdentity}
          onInput={setIdentity}
        />
        <ErrorNotice error={action.error} />
        <div class="actions">
          <Button kind="primary" type="submit" icon="download" isBusy={action.isBusy}>
            {text.submit}
          </Button>
        </div>
      </form>
    </Card>
  )
}
