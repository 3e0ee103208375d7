/** Capture: which packets, how long; the recordings that there are, one of them perhaps under way. */
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import {
  type CaptureAnswer,
  type CapturesAnswer,
  captureLimits,
} from '../../../firmware/model/local-api-capture.ts'
import { useAnswer } from '../../live/answer.ts'
import { type CallError, call, errorOf } from '../../live/call.ts'
import { may } from '../../live/session.ts'
import { Answer } from '../../part/answer.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { NumberField, SelectField, SwitchField, TextField } from '../../part/field.tsx'
import { withFresh } from '../../part/fresh.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { CaptureList } from './capture-list.tsx'
import {
  type CaptureForm,
  captureProtocols,
  captureRequest,
  emptyCapture,
} from './capture-request.ts'
import { placeOf, placeOptions, usePlaces } from './places.tsx'

const text = diagnosticsText.capture
/** While one is under way; else somebody may begin one elsewhere. */
const lookMs = { running: 1_000, idle: 15_000 }

export function CaptureTab() {
  const form = useSignal<CaptureForm>(emptyCapture)
  const error = useSignal<CallError | null>(null)
  const isBusy = useSignal(false)
  const places = usePlaces()
  const [everyMs, setEveryMs] = useState(lookMs.idle)
  const told = useAnswer<CapturesAnswer>('/capture', { everyMs, isSteady: true })
  const { value, reload } = told
  const running = value?.captures.find(({ isDone }) => !isDone)
  useEffect(() => {
    if (value !== null) setEveryMs(running === undefined ? lookMs.idle : lookMs.running)
  }, [value === null, running === undefined])
  const options = placeOptions(places, ['lan', 'uplink', 'segment'])
  const first = options[0]?.[0] ?? ''
  const set = (change: Partial<CaptureForm>): void => {
    form.value = { ...form.value, ...change }
  }
  useEffect(() => {
    if (form.value.place === '' && first !== '') set({ place: first })
  }, [first])
  const ask = async (work: () => Promise<unknown>): Promise<void> => {
    isBusy.value = true
    error.value = null
    try {
      await withFresh(work)
    } catch (thrown) {
      error.value = errorOf(thrown)
    } finally {
      isBusy.value = false
      reload()
    }
  }
  const begin = (): Promise<void> =>
    ask(() => {
      const body = captureRequest(form.value, placeOf)
      return call<CaptureAnswer>('POST', form.value.isFull ? '/capture/full' : '/capture', { body })
    })
  const wrong = (name: string): string | null =>
    error.value?.path === `/filter/${name}` ? error.value.message : null
  return (
    <div class="diagnose-stack">
      <Card title={text.title} about={text.about}>
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault()
            void begin()
          }}
        >
          <div class="diagnose-row">
            <SelectField
              label={text.place}
              value={form.value.place}
              options={options}
              onInput={(place) => set({ place })}
            />
            <NumberField
              label={text.seconds}
              value={form.value.seconds}
              onInput={(seconds) => set({ seconds })}
              min={1}
              max={captureLimits.seconds}
            />
          </div>
          <FilterFields form={form.value} set={set} wrong={wrong} />
          {may('capture.full') ? (
            <SwitchField
              label={text.full}
              help={form.value.isFull ? text.fullHelp : text.headers}
              value={form.value.isFull}
              onInput={(isFull) => set({ isFull })}
            />
          ) : (
            <p class="quiet small">{text.headers}</p>
          )}
          <div class="actions">
            {running === undefined ? (
              <Button
                kind="primary"
                type="submit"
                icon="play"
                isBusy={isBusy.value}
                isDisabled={form.value.place === ''}
              >
                {text.begin}
              </Button>
            ) : (
              <Button
                icon="stop"
                isBusy={isBusy.value}
                onClick={() => void ask(() => call('POST', `/capture/${running.id}/stop`))}
              >
                {text.stop}
              </Button>
            )}
          </div>
        </form>
      </Card>
      {!error.value?.path?.startsWith('/filter/') && <ErrorNotice error={error.value} />}
      <Answer of={told}>{({ captures }) => <CaptureList captures={captures} />}</Answer>
    </div>
  )
}

interface FilterProps {
  readonly form: CaptureForm
  readonly set: (change: Partial<CaptureForm>) => void
  readonly wrong: (name: string) => string | null
}

function FilterFields({ form, set, wrong }: FilterProps) {
  const isPortless = form.protocol === 'icmp' || form.protocol === 'arp'
  return (
    <fieldset class="capture-filter">
      <legend class="field-label">{text.filter}</legend>
      <div class="diagnose-row">
        <TextField
          label={text.host}
          value={form.host}
          onInput={(host) => set({ host })}
          placeholder="10.1.0.10"
          error={wrong('host')}
          isMono
        />
        <TextField
          label={text.otherHost}
          value={form.otherHost}
          onInput={(otherHost) => set({ otherHost })}
          error={wrong('otherHost')}
          isMono
        />
        <TextField
          label={text.net}
          value={form.net}
          onInput={(net) => set({ net })}
          placeholder="10.1.0.0/16"
          error={wrong('net')}
          isMono
        />
        <NumberField
          label={text.port}
          value={form.port}
          onInput={(port) => set({ port })}
          min={1}
          max={65535}
          isDisabled={isPortless}
          error={wrong('port')}
        />
        <SelectField
          label={text.protocol}
          value={form.protocol}
          options={captureProtocols.map((one) => [one, text.protocols[one]] as const)}
          onInput={(protocol) =>
            set({ protocol, ...(protocol === 'icmp' || protocol === 'arp' ? { port: null } : {}) })
          }
        />
      </div>
    </fieldset>
  )
}
