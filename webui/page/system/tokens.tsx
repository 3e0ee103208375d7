/** Tokens of programs: made, shown once, ended. */
import { useState } from 'preact/hooks'
import { nameLetters } from '../../../firmware/model/device-config-fields.ts'
import type {
  LocalTokenAnswer,
  LocalTokensAnswer,
} from '../../../firmware/model/local-api-access.ts'
import { type LocalRole, localRoles } from '../../../firmware/model/local-permission.ts'
import { isName } from '../../config/rule.ts'
import type { Answered } from '../../live/answer.ts'
import { call } from '../../live/call.ts'
import { may } from '../../live/session.ts'
import { useAction } from '../../part/action.ts'
import { Answer } from '../../part/answer.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Dialog } from '../../part/dialog.tsx'
import { Empty } from '../../part/empty.tsx'
import { NumberField, SelectField, TextField } from '../../part/field.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { Table } from '../../part/table.tsx'
import { showToast } from '../../part/toast.tsx'
import { frameText } from '../../text/en.ts'
import { peopleText } from '../../text/en-people.ts'
import { duration } from '../../text/format.ts'

const text = peopleText.tokens

export function Tokens({ tokens }: { readonly tokens: Answered<LocalTokensAnswer> }) {
  const [isOpen, setOpen] = useState(false)
  const action = useAction()
  const revoke = async (id: string, label: string): Promise<void> => {
    const work = () => call('POST', `/tokens/${id}/revoke`)
    if (await action.run(work)) showToast(text.revoked(label))
    tokens.reload()
  }
  return (
    <Card
      title={text.title}
      about={text.about}
      isFlush
      actions={
        may('user.write') && (
          <Button icon="plus" onClick={() => setOpen(true)}>
            {text.add}
          </Button>
        )
      }
    >
      <ErrorNotice error={action.error} />
      <Answer of={tokens}>
        {(told) => (
          <Table
            caption={text.title}
            columns={[
              { head: text.columns.label, cell: ({ label }) => label, isRowHead: true },
              { head: text.columns.role, cell: ({ role }) => frameText.roles[role] },
              { head: text.columns.by, cell: ({ by }) => by },
              { head: text.columns.ends, cell: ({ expiresMs }) => leftText(expiresMs) },
              {
                head: peopleText.users.actions,
                isUnseenHead: true,
                cell: ({ id, label }) => (
                  <span class="actions row-actions">
                    <Button isSmall onClick={() => void revoke(id, label)}>
                      {text.revoke}
                      <span class="unseen">{text.revokeOf(label)}</span>
                    </Button>
                  </span>
                ),
              },
            ]}
            rows={told.tokens}
            keyOf={({ id }) => id}
            empty={
              <Empty icon="key" title={text.none}>
                <p>{text.noneAbout}</p>
              </Empty>
            }
          />
        )}
      </Answer>
      <NewToken isOpen={isOpen} onMade={tokens.reload} onClose={() => setOpen(false)} />
    </Card>
  )
}

function leftText(expiresMs: number): string {
  const seconds = (expiresMs - Date.now()) / 1000
  return seconds <= 0 ? text.over : duration(seconds)
}

interface NewTokenProps {
  readonly isOpen: boolean
  readonly onMade: () => void
  readonly onClose: () => void
}

function NewToken({ isOpen, onMade, onClose }: NewTokenProps) {
  const [label, setLabel] = useState('')
  const [role, setRole] = useState<LocalRole>('viewer')
  const [days, setDays] = useState<number | null>(90)
  const [made, setMade] = useState<string | null>(null)
  const [isTried, setTried] = useState(false)
  const action = useAction()
  const badLabel = isName(label) ? null : peopleText.users.badName
  const isDays = days !== null && Number.isInteger(days) && days >= 1 && days <= 366
  const close = (): void => {
    setMade(null)
    setLabel('')
    setTried(false)
    action.clear()
    onClose()
  }
  const make = async (): Promise<void> => {
    setTried(true)
    if (badLabel !== null || !isDays) return
    await action.run(async () => {
      const body = { label, role, days }
      const { token } = await call<LocalTokenAnswer>('POST', '/tokens', { body })
      setMade(token)
      onMade()
    })
  }
  if (made !== null) return <Made isOpen={isOpen} token={made} onClose={close} />
  return (
    <Dialog
      isOpen={isOpen}
      title={text.add}
      onClose={close}
      onSubmit={() => void make()}
      actions={
        <>
          <Button onClick={close}>{peopleText.users.cancel}</Button>
          <Button kind="primary" type="submit" isBusy={action.isBusy}>
            {text.make}
          </Button>
        </>
      }
    >
      <TextField
        label={text.label}
        help={peopleText.users.nameHelp}
        value={label}
        onInput={setLabel}
        maxLength={nameLetters}
        error={isTried ? badLabel : null}
      />
      <SelectField
        label={text.role}
        value={role}
        options={localRoles.map((one) => [one, peopleText.users.roles[one]] as const)}
        onInput={setRole}
      />
      <NumberField
        label={text.days}
        value={days}
        onInput={setDays}
        min={1}
        max={366}
        error={isTried && !isDays ? text.dayError : null}
      />
      <ErrorNotice error={action.error} />
    </Dialog>
  )
}

interface MadeProps {
  readonly isOpen: boolean
  readonly token: string
  readonly onClose: () => void
}

function Made({ isOpen, token, onClose }: MadeProps) {
  return (
    <Dialog
      isOpen={isOpen}
      title={text.madeTitle}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          {text.done}
        </Button>
      }
    >
      <p>{text.madeAbout}</p>
      <TextField label={text.token} value={token} onInput={() => {}} isMono />
    </Dialog>
  )
}
