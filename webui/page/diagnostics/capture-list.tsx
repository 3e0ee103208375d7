/** The recordings that the box has, newest first: how each stands, and its file. */
import { useSignal } from '@preact/signals'
import type { CaptureAnswer } from '../../../firmware/model/local-api-capture.ts'
import { type CallError, callForBlob, errorOf } from '../../live/call.ts'
import { saveFile } from '../../live/file.ts'
import { may } from '../../live/session.ts'
import { status } from '../../live/status.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { type Column, Table } from '../../part/table.tsx'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { bytes, count, duration } from '../../text/format.ts'
import { fileStem } from './file-name.ts'

const text = diagnosticsText.capture
const fileMs = 60_000

export function CaptureList({ captures }: { readonly captures: readonly CaptureAnswer[] }) {
  const error = useSignal<CallError | null>(null)
  const fetchFile = async ({ id, place }: CaptureAnswer): Promise<void> => {
    try {
      const options = { timeoutMs: fileMs }
      const blob = await callForBlob('GET', `/capture/${id}/file`, options)
      const stem = fileStem(status.value?.site ?? null, new Date())
      saveFile(blob, `${stem}-${place.replaceAll(' ', '-')}.pcapng`)
      error.value = null
    } catch (thrown) {
      error.value = errorOf(thrown)
    }
  }
  return (
    <>
      <ErrorNotice error={error.value} />
      <Card title={text.list} isFlush>
        <Table
          caption={text.list}
          columns={columnsOf((capture) => void fetchFile(capture))}
          rows={captures}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="download" title={text.none}>
              <p>{text.noneText}</p>
            </Empty>
          }
        />
      </Card>
    </>
  )
}

function columnsOf(onFetch: (capture: CaptureAnswer) => void): readonly Column<CaptureAnswer>[] {
  const { heads } = text
  return [
    {
      head: heads.place,
      isRowHead: true,
      cell: ({ place, device, sentence }) => (
        <>
          {place} <span class="quiet mono">{device}</span>
          {sentence !== null && <p class="quiet small capture-note">{sentence}</p>}
        </>
      ),
    },
    {
      head: heads.filter,
      isWide: true,
      cell: ({ filter, isFull }) => (
        <>
          <span class="mono">{filter === '' ? text.all : filter}</span>{' '}
          <span class="quiet">({isFull ? text.isFull : text.isHeaders})</span>
        </>
      ),
    },
    { head: heads.state, cell: (capture) => <StateBadge capture={capture} /> },
    {
      head: heads.size,
      isNumber: true,
      cell: ({ packets, bytes: size }) => text.packets(count(packets), bytes(size)),
    },
    {
      head: heads.left,
      isNumber: true,
      cell: ({ removedInSeconds }) => duration(removedInSeconds),
    },
    {
      head: heads.act,
      isUnseenHead: true,
      cell: (capture) =>
        capture.isDone && (!capture.isFull || may('capture.full')) ? (
          <Button icon="download" isSmall onClick={() => onFetch(capture)}>
            {text.download}
          </Button>
        ) : null,
    },
  ]
}

function StateBadge({ capture }: { readonly capture: CaptureAnswer }) {
  const { isDone, seconds, mostSeconds, lostPackets } = capture
  if (!isDone) {
    return (
      <Badge tone="info" icon="play">
        {text.recording(duration(Math.max(0, mostSeconds - seconds)))}
      </Badge>
    )
  }
  const isLossy = lostPackets !== null && lostPackets > 0
  return (
    <Badge tone={isLossy ? 'warn' : 'good'}>
      {isLossy ? text.lost(count(lostPackets)) : text.done}
    </Badge>
  )
}
