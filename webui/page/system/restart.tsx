/** The gateway, the box, or all that is on it begins anew. */
import { useState } from 'preact/hooks'
import type { SystemAnswer } from '../../../firmware/model/local-api-system.ts'
import { useAnswer } from '../../live/answer.ts'
import { call } from '../../live/call.ts'
import { may } from '../../live/session.ts'
import { useAction } from '../../part/action.ts'
import { Ask } from '../../part/ask.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Notice } from '../../part/notice.tsx'
import { restartText } from '../../text/en-upkeep.ts'

const text = restartText
type What = 'gateway' | 'machine' | 'reset'

export function Restart() {
  const { value } = useAnswer<SystemAnswer>('/system', { isSteady: true })
  const [asked, setAsked] = useState<What | null>(null)
  const [begun, setBegun] = useState<What | null>(null)
  const action = useAction()
  const isAppliance = value?.isAppliance ?? false
  const choose = (what: What): void => {
    action.clear()
    setAsked(what)
  }
  const begin = async (what: What): Promise<void> => {
    const work = () =>
      what === 'reset'
        ? call('POST', '/reset')
        : call('POST', '/system/restart', { body: { what } })
    if (!(await action.run(work))) return
    setAsked(null)
    setBegun(what)
  }
  const close = (): void => setAsked(null)
  const common = { ...{ isBusy: action.isBusy, error: action.error }, cancel: text.cancel }
  return (
    <>
      {begun !== null && (
        <Notice tone="info" isLive>
          {text[begun].begun}
        </Notice>
      )}
      <Card title={text.gateway.title} about={text.gateway.about}>
        <Button icon="restart" onClick={() => choose('gateway')}>
          {text.gateway.submit}
        </Button>
      </Card>
      <Card title={text.machine.title} about={text.machine.about}>
        <div class="actions">
          <Button icon="restart" isDisabled={!isAppliance} onClick={() => choose('machine')}>
            {text.machine.submit}
          </Button>
          {value !== null && !isAppliance && <p class="quiet">{text.machine.refused}</p>}
        </div>
      </Card>
      {may('reset') && (
        <Card title={text.reset.title} about={text.reset.about}>
          <Button kind="danger" icon="trash" onClick={() => choose('reset')}>
            {text.reset.submit}
          </Button>
        </Card>
      )}
      {(['gateway', 'machine', 'reset'] as const).map((what) => (
        <Ask
          key={what}
          {...common}
          isOpen={asked === what}
          title={text[what].ask}
          text={text[what].askText}
          submit={text[what].submit}
          isDanger={what !== 'gateway'}
          {...(what === 'gateway'
            ? {}
            : { typed: typedOf(what === 'reset' ? text.reset.word : 'restart') })}
          onSubmit={() => void begin(what)}
          onClose={close}
        />
      ))}
    </>
  )
}

function typedOf(word: string) {
  return { word, label: text.typed(word) }
}
