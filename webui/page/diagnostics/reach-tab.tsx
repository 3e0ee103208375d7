/** Reach: one test at a time, chosen first, then told where to; its answer comes while it runs. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import {
  dnsTypes,
  type PlacesAnswer,
  portalUrl,
  type RunKind,
  runKinds,
  speedMostSeconds,
} from '../../../firmware/model/local-api-diagnose.ts'
import { query } from '../../live/route.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Choice } from '../../part/choice.tsx'
import { NumberField, SelectField, TextField } from '../../part/field.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { placeOf, placeOptions, usePlaces } from './places.tsx'
import { emptyReach, isReachWhole, type ReachForm, reachRequest } from './reach-form.ts'
import { RunView } from './run-view.tsx'
import { useRun } from './use-run.ts'

const text = diagnosticsText.reach

export function ReachTab() {
  const asked = query.value
  const kind = useSignal<RunKind>(runKinds.find((one) => one === asked.get('test')) ?? 'ping')
  const form = useSignal<ReachForm>({
    ...emptyReach,
    to: asked.get('to') ?? '',
    uplink: asked.get('uplink') ?? '',
    far: asked.get('peer') ?? '',
  })
  const places = usePlaces()
  const { run, error, isRunning, begin, stop } = useRun()
  const set = (change: Partial<ReachForm>): void => {
    form.value = { ...form.value, ...change }
  }
  // The first one, once they are known.
  const { uplinks: [uplink = ''] = [], peers: [far = ''] = [] } = places
  useEffect(() => {
    if (form.value.uplink === '') set({ uplink })
    if (form.value.far === '') set({ far })
  }, [uplink, far])
  const wrong = (path: string): string | null => (error?.path === path ? error.message : null)
  const isPlaced = ['/to', '/name', '/server', '/peer', '/segment'].some(
    (path) => wrong(path) !== null,
  )
  return (
    <div class="diagnose-stack">
      <Card title={text.title} about={text.abouts[kind.value]}>
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault()
            begin(kind.value, reachRequest(kind.value, form.value, placeOf))
          }}
        >
          <Choice
            label={text.kindLabel}
            value={kind.value}
            options={runKinds.map((one) => [one, text.kinds[one]] as const)}
            onChange={(value) => {
              stop()
              kind.value = value
            }}
          />
          <div class="diagnose-row">
            <Fields kind={kind.value} form={form.value} places={places} set={set} wrong={wrong} />
          </div>
          <div class="actions">
            {isRunning ? (
              <Button icon="stop" onClick={stop}>
                {text.stop}
              </Button>
            ) : (
              <Button
                kind="primary"
                type="submit"
                icon="play"
                isDisabled={!isReachWhole(kind.value, form.value)}
              >
                {text.begin}
              </Button>
            )}
          </div>
        </form>
      </Card>
      {!isPlaced && <ErrorNotice error={error} />}
      {run !== null && run.kind === kind.value && <RunView run={run} />}
    </div>
  )
}

interface FieldsProps {
  readonly kind: RunKind
  readonly form: ReachForm
  readonly places: PlacesAnswer
  readonly set: (change: Partial<ReachForm>) => void
  readonly wrong: (path: string) => string | null
}

function Fields(props: FieldsProps) {
  const { kind, form, places, set, wrong } = props
  if (kind === 'dns') return <DnsFields {...props} />
  if (kind === 'speed') return <SpeedFields {...props} />
  if (kind === 'link')
    return (
      <>
        <SelectField
          label={text.uplink}
          value={form.uplink}
          options={places.uplinks.map((name) => [name, name] as const)}
          onInput={(uplink) => set({ uplink })}
        />
        <TextField
          label={text.portal}
          help={text.portalHelp}
          value={form.portal}
          onInput={(portal) => set({ portal })}
          placeholder={portalUrl}
          isOptional
          isMono
        />
      </>
    )
  const isToPeer = kind === 'mtu' && form.peer !== ''
  return (
    <>
      {kind === 'mtu' && <PeerField {...props} />}
      {!isToPeer && (
        <TextField
          label={text.to}
          value={form.to}
          onInput={(to) => set({ to })}
          placeholder="10.2.0.1"
          error={wrong('/to')}
          isMono
        />
      )}
      {!isToPeer && <FromField {...props} />}
      {kind === 'ping' && (
        <NumberField
          label={text.count}
          value={form.count}
          onInput={(count) => set({ count })}
          min={1}
          max={30}
        />
      )}
      {kind === 'trace' && (
        <>
          <NumberField
            label={text.hops}
            value={form.hops}
            onInput={(hops) => set({ hops })}
            min={1}
            max={30}
          />
          <SelectField
            label={text.by}
            value={form.by}
            options={[
              ['icmp', text.bys.icmp],
              ['udp', text.bys.udp],
            ]}
            onInput={(by) => set({ by })}
          />
        </>
      )}
    </>
  )
}

function PeerField({ form, places, set }: FieldsProps) {
  return (
    <SelectField
      label={text.toPeer}
      value={form.peer}
      options={[['', text.toAddress], ...places.peers.map((name) => [name, name] as const)]}
      onInput={(peer) => set({ peer })}
    />
  )
}

function SpeedFields({ form, places: { peers, segments }, set, wrong }: FieldsProps) {
  return (
    <>
      <SelectField
        label={text.peer}
        value={form.far}
        options={peers.map((name) => [name, name] as const)}
        onInput={(far) => set({ far })}
        error={wrong('/peer')}
      />
      <SelectField
        label={text.segment}
        value={form.segment}
        options={[['', text.segmentAny], ...segments.map((name) => [name, name] as const)]}
        onInput={(segment) => set({ segment })}
        error={wrong('/segment')}
      />
      <NumberField
        label={text.seconds}
        value={form.seconds}
        onInput={(seconds) => set({ seconds })}
        min={2}
        max={speedMostSeconds}
      />
    </>
  )
}

function FromField({ kind, form, places, set }: FieldsProps) {
  const kinds = kind === 'dns' ? (['uplink'] as const) : (['uplink', 'lan', 'segment'] as const)
  return (
    <SelectField
      label={diagnosticsText.from}
      value={form.from}
      options={[['', diagnosticsText.anywhere], ...placeOptions(places, kinds)]}
      onInput={(from) => set({ from })}
    />
  )
}

function DnsFields(props: FieldsProps) {
  const { form, set, wrong } = props
  return (
    <>
      <TextField
        label={text.name}
        value={form.name}
        onInput={(name) => set({ name })}
        placeholder="www.example.com"
        error={wrong('/name')}
        isMono
      />
      <SelectField
        label={text.type}
        value={form.type}
        options={dnsTypes.map((one) => [one, one] as const)}
        onInput={(type) => set({ type })}
      />
      <TextField
        label={text.server}
        help={text.serverHelp}
        value={form.server}
        onInput={(server) => set({ server })}
        placeholder="9.9.9.9"
        error={wrong('/server')}
        isMono
      />
      <FromField {...props} />
    </>
  )
}
