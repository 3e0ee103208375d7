/** Who did what on this box, and who was not let in, newest first; older ones when they are asked for. */
import { useState } from 'preact/hooks'
import type { LocalAuditAnswer, LocalAuditEntry } from '../../../firmware/model/local-api-access.ts'
import { useAnswer } from '../../live/answer.ts'
import { call } from '../../live/call.ts'
import { useAction } from '../../part/action.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { Table } from '../../part/table.tsx'
import { systemText } from '../../text/en-system.ts'
import { moment } from '../../text/format.ts'

const text = systemText.audit
/** As many as the box tells at once: fewer are the last ones. */
const pageEntries = 100

export function Audit() {
  const { value, error } = useAnswer<LocalAuditAnswer>('/audit', { everyMs: 20_000 })
  const [older, setOlder] = useState<readonly LocalAuditEntry[]>([])
  const [isAll, setAll] = useState(false)
  const action = useAction()
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  const newest = value.entries
  const oldest = newest.at(-1)?.number ?? 0
  const entries = [...newest, ...older.filter(({ number }) => number < oldest)]
  const more = async (): Promise<void> => {
    const before = entries.at(-1)?.number ?? 1
    await action.run(async () => {
      const answer = await call<LocalAuditAnswer>('GET', `/audit/${before}`)
      setOlder([...entries, ...answer.entries])
      setAll(answer.entries.length < pageEntries)
    })
  }
  return (
    <Card title={text.title} about={text.about} isFlush>
      <Table
        caption={text.title}
        columns={[
          { head: text.columns.what, cell: (entry) => <What entry={entry} />, isRowHead: true },
          { head: text.columns.who, cell: ({ who }) => who },
          { head: text.columns.at, cell: ({ at }) => moment(new Date(at), new Date()) },
          { head: text.columns.from, cell: ({ from }) => (from === 'shell' ? text.shell : from) },
          { head: text.columns.result, cell: (entry) => <Result entry={entry} /> },
        ]}
        rows={entries}
        keyOf={({ number }) => number}
        empty={<Empty icon="clock" title={text.none} />}
      />
      <ErrorNotice error={action.error} />
      {!isAll && newest.length >= pageEntries && (
        <div class="card-foot">
          <Button kind="quiet" icon="open" isBusy={action.isBusy} onClick={() => void more()}>
            {text.older}
          </Button>
        </div>
      )}
    </Card>
  )
}

function What({ entry: { what, target, more } }: { readonly entry: LocalAuditEntry }) {
  const known = text.what[what]
  return (
    <>
      {known ?? <code>{what}</code>} {target !== '' && <code class="quiet">{target}</code>}{' '}
      {more > 0 && <span class="quiet">{text.more(more)}</span>}
    </>
  )
}

function Result({ entry: { code } }: { readonly entry: LocalAuditEntry }) {
  if (code === null) return <Badge tone="good">{text.done}</Badge>
  return (
    <Badge tone="warn">
      <code>{code}</code>
    </Badge>
  )
}
