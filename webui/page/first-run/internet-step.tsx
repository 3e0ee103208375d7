/** An uplink that is tested while one looks on, and how it is connected, if that has to be changed. */
import { useEffect, useState } from 'preact/hooks'
import { may } from '../../live/session.ts'
import { status } from '../../live/status.ts'
import { Button } from '../../part/button.tsx'
import { Choice } from '../../part/choice.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { firstRunText } from '../../text/en-first-run.ts'
import { RunView } from '../diagnostics/run-view.tsx'
import { useRun } from '../diagnostics/use-run.ts'
import { ConnectionForm } from './connection-form.tsx'
import { StepHead } from './step-head.tsx'
import { Trial } from './trial.tsx'

const text = firstRunText.internet

export function InternetStep({ onDone }: { readonly onDone: () => void }) {
  const { value } = status
  const [chosen, setChosen] = useState<string | null>(null)
  const [isChanging, setChanging] = useState(false)
  const names = value?.uplinks.map(({ name }) => name) ?? []
  const uplink = names.find((name) => name === chosen) ?? names[0] ?? null
  const test = useRun()
  const begin = (): void => {
    if (uplink !== null) test.begin('link', { uplink })
  }
  useEffect(begin, [uplink])
  if (value === null) return <Loading />
  const isDone = test.run?.isDone === true
  // The form is the way on: without an uplink there is nothing else to do here.
  const isNew = uplink === null && may('config.write') && value.pendingChange === null
  const isBlank = value.configSource === 'factory' || value.configSource === 'none'
  return (
    <>
      <StepHead title={text.title} about={text.about} />
      {isNew && <Notice>{text.none}</Notice>}
      {names.length > 1 && (
        <Choice
          label={text.uplink}
          value={uplink ?? ''}
          options={names.map((name) => [name, name] as const)}
          onChange={setChosen}
        />
      )}
      {value.pendingChange !== null && <Trial change={value.pendingChange} onEnd={begin} />}
      {isNew || isChanging ? (
        <ConnectionForm
          uplink={uplink}
          isNewSite={isBlank}
          onEnd={(isApplied) => {
            setChanging(false)
            if (isApplied) begin()
          }}
        />
      ) : (
        <>
          {test.run !== null && <RunView run={test.run} />}
          <ErrorNotice error={test.error} />
        </>
      )}
      {!isChanging && (
        <div class="actions">
          <Button kind={isDone ? 'primary' : 'plain'} onClick={onDone}>
            {isDone ? firstRunText.next : firstRunText.skip}
          </Button>
          {uplink !== null && (
            <Button icon="refresh" isDisabled={test.isRunning} onClick={begin}>
              {test.run === null ? text.test : text.again}
            </Button>
          )}
          {uplink !== null && may('config.write') && value.pendingChange === null && (
            <Button kind="quiet" icon="edit" onClick={() => setChanging(true)}>
              {text.change}
            </Button>
          )}
        </div>
      )}
    </>
  )
}
