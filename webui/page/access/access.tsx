/** Access rules: who may talk with whom, in the order in which they decide; and who was kept out lately. */
import { useState } from 'preact/hooks'
import type { AclRule } from '../../../firmware/model/device-config.ts'
import type { DenialAnswer, DenialsAnswer } from '../../../firmware/model/local-api-denial.ts'
import { useAnswer } from '../../live/answer.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Table } from '../../part/table.tsx'
import { frameText } from '../../text/en.ts'
import { accessText as text } from '../../text/en-access.ts'
import { ConfigPage } from '../config/config-page.tsx'
import { EditButton } from '../config/edit-button.tsx'
import { Order } from '../config/order.tsx'
import type { SoundConfiguration } from '../config/use-config.ts'
import { Denials } from './denials.tsx'
import { type EditedRule, RuleForm } from './rule-form.tsx'
import { whatText } from './what-text.ts'

const againMs = 5_000

export function Page() {
  const [edited, setEdited] = useState<EditedRule | null>(null)
  const denials = useAnswer<DenialsAnswer>('/denials', { everyMs: againMs })
  return (
    <ConfigPage
      title={frameText.pages.access}
      about={text.about}
      actions={({ mayEdit, config }) =>
        mayEdit &&
        config.segments.length > 0 && (
          <Button icon="plus" onClick={() => setEdited(newRule(config.segments.map(nameOf)))}>
            {text.add}
          </Button>
        )
      }
    >
      {(configuration) => (
        <div class="stack">
          <Rules
            configuration={configuration}
            denials={denials.value?.denials ?? []}
            onEdit={setEdited}
          />
          <Denials configuration={configuration} denials={denials} onAllow={setEdited} />
          {edited !== null && (
            <RuleForm
              configuration={configuration}
              edited={edited}
              onClose={() => setEdited(null)}
            />
          )}
        </div>
      )}
    </ConfigPage>
  )
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

function newRule(segments: readonly string[]): AclRule {
  const [from = '', to = from] = segments
  return { name: '', action: 'allow', from: { segment: from }, to: { segment: to } }
}

interface RulesProps {
  readonly configuration: SoundConfiguration
  readonly denials: readonly DenialAnswer[]
  readonly onEdit: (edited: EditedRule) => void
}

function Rules({ configuration, denials, onEdit }: RulesProps) {
  const { config, mayEdit } = configuration
  const rules = (config.acl ?? []).map((rule, index) => ({ rule, index }))
  return (
    <Card title={text.list} isFlush>
      <Table
        caption={text.list}
        rows={rules}
        keyOf={({ rule }) => rule.name}
        empty={<p class="card-note quiet">{text.none}</p>}
        columns={[
          {
            head: text.rule,
            isRowHead: true,
            cell: ({ rule, index }) => (
              <>
                {index + 1}. {rule.name}
              </>
            ),
          },
          { head: text.does, cell: ({ rule }) => <Action rule={rule} denials={denials} /> },
          { head: text.from, cell: ({ rule }) => <Side side={rule.from} /> },
          { head: text.to, cell: ({ rule }) => <Side side={rule.to} /> },
          { head: text.what, cell: ({ rule }) => whatText(rule) },
          {
            head: text.order,
            isUnseenHead: true,
            isWide: true,
            cell: ({ rule, index }) =>
              mayEdit && (
                <span class="row-actions">
                  <Order
                    configuration={configuration}
                    at={['acl']}
                    index={index}
                    count={rules.length}
                    name={rule.name}
                  />
                  <EditButton name={rule.name} onClick={() => onEdit(index)} />
                </span>
              ),
          },
        ]}
      />
    </Card>
  )
}

interface ActionProps {
  readonly rule: AclRule
  readonly denials: readonly DenialAnswer[]
}

function Action({ rule: { name, action }, denials }: ActionProps) {
  const kept = denials.filter(({ rule }) => rule === name).length
  return (
    <>
      {action === 'allow' ? (
        <Badge tone="good" icon="check">
          {text.allow}
        </Badge>
      ) : (
        <Badge tone="bad" icon="close">
          {text.deny}
        </Badge>
      )}
      {kept > 0 && <div class="quiet small">{text.deniedBy(kept)}</div>}
    </>
  )
}

function Side({ side: { segment, prefix } }: { readonly side: AclRule['from'] }) {
  return (
    <>
      {segment}
      {prefix !== undefined && (
        <div>
          <code>{prefix}</code>
        </div>
      )}
    </>
  )
}
