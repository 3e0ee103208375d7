/** One dialog for what is done to a user: made, given another role or password, removed. */
import { useEffect, useState } from 'preact/hooks'
import { nameLetters } from '../../../firmware/model/device-config-fields.ts'
import { type LocalRole, localRoles } from '../../../firmware/model/local-permission.ts'
import { secretAskMs as timeoutMs } from '../../../firmware/model/upkeep-limits.ts'
import { passwordCharacters } from '../../../firmware/model/user.ts'
import { isName } from '../../config/rule.ts'
import { call } from '../../live/call.ts'
import { type Action, useAction } from '../../part/action.ts'
import { Button } from '../../part/button.tsx'
import { Dialog } from '../../part/dialog.tsx'
import { PasswordField, SelectField, TextField } from '../../part/field.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { showToast } from '../../part/toast.tsx'
import { peopleText } from '../../text/en-people.ts'

export interface Asked {
  readonly what: 'add' | 'role' | 'password' | 'remove'
  readonly name: string
  readonly role: LocalRole
}

export interface UserDialogProps {
  /** Null: it is closed. */
  readonly asked: Asked | null
  readonly onChange: () => void
  readonly onClose: () => void
}

const text = peopleText.users

export function UserDialog({ asked, onChange, onClose }: UserDialogProps) {
  const action = useAction()
  // What it showed last stays while it closes.
  const [last, setLast] = useState<Asked | null>(null)
  useEffect(() => {
    action.clear()
    if (asked !== null) setLast(asked)
  }, [asked])
  const done = (said: string): void => {
    showToast(said)
    onChange()
    onClose()
  }
  const shown = asked ?? last
  if (shown === null) return null
  const parts = { shown, isOpen: asked !== null, action, done, onClose }
  return <Form key={`${shown.what} ${shown.name}`} {...parts} />
}

interface FormProps {
  readonly shown: Asked
  readonly isOpen: boolean
  readonly action: Action
  readonly done: (said: string) => void
  readonly onClose: () => void
}

function Form({ shown, isOpen, action, done, onClose }: FormProps) {
  const { what } = shown
  const [name, setName] = useState(shown.name)
  const [role, setRole] = useState<LocalRole>(shown.role)
  const [password, setPassword] = useState('')
  const [isTried, setTried] = useState(false)
  const badName = what === 'add' && !isName(name) ? text.badName : null
  const asksPassword = what === 'add' || what === 'password'
  const short = asksPassword && password.length < passwordCharacters.least ? text.short : null
  const submit = async (): Promise<void> => {
    setTried(true)
    if (badName !== null || short !== null || action.isBusy) return
    const { path, body, said } = requestOf(what, { name, role, password })
    if (!(await action.run(() => call('POST', path, { body, timeoutMs })))) return
    setPassword('')
    setTried(false)
    done(said)
  }
  const titles = {
    add: text.addTitle,
    role: text.roleTitle(name),
    password: text.passwordTitle(name),
    remove: text.removeTitle(name),
  }
  return (
    <Dialog
      isOpen={isOpen}
      title={titles[what]}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button
            kind={what === 'remove' ? 'danger' : 'primary'}
            type="submit"
            isBusy={action.isBusy}
          >
            {what === 'remove' ? text.remove : text.save}
          </Button>
        </>
      }
    >
      {what === 'remove' && <p>{text.removeAbout}</p>}
      {what === 'password' && <p>{text.passwordAbout}</p>}
      {what === 'add' && (
        <TextField
          label={text.name}
          help={text.nameHelp}
          value={name}
          onInput={setName}
          maxLength={nameLetters}
          error={isTried ? badName : null}
        />
      )}
      {(what === 'add' || what === 'role') && (
        <SelectField
          label={text.role}
          value={role}
          options={localRoles.map((one) => [one, text.roles[one]] as const)}
          onInput={setRole}
        />
      )}
      {asksPassword && (
        <PasswordField
          label={text.newPassword}
          help={text.passwordHelp}
          value={password}
          onInput={setPassword}
          autoComplete="new-password"
          error={isTried ? short : null}
        />
      )}
      <ErrorNotice error={action.error} />
    </Dialog>
  )
}

interface Filled {
  readonly name: string
  readonly role: LocalRole
  readonly password: string
}

function requestOf(what: Asked['what'], { name, role, password }: Filled) {
  const of = `/users/${encodeURIComponent(name)}`
  switch (what) {
    case 'add':
      return { path: '/users', body: { name, role, password }, said: text.added(name) }
    case 'role':
      return { path: `${of}/role`, body: { role }, said: text.changed(name) }
    case 'password':
      return { path: `${of}/password`, body: { password }, said: text.passwordSet(name) }
    case 'remove':
      return { path: `${of}/remove`, body: undefined, said: text.removed(name) }
  }
}
