/** A policy, made or changed: which flows, what of a path is good enough for them, which way they go. */

import { trafficClasses } from '../../../firmware/model/device-config-qos.ts'
import type { Policy, PolicyFlows } from '../../../firmware/model/device-config-steering.ts'
import { knownApplications } from '../../../firmware/model/known-applications.ts'
import { NumberField, SelectField, SwitchField, TextField } from '../../part/field.tsx'
import { configText } from '../../text/en-config.ts'
import { policiesText } from '../../text/en-policies.ts'
import { EntryForm, type Form } from '../config/entry-form.tsx'
import { SetField, unset, WordsField } from '../config/fields.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'
import { ApplicationsField, PreferField } from './policy-fields.tsx'

const text = policiesText.form

/** An entry by its place, or a new one of this name. */
export type EditedPolicy = number | { readonly name: string }

export interface PolicyFormProps {
  readonly configuration: SoundConfiguration
  readonly edited: EditedPolicy
  readonly onClose: () => void
}

export function PolicyForm({ configuration, edited, onClose }: PolicyFormProps) {
  const { policies = [] } = useOpened(configuration)
  const isNew = typeof edited !== 'number'
  const initial: Policy = isNew ? newPolicy(edited.name) : policies[edited]!
  const isRest = initial.name === 'default'
  const title = isRest
    ? policiesText.default
    : isNew
      ? policiesText.addTitle
      : configText.edit(initial.name)
  return (
    <EntryForm<Policy>
      title={title}
      configuration={configuration}
      at={['policies']}
      index={isNew ? null : edited}
      initial={initial}
      isRemovable
      isWide
      onClose={onClose}
    >
      {(form) => (
        <>
          {!isRest && <Which form={form} configuration={configuration} />}
          <Limits form={form} />
          <Way form={form} configuration={configuration} />
        </>
      )}
    </EntryForm>
  )
}

function newPolicy(name: string): Policy {
  return name === 'default' ? { name, metered: 'last' } : { name, for: {} }
}

interface PartProps {
  readonly form: Form<Policy>
  readonly configuration: SoundConfiguration
}

function Which({ form: { value, set, errorOf }, configuration: { config } }: PartProps) {
  const flows: PolicyFlows = value.for ?? {}
  const setFlows = (
    change: { [Name in keyof PolicyFlows]?: PolicyFlows[Name] | undefined },
  ): void => set({ for: { ...flows, ...change } as PolicyFlows })
  const names = new Set([
    ...(config.applications ?? []).map(({ name }) => name),
    ...knownApplications.map(({ name }) => name),
  ])
  return (
    <>
      <TextField
        label={configText.name}
        help={configText.nameHelp}
        value={value.name}
        onInput={(name) => set({ name })}
        error={errorOf('name')}
        maxLength={31}
      />
      <h3>{text.which}</h3>
      <ApplicationsField
        known={[...names]}
        value={flows.applications}
        onInput={(applications) => setFlows({ applications })}
        error={errorOf('for')}
      />
      {config.segments.length > 0 && (
        <SetField
          label={text.segments}
          help={text.segmentsHelp}
          options={config.segments.map(({ name }) => [name, name])}
          value={flows.segments}
          onInput={(segments) => setFlows({ segments })}
        />
      )}
      <WordsField
        label={text.dscp}
        help={text.dscpHelp}
        isOptional
        value={flows.dscp}
        onInput={(dscp) => setFlows({ dscp })}
        error={errorOf('for/dscp')}
      />
    </>
  )
}

function Limits({ form: { value, set, errorOf } }: Pick<PartProps, 'form'>) {
  const number = (name: 'latencyMs' | 'jitterMs' | 'loss', label: string, help: string) => (
    <NumberField
      label={label}
      help={help}
      isOptional
      value={value[name] ?? null}
      {...(name === 'loss' ? { step: 0.01 } : {})}
      onInput={(entered) => set({ [name]: entered ?? undefined } as Partial<Policy>)}
      error={errorOf(name)}
    />
  )
  return (
    <>
      <h3>{text.limits}</h3>
      <div class="form-row">
        {number('latencyMs', text.latency, text.ms)}
        {number('jitterMs', text.jitter, text.ms)}
        {number('loss', text.loss, text.percent)}
      </div>
    </>
  )
}

function Way({ form, configuration: { config } }: PartProps) {
  const { value, set, errorOf } = form
  return (
    <>
      <h3>{text.way}</h3>
      <PreferField
        uplinks={config.uplinks.map(({ name }) => name)}
        value={value.prefer}
        onInput={(prefer) => set({ prefer } as Partial<Policy>)}
        error={errorOf('prefer')}
      />
      <SetField
        label={text.kinds}
        options={[
          ['internet', text.kindNames.internet],
          ['private', text.kindNames.private],
        ]}
        value={value.kinds}
        onInput={(kinds) => set({ kinds } as Partial<Policy>)}
        error={errorOf('kinds')}
      />
      <div class="form-row">
        <Select form={form} field="metered" label={text.metered} names={text.meteredNames} />
        <Select form={form} field="otherwise" label={text.otherwise} names={text.otherwiseNames} />
        <Select form={form} field="use" label={text.use} names={text.useNames} />
        <SelectField
          label={text.class}
          help={text.classHelp}
          value={value.class ?? unset}
          options={[
            [unset, text.byMarks] as const,
            ...trafficClasses.map((name) => [name, policiesText.classes[name]] as const),
          ]}
          onInput={(chosen) =>
            set({ class: chosen === unset ? undefined : chosen } as Partial<Policy>)
          }
          error={errorOf('class')}
        />
      </div>
      <SwitchField
        label={text.breakout}
        help={text.breakoutHelp}
        value={value.breakout !== 'deny'}
        onInput={(isAllowed) =>
          set({ breakout: isAllowed ? undefined : 'deny' } as Partial<Policy>)
        }
        error={errorOf('breakout')}
      />
    </>
  )
}

interface SelectProps {
  readonly form: Form<Policy>
  readonly field: 'metered' | 'otherwise' | 'use'
  readonly label: string
  readonly names: Readonly<Record<string, string>>
}

/** What holds where nothing is said. */
const whatIsLeftOut: Readonly<Partial<Record<SelectProps['field'], string>>> = {
  otherwise: 'least-bad',
  use: 'one',
}

/** What is left out and what is said alike are told apart only where somebody said it. */
function Select({ form: { value, set, errorOf }, field, label, names }: SelectProps) {
  const said = value[field] ?? unset
  const options = Object.entries(names).filter(
    ([name]) => name === said || name !== whatIsLeftOut[field],
  )
  return (
    <SelectField
      label={label}
      value={said}
      options={options.map(([name, shown]) => [name, shown])}
      onInput={(chosen) =>
        set({ [field]: chosen === unset ? undefined : chosen } as Partial<Policy>)
      }
      error={errorOf(field)}
    />
  )
}
