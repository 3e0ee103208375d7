/** A backup comes back: chosen and opened, looked into, and only then tried as any other configuration. */
import { useState } from 'preact/hooks'
import type { BackupContents, RestoreAnswer } from '../../../firmware/model/local-api-backup.ts'
import { mostBackupBytes, secretAskMs as timeoutMs } from '../../../firmware/model/upkeep-limits.ts'
import { call } from '../../live/call.ts'
import { base64Of } from '../../live/file.ts'
import { useAction } from '../../part/action.ts'
import { Ask } from '../../part/ask.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { PasswordField, SelectField, SwitchField } from '../../part/field.tsx'
import { FileField } from '../../part/file-field.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { backupText } from '../../text/en-upkeep.ts'

const text = backupText.restore
const restoreMs = 150_000

/** A file that was opened. */
interface Opened {
  readonly file: string
  readonly passphrase: string
  readonly contents: BackupContents
}

export function Restore() {
  const [opened, setOpened] = useState<Opened | null>(null)
  const [done, setDone] = useState<RestoreAnswer | null>(null)
  return (
    <Card title={text.title} about={text.about}>
      <div class="stack">
        {done !== null && (
          <Notice tone="info" isLive>
            {done.isRestarting ? text.restarting : text.tried(done.revision)}
          </Notice>
        )}
        {opened === null ? (
          <Look onOpened={setOpened} />
        ) : (
          <Chosen
            opened={opened}
            onDone={(answer) => {
              setDone(answer)
              setOpened(null)
            }}
            onAgain={() => setOpened(null)}
          />
        )}
      </div>
    </Card>
  )
}

function Look({ onOpened }: { readonly onOpened: (opened: Opened) => void }) {
  const [file, setFile] = useState<File | null>(null)
  const [passphrase, setPassphrase] = useState('')
  const action = useAction()
  const isLarge = file !== null && file.size > mostBackupBytes
  const look = async (): Promise<void> => {
    if (file === null || isLarge) return
    await action.run(async () => {
      const body = { file: await base64Of(file), passphrase }
      const contents = await call<BackupContents>('POST', '/backup/look', { body, timeoutMs })
      onOpened({ ...body, contents })
    })
  }
  return (
    <form
      class="form system-form"
      onSubmit={(event) => {
        event.preventDefault()
        void look()
      }}
    >
      <FileField
        label={text.file}
        accept=".backup"
        error={isLarge ? text.large(mostBackupBytes) : null}
        onChoose={setFile}
      />
      <PasswordField
        label={text.passphrase}
        value={passphrase}
        onInput={setPassphrase}
        autoComplete="current-password"
      />
      <ErrorNotice error={action.error} />
      <div class="actions">
        <Button
          type="submit"
          icon="search"
          isBusy={action.isBusy}
          isDisabled={file === null || isLarge || passphrase === ''}
        >
          {text.look}
        </Button>
      </div>
    </form>
  )
}

interface ChosenProps {
  readonly opened: Opened
  readonly onDone: (answer: RestoreAnswer) => void
  readonly onAgain: () => void
}

const waits = [30, 60, 120] as const

function Chosen({ opened, onDone, onAgain }: ChosenProps) {
  const { file, passphrase, contents } = opened
  const hasAdmin = contents.users.some(({ role }) => role === 'admin')
  const [withUsers, setUsers] = useState(hasAdmin)
  const [withIdentity, setIdentity] = useState(false)
  const [seconds, setSeconds] = useState<string>('60')
  const [isAsked, setAsked] = useState(false)
  const action = useAction()
  const restore = async (): Promise<void> => {
    const body = { file, passphrase, withUsers, withIdentity, confirmSeconds: Number(seconds) }
    await action.run(async () => {
      const answer = await call<RestoreAnswer>('POST', '/backup/restore', {
        ...{ body, timeoutMs: restoreMs },
      })
      onDone(answer)
    })
  }
  return (
    <div class="form">
      <Contents contents={contents} />
      <SwitchField
        label={text.users}
        help={hasAdmin ? text.usersHelp : text.noAdmin}
        value={withUsers}
        isDisabled={!hasAdmin}
        onInput={setUsers}
      />
      {contents.hasIdentity && (
        <SwitchField
          label={text.identity}
          help={text.identityHelp}
          value={withIdentity}
          onInput={setIdentity}
        />
      )}
      {!withIdentity && (
        <div class="system-form">
          <SelectField
            label={text.seconds}
            value={seconds}
            options={waits.map((wait) => [String(wait), text.secondsText(wait)] as const)}
            onInput={setSeconds}
          />
        </div>
      )}
      {!isAsked && <ErrorNotice error={action.error} />}
      <div class="actions">
        <Button
          kind={withIdentity ? 'danger' : 'primary'}
          isBusy={action.isBusy}
          onClick={() => (withIdentity ? setAsked(true) : void restore())}
        >
          {withIdentity ? text.become : text.submit}
        </Button>
        <Button kind="quiet" onClick={onAgain}>
          {text.again}
        </Button>
      </div>
      <Ask
        isOpen={isAsked}
        title={text.becomeTitle}
        text={text.becomeText}
        submit={text.become}
        cancel={text.cancel}
        typed={{ word: contents.site ?? 'box', label: text.typed(contents.site ?? 'box') }}
        isDanger
        isBusy={action.isBusy}
        error={action.error}
        onSubmit={() => void restore()}
        onClose={() => setAsked(false)}
      />
    </div>
  )
}

function Contents({ contents }: { readonly contents: BackupContents }) {
  const { facts } = text
  const { madeAt, firmware, site, deviceId, isOwn, revision, users, hasIdentity } = contents
  const made = new Date(madeAt)
  return (
    <section aria-label={text.contents}>
      <KeyValue
        items={[
          [facts.site, site],
          [facts.made, made.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })],
          [facts.firmware, firmware],
          [facts.revision, revision],
          [facts.box, isOwn ? facts.own : <code key="device">{deviceId.slice(0, 8)}</code>],
          [facts.users, users.map(({ name, role }) => `${name} (${role})`).join(', ')],
          [facts.keys, hasIdentity ? facts.with : facts.without],
        ]}
      />
    </section>
  )
}
