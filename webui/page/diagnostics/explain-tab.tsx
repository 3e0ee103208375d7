/** Explain a flow: a form, and the answer with the sentence that decides first. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ExplainAnswer, ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import { type CallError, call, errorOf } from '../../live/call.ts'
import { query } from '../../live/route.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { NumberField, SelectField, TextField } from '../../part/field.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { ExplainResult } from './explain-result.tsx'
import { usePlaces } from './places.tsx'

const text = diagnosticsText.explain
const protocols = ['any', 'tcp', 'udp', 'icmp'] as const
type ProtocolChoice = (typeof protocols)[number]

interface Form {
  readonly from: string
  readonly to: string
  readonly toPort: number | null
  readonly protocol: ProtocolChoice
  readonly server: string
  readonly dscp: string
  readonly segment: string
}

/** What the address of the page says: other pages ask by it. */
function asked(): Form {
  const get = (name: string): string => query.value.get(name) ?? ''
  const protocol = protocols.find((one) => one === get('protocol')) ?? 'any'
  const toPort = Number(get('toPort')) || null
  const ends = { from: get('from'), to: get('to'), segment: get('segment') }
  return { ...ends, toPort, protocol, server: '', dscp: '' }
}

function requestOf({ from, to, toPort, protocol, server, dscp, segment }: Form): ExplainRequest {
  const mark = /^\d+$/.test(dscp) ? Number(dscp) : dscp
  return {
    ...{ from: from.trim(), to: to.trim() },
    ...(toPort === null || protocol === 'icmp' ? {} : { toPort }),
    ...(protocol === 'any' ? {} : { protocol }),
    ...(server.trim() === '' ? {} : { server: server.trim() }),
    ...(dscp.trim() === '' ? {} : { dscp: mark }),
    ...(segment === '' ? {} : { segment }),
  }
}

export function ExplainTab() {
  const form = useSignal<Form>(asked())
  const answer = useSignal<ExplainAnswer | null>(null)
  const error = useSignal<CallError | null>(null)
  const isBusy = useSignal(false)
  const { segments } = usePlaces()
  const set = (change: Partial<Form>): void => {
    form.value = { ...form.value, ...change }
  }
  const explain = async (): Promise<void> => {
    isBusy.value = true
    try {
      const body = requestOf(form.value)
      answer.value = await call<ExplainAnswer>('POST', '/explain', { body })
      error.value = null
    } catch (thrown) {
      error.value = errorOf(thrown)
      answer.value = null
    } finally {
      isBusy.value = false
    }
  }
  // Who came by a link wants the answer at once.
  useEffect(() => {
    if (form.value.from !== '' && form.value.to !== '') void explain()
  }, [])
  const { from, to, toPort, protocol, server, dscp, segment } = form.value
  const wrong = (path: string): string | null =>
    error.value?.path === path ? error.value.message : null
  const isPlaced = ['/from', '/to', '/toPort', '/server', '/dscp', '/segment'].some(
    (path) => wrong(path) !== null,
  )
  return (
    <div class="diagnose-stack">
      <Card title={text.title} about={text.about}>
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault()
            void explain()
          }}
        >
          <div class="diagnose-row">
            <TextField
              label={text.source}
              value={from}
              onInput={(value) => set({ from: value })}
              placeholder="10.1.0.10"
              error={wrong('/from')}
              isMono
            />
            <TextField
              label={text.destination}
              value={to}
              onInput={(value) => set({ to: value })}
              placeholder="10.2.0.10"
              error={wrong('/to')}
              isMono
            />
            <NumberField
              label={text.port}
              value={toPort}
              onInput={(value) => set({ toPort: value })}
              min={1}
              max={65535}
              placeholder="443"
              isDisabled={protocol === 'icmp'}
              isOptional
              error={wrong('/toPort')}
            />
            <SelectField
              label={text.protocol}
              value={protocol}
              options={protocols.map((one) => [one, text.protocols[one]] as const)}
              onInput={(value) => set({ protocol: value })}
            />
          </div>
          <details class="diagnose-more">
            <summary>{text.more}</summary>
            <div class="diagnose-row">
              <TextField
                label={text.server}
                help={text.serverHelp}
                value={server}
                onInput={(value) => set({ server: value })}
                placeholder="crm.example.com"
                error={wrong('/server')}
                isMono
              />
              <TextField
                label={text.dscp}
                value={dscp}
                onInput={(value) => set({ dscp: value })}
                placeholder="ef"
                error={wrong('/dscp')}
                isMono
              />
              <SelectField
                label={text.segment}
                value={segment}
                options={[['', text.segmentAny], ...segments.map((name) => [name, name] as const)]}
                onInput={(value) => set({ segment: value })}
                error={wrong('/segment')}
              />
            </div>
          </details>
          <div class="actions">
            <Button
              kind="primary"
              type="submit"
              icon="search"
              isBusy={isBusy.value}
              isDisabled={from.trim() === '' || to.trim() === ''}
            >
              {text.submit}
            </Button>
          </div>
        </form>
      </Card>
      {!isPlaced && <ErrorNotice error={error.value} />}
      {answer.value !== null && <ExplainResult answer={answer.value} />}
    </div>
  )
}
