/** Flows: those that pass now, with what was decided about each, and the last packets that policy kept out. */
import { useSignal } from '@preact/signals'
import type { DenialAnswer, DenialsAnswer } from '../../../firmware/model/local-api-denial.ts'
import type { FlowAnswer, FlowsAnswer } from '../../../firmware/model/local-api-flow.ts'
import { useAnswer } from '../../live/answer.ts'
import { Answer } from '../../part/answer.tsx'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { TextField } from '../../part/field.tsx'
import { type Column, Table } from '../../part/table.tsx'
import type { Tone } from '../../part/tone.ts'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { ago, bytes, count } from '../../text/format.ts'
import { endText, protocolName } from './explain-chain.ts'
import { denialTexts, explainLink, fits, flowTexts } from './flow-find.ts'

const text = diagnosticsText.flows
const lookMs = 5_000
/** More are no help to an eye. */
const mostShown = 100

export function FlowsTab() {
  const wanted = useSignal('')
  const isPaused = useSignal(false)
  const every = isPaused.value ? {} : { everyMs: lookMs }
  const flows = useAnswer<FlowsAnswer>('/flows', { ...every, isSteady: true })
  const denials = useAnswer<DenialsAnswer>('/denials', { ...every, isSteady: true })
  const all = flows.value?.flows ?? []
  const found = all.filter((flow) => fits(flowTexts(flow), wanted.value))
  const denied = (denials.value?.denials ?? []).filter((one) =>
    fits(denialTexts(one), wanted.value),
  )
  return (
    <div class="diagnose-stack">
      <div class="diagnose-find">
        <TextField
          label={text.find}
          help={text.findHelp}
          value={wanted.value}
          onInput={(value) => {
            wanted.value = value
          }}
        />
        <Button
          icon={isPaused.value ? 'play' : 'clock'}
          onClick={() => {
            isPaused.value = !isPaused.value
          }}
        >
          {isPaused.value ? text.resume : text.pause}
        </Button>
      </div>
      <Card title={text.title} about={flows.value?.sentence} isFlush>
        <Answer of={flows}>
          {({ inUse, places }) => (
            <>
              <Table
                caption={text.title}
                columns={flowColumns}
                rows={found.slice(0, mostShown)}
                keyOf={flowKey}
                empty={
                  <Empty icon="policy" title={all.length === 0 ? text.none : text.noneFound} />
                }
              />
              <p class="quiet small diagnose-foot">
                {text.shown(count(Math.min(found.length, mostShown)), count(all.length))}{' '}
                {places !== null && text.table(count(inUse), count(places))}
              </p>
            </>
          )}
        </Answer>
      </Card>
      <Card title={text.denied} about={text.deniedAbout} isFlush>
        <Answer of={denials}>
          {() => (
            <Table
              caption={text.denied}
              columns={denialColumns}
              rows={denied.map((denial, index) => ({ ...denial, index }))}
              keyOf={({ index }) => index}
              empty={<Empty icon="access" title={text.deniedNone} />}
            />
          )}
        </Answer>
      </Card>
    </div>
  )
}

function flowKey(flow: FlowAnswer): string {
  const { verdict, source, sourcePort, destination, destinationPort, protocol, segment } = flow
  return [verdict, source, sourcePort, destination, destinationPort, protocol, segment].join(' ')
}

const tones: Readonly<Record<FlowAnswer['verdict'], Tone>> = {
  'to-peer': 'good',
  'breaks-out': 'info',
  held: 'bad',
}

interface FlowEnds {
  readonly source: string
  readonly sourcePort: number
  readonly destination: string
  readonly destinationPort: number
  readonly protocol: number
  readonly segment: string | null
}

function Ends(flow: FlowEnds) {
  const { source, sourcePort, destination, destinationPort, protocol } = flow
  return (
    <span class="flow-ends">
      <span class="mono">{endText(source, sourcePort)}</span>
      <span class="mono">→ {endText(destination, destinationPort)}</span>
      <span class="quiet small">{protocolName(protocol)}</span>
    </span>
  )
}

function ExplainLink(flow: FlowEnds) {
  return (
    <a class="button is-small" href={explainLink(flow)}>
      {text.explain}
    </a>
  )
}

const heads = text.heads
const flowColumns: readonly Column<FlowAnswer>[] = [
  { head: heads.flow, isRowHead: true, cell: (flow) => <Ends {...flow} /> },
  {
    head: heads.verdict,
    cell: ({ verdict }) => <Badge tone={tones[verdict]}>{text.verdicts[verdict]}</Badge>,
  },
  {
    head: heads.way,
    cell: ({ peer, uplink }) => [peer, uplink].filter((one) => one !== null).join(' by ') || '–',
  },
  { head: heads.segment, cell: ({ segment }) => segment ?? '–' },
  {
    head: heads.policy,
    cell: (flow) => [flow.policy, flow.class].filter((one) => one !== null).join(', ') || '–',
  },
  { head: heads.amount, isNumber: true, cell: amountOf },
  { head: heads.idle, isNumber: true, cell: ({ idleSeconds }) => ago(idleSeconds) },
  { head: heads.act, isUnseenHead: true, cell: (flow) => <ExplainLink {...flow} /> },
]

function amountOf({ packets, bytes: size, isMore }: FlowAnswer): string {
  if (packets === null) return '–'
  const told = isMore ? text.least(count(packets)) : count(packets)
  return size === null ? told : `${told}, ${bytes(size)}`
}

const denialColumns: readonly Column<DenialAnswer & { readonly index: number }>[] = [
  { head: heads.flow, isRowHead: true, cell: (denial) => <Ends {...denial} /> },
  {
    head: heads.segment,
    cell: ({ segment, toSegment }) =>
      segment === toSegment ? segment || '–' : `${segment || '?'} → ${toSegment || '?'}`,
  },
  { head: heads.rule, cell: ({ rule }) => rule || text.defaultRule },
  { head: heads.why, isWide: true, cell: ({ meaning }) => meaning },
  {
    head: heads.when,
    isNumber: true,
    cell: ({ ageSeconds, suppressed }) => (
      <>
        {ago(ageSeconds)}
        {suppressed > 0 && <span class="quiet small"> {text.more(count(suppressed))}</span>}
      </>
    ),
  },
  { head: heads.act, isUnseenHead: true, cell: (denial) => <ExplainLink {...denial} /> },
]
