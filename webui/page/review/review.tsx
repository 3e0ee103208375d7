/**
 * The review of a draft: what differs from what runs, in words and in the text; what the box says of it; and its being applied, on
 * trial for a time that is chosen. From there on the banner of the frame counts down.
 */
import { useEffect, useState } from 'preact/hooks'
import type { CheckAnswer, ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { SystemAnswer } from '../../../firmware/model/local-api-system.ts'
import { type Draft, isOutdated } from '../../config/draft.ts'
import { handedIn } from '../../config/draft-edit.ts'
import { useAnswer } from '../../live/answer.ts'
import { type CallError, CallFailure, call, errorOf } from '../../live/call.ts'
import { draft, handIn, isReviewing } from '../../live/draft.ts'
import { readStatus } from '../../live/live.ts'
import { Button } from '../../part/button.tsx'
import { Dialog } from '../../part/dialog.tsx'
import { SelectField } from '../../part/field.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { Tabs } from '../../part/tabs.tsx'
import { showToast } from '../../part/toast.tsx'
import { draftText as text } from '../../text/en-draft.ts'
import { sentence } from '../../text/format.ts'
import { Problems } from '../config/entry-form.tsx'
import '../config/config.css'
import { Diff } from './diff.tsx'
import { ToldList } from './told.tsx'
import './review.css'

/** Longer than the box may take: it answers once the change is in place. */
const applyMs = 135_000

export function Review() {
  const mine = draft.value
  const { value: running, error } = useAnswer<ConfigAnswer>('/config')
  const close = (): void => {
    isReviewing.value = false
  }
  if (mine === null) return null
  return running === null ? (
    <Dialog isOpen title={text.title} isWide onClose={close}>
      <ErrorNotice error={error} />
    </Dialog>
  ) : (
    <Reviewed draft={mine} running={running} onClose={close} />
  )
}

interface ReviewedProps {
  readonly draft: Draft
  readonly running: ConfigAnswer
  readonly onClose: () => void
}

function Reviewed({ draft: mine, running, onClose }: ReviewedProps) {
  const whole = handedIn(mine, running.nextRevision)
  const { checked, error } = useCheck(whole, mine.basedOn)
  const { value: box } = useAnswer<SystemAnswer>('/system', { isSteady: true })
  const [seconds, setSeconds] = useState('120')
  const [shown, setShown] = useState<'words' | 'text'>('words')
  const applying = useApply(mine, whole, running.nextRevision, onClose)
  const mayApply = checked !== null && checked.problems.length === 0 && !applying.isBusy
  return (
    <Dialog
      isOpen
      isWide
      title={text.title}
      onClose={onClose}
      onSubmit={() => {
        if (mayApply) void applying.apply(Number(seconds))
      }}
      actions={
        <div class="review-foot">
          <SelectField
            label={text.confirm}
            help={text.confirmHelp}
            value={seconds}
            options={text.confirmTimes}
            onInput={setSeconds}
          />
          <Button
            kind="primary"
            type="submit"
            isBusy={applying.isBusy}
            isDisabled={checked === null || checked.problems.length > 0}
          >
            {applying.isBusy ? text.applying : text.apply}
          </Button>
        </div>
      }
    >
      <ErrorNotice error={applying.error ?? error} />
      {isOutdated(mine, running) && (
        <Notice tone="warn" title={text.outdated.title}>
          {text.outdated.text}
        </Notice>
      )}
      {box?.owner.state === 'owned' && (
        <Notice tone="warn" title={text.owned.title}>
          {text.owned.text}
        </Notice>
      )}
      {checked === null && error === null && <p role="status">{text.checking}</p>}
      {checked !== null && <Verdict checked={checked} />}
      <Tabs<'words' | 'text'>
        label={text.shownAs}
        tabs={[
          { id: 'words', label: text.inWords },
          { id: 'text', label: text.inText },
        ]}
        value={shown}
        onChange={setShown}
      >
        {shown === 'text' ? (
          <Diff before={running.text} after={whole} />
        ) : (
          <ToldList
            differences={(checked?.differences ?? []).filter(({ path }) => path !== '/revision')}
            more={(checked?.differenceCount ?? 0) - (checked?.differences.length ?? 0)}
            isKnown={checked !== null && checked.problems.length === 0}
          />
        )}
      </Tabs>
    </Dialog>
  )
}

function Verdict({ checked: { problems, warnings } }: { readonly checked: CheckAnswer }) {
  return (
    <>
      {problems.length > 0 && (
        <Problems
          title={text.refused}
          problems={problems.map(({ code, message, path = '', line = null }) => ({
            ...{ code, message, path, line },
          }))}
        />
      )}
      {warnings.length > 0 && (
        <Notice tone="warn" title={text.warnings}>
          {warnings.map((warning) => (
            <p key={warning}>{sentence(warning)}</p>
          ))}
        </Notice>
      )}
    </>
  )
}

interface Checking {
  readonly checked: CheckAnswer | null
  readonly error: CallError | null
}

function useCheck(whole: string, basedOn: number | null): Checking {
  const [state, setState] = useState<Checking>({ checked: null, error: null })
  useEffect(() => {
    const cancel = new AbortController()
    const body = { text: whole, ...(basedOn === null ? {} : { basedOn }) }
    call<CheckAnswer>('POST', '/config/check', { body, signal: cancel.signal }).then(
      (checked) => setState({ checked, error: null }),
      (thrown: unknown) => {
        if (!cancel.signal.aborted) setState({ checked: null, error: errorOf(thrown) })
      },
    )
    return () => cancel.abort()
  }, [whole, basedOn])
  return state
}

/** Ends the review once the box has it in place. */
function useApply(mine: Draft, whole: string, revision: number, onClose: () => void) {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)
  const apply = async (confirmSeconds: number): Promise<void> => {
    setBusy(true)
    setError(null)
    const { basedOn } = mine
    const body = { text: whole, confirmSeconds, ...(basedOn === null ? {} : { basedOn }) }
    try {
      await handIn(revision, () => call('POST', '/config/apply', { body, timeoutMs: applyMs }))
      // What counts down is there by then, and takes the focus.
      await readStatus()
      onClose()
    } catch (thrown) {
      void readStatus()
      if (thrown instanceof CallFailure && thrown.status === 0) {
        // It may be in place all the same: then the box takes it back, or somebody keeps it.
        showToast(text.unanswered, 'warn')
        onClose()
      } else setError(errorOf(thrown))
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, error, apply }
}
