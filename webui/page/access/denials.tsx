/** Who was kept out lately, why, and a rule that would let them in. */
import type { AclRule } from '../../../firmware/model/device-config.ts'
import type { DenialAnswer, DenialsAnswer } from '../../../firmware/model/local-api-denial.ts'
import { allowanceFor, flowOf } from '../../config/allowance.ts'
import type { Answered } from '../../live/answer.ts'
import { Answer } from '../../part/answer.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Table } from '../../part/table.tsx'
import { accessText } from '../../text/en-access.ts'
import { ago } from '../../text/format.ts'
import type { SoundConfiguration } from '../config/use-config.ts'
import { whatText } from './what-text.ts'

const text = accessText.denials

export interface DenialsProps {
  readonly configuration: SoundConfiguration
  readonly denials: Answered<DenialsAnswer>
  readonly onAllow: (rule: AclRule) => void
}

const mostShown = 30

export function Denials(props: DenialsProps) {
  return (
    <Card title={text.title} about={text.about} isFlush>
      <Answer of={props.denials}>{({ denials }) => <List {...props} denials={denials} />}</Answer>
    </Card>
  )
}

interface ListProps extends Omit<DenialsProps, 'denials'> {
  readonly denials: readonly DenialAnswer[]
}

function List({ configuration, denials, onAllow }: ListProps) {
  return (
    <Table
      caption={text.title}
      rows={denials.slice(0, mostShown).map((denial, index) => ({ denial, index }))}
      keyOf={({ index }) => index}
      empty={<p class="card-note quiet">{text.none}</p>}
      columns={[
        {
          head: text.when,
          cell: ({ denial }) => (
            <>
              {ago(denial.ageSeconds)}
              {denial.suppressed > 0 && (
                <div class="quiet small">{text.suppressed(denial.suppressed)}</div>
              )}
            </>
          ),
        },
        {
          head: accessText.from,
          cell: ({ denial: { source, segment, peer } }) => (
            <>
              <code>{source}</code>
              <div class="quiet small">
                {segment} {peer !== '' && text.at(peer)}
              </div>
            </>
          ),
        },
        {
          head: accessText.to,
          cell: ({ denial: { destination, toSegment } }) => (
            <>
              <code>{destination}</code>
              <div class="quiet small">{toSegment}</div>
            </>
          ),
        },
        { head: accessText.what, cell: ({ denial }) => whatText(flowOf(denial)) },
        {
          head: text.why,
          cell: ({ denial: { rule, meaning } }) => (
            <span title={meaning}>{rule === '' ? text.noRule : text.byRule(rule)}</span>
          ),
        },
        {
          head: text.allow,
          isUnseenHead: true,
          cell: ({ denial }) => {
            const rule = configuration.mayEdit ? allowanceFor(configuration.config, denial) : null
            return (
              rule !== null && (
                <Button isSmall onClick={() => onAllow(rule)}>
                  {text.allow}
                </Button>
              )
            )
          },
        },
      ]}
    />
  )
}
