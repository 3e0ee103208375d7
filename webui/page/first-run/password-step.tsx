/** The first user and their password. */
import { useState } from 'preact/hooks'
import { nameLetters } from '../../../firmware/model/device-config-fields.ts'
import { passwordCharacters } from '../../../firmware/model/user.ts'
import { isName } from '../../config/rule.ts'
import { type CallError, errorOf } from '../../live/call.ts'
import { goTo } from '../../live/route.ts'
import { makeFirst } from '../../live/session.ts'
import { Button } from '../../part/button.tsx'
import { PasswordField, TextField } from '../../part/field.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { Words } from '../../part/words.tsx'
import { firstRunText } from '../../text/en-first-run.ts'
import { passwordFault } from './password-rule.ts'
import { StepHead } from './step-head.tsx'

export interface PasswordStepProps {
  readonly needsCode: boolean
  readonly onDone: () => void
}

const text = firstRunText.password

export function PasswordStep({ needsCode, onDone }: PasswordStepProps) {
  const [name, setName] = useState('admin')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [isTried, setTried] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)
  const isCodeWrong = error?.code === 'API_SETUP_CODE'
  const fault = passwordFault(password, name)

  const submit = async (): Promise<void> => {
    setTried(true)
    if (fault !== null || !isName(name)) return
    setBusy(true)
    setError(null)
    // Before the session is there: the frame would show in between.
    goTo('set-up')
    try {
      await makeFirst(name, password, needsCode ? code.trim() : null)
      onDone()
    } catch (thrown) {
      setError(errorOf(thrown))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <StepHead title={text.title} about={text.about} />
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        {needsCode && (
          <TextField
            label={text.code}
            help={<Words text={text.codeHelp} />}
            error={isCodeWrong ? text.codeWrong : null}
            value={code}
            onInput={setCode}
            isMono
          />
        )}
        <TextField
          label={text.name}
          help={text.nameHelp}
          error={isName(name) ? null : text.nameError}
          name="username"
          autoComplete="username"
          value={name}
          onInput={setName}
          maxLength={nameLetters}
        />
        <PasswordField
          label={text.password}
          help={text.passwordHelp}
          error={
            fault !== null && (isTried || password.length >= passwordCharacters.least)
              ? fault
              : null
          }
          value={password}
          onInput={setPassword}
          autoComplete="new-password"
        />
        {!isCodeWrong && <ErrorNotice error={error} />}
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {text.submit}
        </Button>
      </form>
    </>
  )
}
