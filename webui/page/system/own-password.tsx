/** Whoever is signed in changes their own password: all their sessions end with the old one. */
import { useState } from 'preact/hooks'
import { secretAskMs as timeoutMs } from '../../../firmware/model/upkeep-limits.ts'
import { passwordCharacters } from '../../../firmware/model/user.ts'
import { call } from '../../live/call.ts'
import { loadSession } from '../../live/session.ts'
import { useAction } from '../../part/action.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { PasswordField } from '../../part/field.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { peopleText } from '../../text/en-people.ts'

const text = peopleText.own

export function OwnPassword() {
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const [isTried, setTried] = useState(false)
  const action = useAction()
  const short = password.length < passwordCharacters.least ? peopleText.users.short : null
  const isWrong = action.error?.code === 'API_UNAUTHENTICATED'
  const change = async (): Promise<void> => {
    setTried(true)
    if (short !== null) return
    const body = { old, password }
    // The session of now has ended with it.
    if (await action.run(() => call('POST', '/password', { body, timeoutMs }))) await loadSession()
  }
  return (
    <Card title={text.title} about={text.about}>
      <form
        class="form system-form"
        onSubmit={(event) => {
          event.preventDefault()
          void change()
        }}
      >
        <PasswordField
          label={text.old}
          value={old}
          onInput={setOld}
          autoComplete="current-password"
          error={isWrong ? text.wrong : null}
        />
        <PasswordField
          label={text.next}
          help={peopleText.users.passwordHelp}
          value={password}
          onInput={setPassword}
          autoComplete="new-password"
          error={isTried ? short : null}
        />
        <ErrorNotice error={isWrong ? null : action.error} />
        <div class="actions">
          <Button type="submit" icon="key" isBusy={action.isBusy} isDisabled={old === ''}>
            {text.save}
          </Button>
        </div>
      </form>
    </Card>
  )
}
