/** The firmware: which slot runs, what the next restart tries, and an update on its way. */
import { useEffect, useState } from 'preact/hooks'
import type {
  InstallProgress,
  SlotAnswer,
  SlotsAnswer,
} from '../../../firmware/model/local-api-slots.ts'
import { mostInstallMs, mostUpdateBytes } from '../../../firmware/model/upkeep-limits.ts'
import { useAnswer } from '../../live/answer.ts'
import { call } from '../../live/call.ts'
import { may } from '../../live/session.ts'
import { useAction } from '../../part/action.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { FileField } from '../../part/file-field.tsx'
import { Loading } from '../../part/loading.tsx'
import { Meter } from '../../part/meter.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { Table } from '../../part/table.tsx'
import { showToast } from '../../part/toast.tsx'
import { firmwareText } from '../../text/en-upkeep.ts'
import { bytes } from '../../text/format.ts'

const text = firmwareText

export function Firmware() {
  const { value, error, reload } = useAnswer<SlotsAnswer>('/slots', { everyMs: 10_000 })
  const action = useAction()
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  const { isSupported, slots, install } = value
  if (!isSupported) {
    return (
      <Card title={text.title}>
        <Empty icon="box" title={text.none}>
          <p>{text.noneAbout}</p>
        </Empty>
      </Card>
    )
  }
  const running = slots.find(({ isRunning }) => isRunning)
  const act = async (verb: string, said: string): Promise<void> => {
    if (await action.run(() => call('POST', `/slots/${verb}`))) showToast(said)
    reload()
  }
  return (
    <>
      <Card title={text.title} about={text.about} isFlush>
        {running?.state === 'trying' && (
          <div class="card-pad">
            <Notice
              tone="warn"
              title={text.runs(running.version ?? '?')}
              actions={
                may('update') && (
                  <Button
                    kind="primary"
                    isBusy={action.isBusy}
                    onClick={() => void act('good', text.kept)}
                  >
                    {text.good}
                  </Button>
                )
              }
            >
              {text.goodAbout}
            </Notice>
          </div>
        )}
        <Slots slots={slots} />
        <div class="card-foot">
          <ErrorNotice error={action.error} />
          {may('update') && (
            <Button
              icon="undo"
              isBusy={action.isBusy}
              onClick={() => void act('rollback', text.rolledBack)}
            >
              {text.rollBack}
            </Button>
          )}
        </div>
      </Card>
      {may('update') && <Install install={install} onDone={reload} />}
    </>
  )
}

function Slots({ slots }: { readonly slots: readonly SlotAnswer[] }) {
  const tones = { good: 'good', trying: 'warn', bad: 'bad', empty: 'idle' } as const
  return (
    <Table
      caption={text.title}
      columns={[
        { head: text.columns.slot, cell: ({ name }) => name, isRowHead: true },
        { head: text.columns.version, cell: ({ version }) => version ?? '–' },
        {
          head: text.columns.state,
          cell: ({ state, reason }) => (
            <>
              <Badge tone={tones[state]}>{text.states[state]}</Badge>
              {reason !== null && <p class="quiet">{reason}</p>}
            </>
          ),
        },
        {
          head: text.columns.now,
          cell: ({ isRunning, isNext }) => (
            <span class="actions">
              {isRunning && <Badge tone="info">{text.running}</Badge>}
              {isNext && !isRunning && <Badge tone="info">{text.next}</Badge>}
            </span>
          ),
        },
      ]}
      rows={slots}
      keyOf={({ name }) => name}
    />
  )
}

interface InstallProps {
  readonly install: InstallProgress | null
  readonly onDone: () => void
}

function Install({ install, onDone }: InstallProps) {
  const [file, setFile] = useState<File | null>(null)
  const action = useAction()
  const words = text.install
  // The answer comes when all is done: meanwhile the box is asked how far it is.
  useEffect(() => {
    if (!action.isBusy) return
    const timer = setInterval(onDone, 1_000)
    return () => clearInterval(timer)
  }, [action.isBusy])
  const send = async (): Promise<void> => {
    if (file === null) return
    await action.run(() =>
      call('POST', '/slots/install', { bytes: file, timeoutMs: mostInstallMs }),
    )
    onDone()
  }
  const isLarge = file !== null && file.size > mostUpdateBytes
  return (
    <Card title={words.title} about={words.about}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <FileField
          label={words.file}
          error={isLarge ? words.tooLarge(bytes(mostUpdateBytes)) : null}
          onChoose={setFile}
        />
        {install !== null && <Progress install={install} />}
        <ErrorNotice error={action.error} />
        <div class="actions">
          <Button
            kind="primary"
            type="submit"
            icon="upload"
            isBusy={action.isBusy}
            isDisabled={file === null || isLarge}
          >
            {words.submit}
          </Button>
        </div>
      </form>
    </Card>
  )
}

function Progress({
  install: { phase, bytes, totalBytes },
}: {
  readonly install: InstallProgress
}) {
  const words = text.install
  const share = totalBytes === null || totalBytes === 0 ? 0 : bytes / totalBytes
  return (
    <div role="status">
      <p>
        {words.phases[phase]} <span class="quiet">{words.progress(bytes, totalBytes)}</span>
      </p>
      {totalBytes !== null && (
        <Meter
          value={share}
          label={words.title}
          tone={phase === 'failed' ? 'bad' : phase === 'done' ? 'good' : 'info'}
        />
      )}
    </div>
  )
}
