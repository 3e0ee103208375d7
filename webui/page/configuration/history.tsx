/** The configurations that ran here, newest first: what going back to one would change, and its running again, on trial. */
import { useState } from 'preact/hooks'
import type {
  ConfigAnswer,
  HistoryAnswer,
  HistoryEntry,
} from '../../../firmware/model/local-api-config.ts'
import { beginDraft } from '../../config/draft.ts'
import { withText } from '../../config/draft-edit.ts'
import { useAnswer } from '../../live/answer.ts'
import { draft, isReviewing } from '../../live/draft.ts'
import { may } from '../../live/session.ts'
import { status } from '../../live/status.ts'
import { Ask } from '../../part/ask.tsx'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Dialog } from '../../part/dialog.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { Table } from '../../part/table.tsx'
import { configurationText as text } from '../../text/en-configuration.ts'
import { draftText } from '../../text/en-draft.ts'
import { moment } from '../../text/format.ts'
import { Diff } from '../review/diff.tsx'

const { replace } = draftText
type Head = HistoryAnswer['entries'][number]

export interface HistoryProps {
  readonly running: ConfigAnswer
  /** One is in the draft now. */
  readonly onEdit: () => void
}

export function History({ running, onEdit }: HistoryProps) {
  const { value, error } = useAnswer<HistoryAnswer>('/config/history')
  const [looked, setLooked] = useState<Head | null>(null)
  const now = new Date()
  return (
    <Card title={text.history} isFlush class="history">
      <ErrorNotice error={error} />
      {value === null && error === null && <Loading />}
      {value !== null && (
        <Table<Head>
          caption={text.history}
          rows={value.entries}
          keyOf={({ number }) => number}
          empty={<p class="card-note quiet">{text.none}</p>}
          columns={[
            {
              head: text.revision,
              isRowHead: true,
              cell: ({ revision, isRunning }) => (
                <>
                  {revision} {isRunning && <Badge tone="good">{text.runs}</Badge>}
                </>
              ),
            },
            { head: text.when, cell: ({ savedAt }) => moment(new Date(savedAt), now) },
            { head: text.origin, cell: ({ origin }) => text.origins[origin] },
            {
              head: text.show,
              isUnseenHead: true,
              cell: (entry) => (
                <Button isSmall label={text.look(entry.revision)} onClick={() => setLooked(entry)}>
                  {text.show}
                </Button>
              ),
            },
          ]}
        />
      )}
      {looked !== null && (
        <Entry head={looked} running={running} onEdit={onEdit} onClose={() => setLooked(null)} />
      )}
    </Card>
  )
}

interface EntryProps extends HistoryProps {
  readonly head: Head
  readonly onClose: () => void
}

function Entry({ head, running, onEdit, onClose }: EntryProps) {
  const { value: entry, error } = useAnswer<HistoryEntry>(`/config/history/${head.number}`)
  const mayApply =
    may('config.write') && (status.value?.pendingChange ?? null) === null && !head.isRunning
  /** Whether it may take the place of what is in the draft; null: nobody is asked. */
  const [asked, setAsked] = useState<{ readonly isReviewed: boolean } | null>(null)
  const ask = (isReviewed: boolean): void => {
    if (draft.peek() === null) take(isReviewed)
    else setAsked({ isReviewed })
  }
  const take = (isReviewed: boolean): void => {
    if (entry === null) return
    draft.value = withText(beginDraft(running, head.number), entry.text)
    onClose()
    if (isReviewed) isReviewing.value = true
    else onEdit()
  }
  return (
    <Dialog
      isOpen
      isWide
      title={text.title(head.revision)}
      onClose={onClose}
      actions={
        mayApply && (
          <>
            <Button onClick={() => ask(false)}>{text.edit}</Button>
            <Button kind="primary" icon="undo" onClick={() => ask(true)}>
              {text.again}
            </Button>
          </>
        )
      }
    >
      <ErrorNotice error={error} />
      {entry === null && error === null && <Loading />}
      {entry !== null && (
        <>
          <h3>{text.differs}</h3>
          {head.isRunning ? <p>{text.same}</p> : <Diff before={running.text} after={entry.text} />}
        </>
      )}
      <Ask
        isOpen={asked !== null}
        title={replace.title}
        text={replace.text(draft.value?.count ?? 0)}
        submit={replace.submit}
        cancel={replace.cancel}
        isDanger
        isBusy={false}
        error={null}
        onSubmit={() => take(asked?.isReviewed === true)}
        onClose={() => setAsked(null)}
      />
    </Dialog>
  )
}
