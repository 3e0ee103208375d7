/** Policies: flows and what they want of the ways, in the order in which they decide; and the applications that they name. */
import { useState } from 'preact/hooks'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Policy } from '../../../firmware/model/device-config-steering.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { frameText } from '../../text/en.ts'
import { policiesText as text } from '../../text/en-policies.ts'
import { ConfigPage } from '../config/config-page.tsx'
import { EditButton } from '../config/edit-button.tsx'
import { Order } from '../config/order.tsx'
import type { SoundConfiguration } from '../config/use-config.ts'
import { Applications } from './applications.tsx'
import { type EditedPolicy, PolicyForm } from './policy-form.tsx'
import './policies.css'

export function Page() {
  const [edited, setEdited] = useState<EditedPolicy | null>(null)
  return (
    <ConfigPage
      title={frameText.pages.policies}
      about={text.about}
      actions={({ mayEdit }) =>
        mayEdit && (
          <Button icon="plus" onClick={() => setEdited({ name: '' })}>
            {text.add}
          </Button>
        )
      }
    >
      {(configuration) => (
        <div class="stack">
          <Policies configuration={configuration} onEdit={setEdited} />
          <Applications configuration={configuration} />
          {edited !== null && (
            <PolicyForm
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

interface PoliciesProps {
  readonly configuration: SoundConfiguration
  readonly onEdit: (edited: EditedPolicy) => void
}

function Policies({ configuration, onEdit }: PoliciesProps) {
  const { config, mayEdit } = configuration
  const policies = config.policies ?? []
  const numbered = policies.map((policy, index) => ({ policy, index }))
  // That of all others is the last to be asked, wherever it stands.
  const named = numbered.filter(({ policy }) => policy.name !== 'default')
  const rest = numbered.find(({ policy }) => policy.name === 'default')
  return (
    <Card title={text.list} isFlush>
      <ol class="rules">
        {named.map(({ policy, index }, at) => (
          <li key={policy.name} class="rule">
            <span class="rule-number">{at + 1}</span>
            <PolicyBody policy={policy} config={config} />
            <span>
              {mayEdit && (
                <>
                  <Order
                    configuration={configuration}
                    at={['policies']}
                    index={index}
                    count={policies.length}
                    name={policy.name}
                  />
                  <EditButton name={policy.name} onClick={() => onEdit(index)} />
                </>
              )}
            </span>
          </li>
        ))}
        <li class="rule">
          <span class="rule-number">{named.length + 1}</span>
          {rest === undefined ? (
            <div class="rule-body">
              <p class="rule-name">{text.default}</p>
              <p class="quiet small">{text.defaultImplicit}</p>
            </div>
          ) : (
            <PolicyBody policy={rest.policy} config={config} />
          )}
          <span>
            {mayEdit && rest !== undefined && (
              <EditButton name={text.default} onClick={() => onEdit(rest.index)} />
            )}
            {mayEdit && rest === undefined && (
              <Button
                kind="quiet"
                icon="edit"
                isSmall
                label={text.addDefault}
                onClick={() => onEdit({ name: 'default' })}
              />
            )}
          </span>
        </li>
      </ol>
    </Card>
  )
}

function PolicyBody({ policy }: { readonly policy: Policy; readonly config: DeviceConfig }) {
  const { name, for: flows } = policy
  const isRest = name === 'default'
  return (
    <div class="rule-body">
      <p class="rule-name">
        {isRest ? text.default : name}
        {policy.class !== undefined && (
          <Badge tone="info" icon="qos">
            {text.classes[policy.class]}
          </Badge>
        )}
        {policy.breakout === 'deny' && <Badge icon="globe">{text.noBreakout}</Badge>}
      </p>
      {!isRest && (
        <div class="rule-line">
          <span>{text.for}</span>
          <span class="chips">
            {(flows?.applications ?? []).map((one) => (
              <span key={one} class="chip">
                {one}
              </span>
            ))}
            {flows?.applications === undefined && <span>{text.everything}</span>}
            {flows?.segments !== undefined && (
              <span>
                {text.from} {flows.segments.join(', ')}
              </span>
            )}
            {flows?.dscp !== undefined && <span>{text.marked(flows.dscp.join(', '))}</span>}
          </span>
        </div>
      )}
      <div class="rule-line">
        <span>{text.wants}</span>
        <span>{wantsText(policy)}</span>
      </div>
      <div class="rule-line">
        <span>{text.goes}</span>
        <span>{goesText(policy)}</span>
      </div>
    </div>
  )
}

function wantsText({ latencyMs, loss, jitterMs }: Policy): string {
  const wishes = [
    latencyMs === undefined ? '' : text.latency(latencyMs),
    loss === undefined ? '' : text.loss(loss),
    jitterMs === undefined ? '' : text.jitter(jitterMs),
  ].filter(Boolean)
  return wishes.length === 0 ? text.noLimits : wishes.join(', ')
}

function goesText({ prefer, use, kinds, metered = 'last', otherwise }: Policy): string {
  return [
    prefer === undefined ? (use === 'all' ? '' : text.best) : text.prefers(prefer.join(', ')),
    use === 'all' ? text.spread : '',
    kinds?.length === 1 ? text.kinds[kinds[0]!] : '',
    text.metered[metered],
    otherwise === 'drop' ? text.drop : '',
  ]
    .filter(Boolean)
    .join('; ')
}
