/** Who may use the box: users, who of them is signed in, programs' tokens; and everybody's own password. */
import { useState } from 'preact/hooks'
import type {
  LocalTokensAnswer,
  LocalUserStatus,
  LocalUsersAnswer,
  SignedInAnswer,
} from '../../../firmware/model/local-api-access.ts'
import { type Answered, useAnswer } from '../../live/answer.ts'
import { call } from '../../live/call.ts'
import { may, session } from '../../live/session.ts'
import { useAction } from '../../part/action.ts'
import { Answer } from '../../part/answer.tsx'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { Table } from '../../part/table.tsx'
import { showToast } from '../../part/toast.tsx'
import { frameText } from '../../text/en.ts'
import { peopleText } from '../../text/en-people.ts'
import { duration, moment } from '../../text/format.ts'
import { OwnPassword } from './own-password.tsx'
import { Tokens } from './tokens.tsx'
import { type Asked, UserDialog } from './user-dialog.tsx'

const everyMs = 20_000

export function People() {
  const isShown = may('user.read')
  const users = useAnswer<LocalUsersAnswer>(isShown ? '/users' : null, { everyMs })
  const open = useAnswer<SignedInAnswer>(isShown ? '/signed-in' : null, { everyMs })
  const tokens = useAnswer<LocalTokensAnswer>(isShown ? '/tokens' : null, { everyMs })
  return (
    <>
      {isShown && (
        <>
          <Users
            users={users}
            onChange={() => {
              users.reload()
              open.reload()
            }}
          />
          <Sessions open={open} />
          <Tokens tokens={tokens} />
        </>
      )}
      <OwnPassword />
    </>
  )
}

interface UsersProps {
  readonly users: Answered<LocalUsersAnswer>
  readonly onChange: () => void
}

function Users({ users, onChange }: UsersProps) {
  const [asked, setAsked] = useState<Asked | null>(null)
  const text = peopleText.users
  const { value } = session
  const own = value.kind === 'signed-in' ? value.name : ''
  const open = (what: 'role' | 'password' | 'remove', user: LocalUserStatus) => () =>
    setAsked({ what, name: user.name, role: user.role })
  return (
    <Card
      title={text.title}
      about={text.about}
      isFlush
      actions={
        may('user.write') && (
          <Button icon="plus" onClick={() => setAsked({ what: 'add', name: '', role: 'operator' })}>
            {text.add}
          </Button>
        )
      }
    >
      <Answer of={users}>
        {(told) => (
          <Table
            caption={text.title}
            columns={[
              {
                head: text.columns.name,
                isRowHead: true,
                cell: ({ name }) => (
                  <>
                    {name} {name === own && <Badge tone="info">{text.you}</Badge>}
                  </>
                ),
              },
              { head: text.columns.role, cell: ({ role }) => frameText.roles[role] },
              { head: text.columns.sessions, cell: ({ sessions }) => sessions, isNumber: true },
              {
                head: text.columns.password,
                cell: ({ passwordMs }) => moment(new Date(passwordMs), new Date()),
              },
              {
                head: text.actions,
                isUnseenHead: true,
                isWide: true,
                cell: (user) => (
                  <span class="actions row-actions">
                    {(['role', 'password', 'remove'] as const).map((what) => (
                      <Button key={what} isSmall onClick={open(what, user)}>
                        {text[what]}
                        <span class="unseen">{text.of(user.name)}</span>
                      </Button>
                    ))}
                  </span>
                ),
              },
            ]}
            rows={told.users}
            keyOf={({ name }) => name}
          />
        )}
      </Answer>
      <UserDialog asked={asked} onChange={onChange} onClose={() => setAsked(null)} />
    </Card>
  )
}

function Sessions({ open }: { readonly open: Answered<SignedInAnswer> }) {
  const text = peopleText.sessions
  const action = useAction()
  const end = async (id: string, user: string): Promise<void> => {
    if (await action.run(() => call('POST', `/signed-in/${id}/end`))) showToast(text.ended(user))
    open.reload()
  }
  return (
    <Card title={text.title} isFlush>
      <ErrorNotice error={action.error} />
      <Answer of={open}>
        {(told) => (
          <Table
            caption={text.title}
            columns={[
              {
                head: text.columns.user,
                isRowHead: true,
                cell: ({ user, isOwn }) => (
                  <>
                    {user} {isOwn && <Badge tone="info">{text.own}</Badge>}
                  </>
                ),
              },
              { head: text.columns.from, cell: ({ address }) => <code>{address}</code> },
              {
                head: text.columns.since,
                cell: ({ ageSeconds }) => text.ago(duration(ageSeconds)),
              },
              {
                head: text.columns.idle,
                cell: ({ idleSeconds }) => text.ago(duration(idleSeconds)),
              },
              {
                head: peopleText.users.actions,
                isUnseenHead: true,
                cell: ({ id, user, address, isOwn }) =>
                  !isOwn && (
                    <span class="actions row-actions">
                      <Button isSmall onClick={() => void end(id, user)}>
                        {text.end}
                        <span class="unseen">{text.endOf(user, address)}</span>
                      </Button>
                    </span>
                  ),
              },
            ]}
            rows={told.sessions}
            keyOf={({ id }) => id}
          />
        )}
      </Answer>
    </Card>
  )
}
