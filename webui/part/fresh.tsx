/** Asks for the password once more where the box wants it typed of late: for users, keys, updates, and what cannot be undone. */
import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import { CallFailure, errorOf } from '../live/call.ts'
import { refresh } from '../live/session.ts'
import { partText } from '../text/en.ts'
import { sentence } from '../text/format.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { PasswordField } from './field.tsx'

/** Null: nobody is asked. True: it was typed; false: somebody thought better of it. */
const asked = signal<((isTyped: boolean) => void) | null>(null)

/** Does it; when the box wants the password first, asks for that and does it again. @throws what the action throws */
export async function withFresh<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action()
  } catch (thrown) {
    if (!(thrown instanceof CallFailure) || !isStale(thrown)) throw thrown
    const isTyped = await new Promise<boolean>((resolve) => {
      asked.value = resolve
    })
    if (!isTyped) throw thrown
    return action()
  }
}

function isStale({ answer }: CallFailure): boolean {
  return answer.code === 'API_NOT_FRESH'
}

export function FreshDialog() {
  const [password, setPassword] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const text = partText.fresh
  const end = (isTyped: boolean): void => {
    asked.value?.(isTyped)
    asked.value = null
    setPassword('')
    setError(null)
  }
  const submit = async (): Promise<void> => {
    setBusy(true)
    try {
      await refresh(password)
      end(true)
    } catch (thrown) {
      const { code, message } = errorOf(thrown)
      setError(code === 'API_UNAUTHENTICATED' ? text.wrong : sentence(message))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      isOpen={asked.value !== null}
      title={text.title}
      onClose={() => end(false)}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onClick={() => end(false)}>{text.cancel}</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {text.submit}
          </Button>
        </>
      }
    >
      <p>{text.text}</p>
      <PasswordField
        label={text.password}
        value={password}
        onInput={setPassword}
        error={error}
        autoComplete="current-password"
      />
    </Dialog>
  )
}
