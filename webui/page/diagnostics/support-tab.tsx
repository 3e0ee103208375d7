/** Support: what the bundle has and has not, and the bundle. */
import { useSignal } from '@preact/signals'
import { type CallError, callForBlob, errorOf } from '../../live/call.ts'
import { saveFile } from '../../live/file.ts'
import { status } from '../../live/status.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { showToast } from '../../part/toast.tsx'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { fileStem } from './file-name.ts'

const text = diagnosticsText.support
const makeMs = 70_000

export function SupportTab() {
  const error = useSignal<CallError | null>(null)
  const isBusy = useSignal(false)
  const make = async (): Promise<void> => {
    isBusy.value = true
    try {
      const blob = await callForBlob('GET', '/bundle', { timeoutMs: makeMs })
      saveFile(blob, `${fileStem(status.value?.site ?? null, new Date())}-support.tar.gz`)
      showToast(text.made)
      error.value = null
    } catch (thrown) {
      error.value = errorOf(thrown)
    } finally {
      isBusy.value = false
    }
  }
  return (
    <div class="diagnose-stack">
      <Card title={text.title} about={text.about}>
        <div class="support-parts">
          <Parts title={text.has} parts={text.parts} />
          <Parts title={text.hasNot} parts={text.notParts} />
        </div>
        <Notice tone="warn">{text.note}</Notice>
        <div class="actions support-act">
          <Button kind="primary" icon="download" isBusy={isBusy.value} onClick={() => void make()}>
            {text.make}
          </Button>
        </div>
      </Card>
      <ErrorNotice error={error.value} />
    </div>
  )
}

function Parts({ title, parts }: { readonly title: string; readonly parts: readonly string[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {parts.map((part) => (
          <li key={part}>{part}</li>
        ))}
      </ul>
    </div>
  )
}
