/** Name and password. Says that they are wrong, never which. */
import { useState } from 'preact/hooks'
import { type CallError, errorOf } from '../../live/call.ts'
import { signIn, wasIdle } from '../../live/session.ts'
import { Button } from '../../part/button.tsx'
import { PasswordField, TextField } from '../../part/field.tsx'
import { Mark } from '../../part/icon.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { frameText } from '../../text/en.ts'
import { signInText } from '../../text/en-sign-in.ts'
import { duration } from '../../text/format.ts'

export function SignIn() {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)

  const submit = async (): Promise<void> => {
    setBusy(true)
    setError(null)
    try {
      await signIn(name.trim(), password)
    } catch (thrown) {
      setError(errorOf(thrown))
      setPassword('')
    } finally {
      setBusy(false)
    }
  }
  return (
    <main class="alone">
      <div class="alone-box">
        <div>
          <p class="mark">
            <Mark />
            <span class="mark-name">{frameText.product}</span>
          </p>
        </div>
        <div>
          <h1>{signInText.title}</h1>
          <p class="quiet">{signInText.about}</p>
        </div>
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault()
            void submit()
          }}
        >
          <TextField
            label={signInText.name}
            name="username"
            value={name}
            onInput={setName}
            autoComplete="username"
            maxLength={63}
          />
          <PasswordField
            label={signInText.password}
            value={password}
            onInput={setPassword}
            autoComplete="current-password"
          />
          {wasIdle.value && error === null && <Notice isLive>{signInText.wasIdle}</Notice>}
          <SignInError error={error} />
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {signInText.submit}
          </Button>
        </form>
      </div>
    </main>
  )
}

function SignInError({ error }: { readonly error: CallError | null }) {
  if (error?.code === 'API_UNAUTHENTICATED') {
    return (
      <Notice tone="bad" isLive>
        {signInText.wrong}
      </Notice>
    )
  }
  if (error?.code === 'API_RATE') {
    const [, seconds] = /in (\d+) s$/.exec(error.message) ?? []
    return (
      <Notice tone="warn" isLive>
        {seconds === undefined ? signInText.tooOften : signInText.locked(duration(Number(seconds)))}
      </Notice>
    )
  }
  return <ErrorNotice error={error} />
}
