/** A rule, made or changed: who begins, with whom, with what, and whether that is allowed. */
import type { AclRule } from '../../../firmware/model/device-config.ts'
import { Choice } from '../../part/choice.tsx'
import { NumberField, SelectField, TextField } from '../../part/field.tsx'
import { accessText } from '../../text/en-access.ts'
import { configText } from '../../text/en-config.ts'
import { EntryForm, type Form } from '../config/entry-form.tsx'
import { WordField, WordsField } from '../config/fields.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'

const text = accessText.form
type Change = Partial<AclRule>

/** An entry by its place, or a new one that begins so. */
export type EditedRule = number | AclRule

export interface RuleFormProps {
  readonly configuration: SoundConfiguration
  readonly edited: EditedRule
  readonly onClose: () => void
}

export function RuleForm({ configuration, edited, onClose }: RuleFormProps) {
  const isNew = typeof edited !== 'number'
  const { acl = [], segments } = useOpened(configuration)
  const initial = isNew ? edited : acl[edited]!
  const names = segments.map(({ name }) => name)
  return (
    <EntryForm<AclRule>
      title={isNew ? accessText.addTitle : configText.edit(initial.name)}
      configuration={configuration}
      at={['acl']}
      index={isNew ? null : edited}
      initial={initial}
      isRemovable
      onClose={onClose}
    >
      {(form) => (
        <>
          <TextField
            label={configText.name}
            help={configText.nameHelp}
            value={form.value.name}
            onInput={(name) => form.set({ name })}
            error={form.errorOf('name')}
            maxLength={31}
          />
          <Choice
            label={text.action}
            value={form.value.action}
            options={[
              ['allow', accessText.allow],
              ['deny', accessText.deny],
            ]}
            onChange={(action) => form.set({ action })}
          />
          <SideFields form={form} side="from" segments={names} />
          <SideFields form={form} side="to" segments={names} />
          <What form={form} />
        </>
      )}
    </EntryForm>
  )
}

interface SideFieldsProps {
  readonly form: Form<AclRule>
  readonly side: 'from' | 'to'
  readonly segments: readonly string[]
}

function SideFields({ form: { value, set, errorOf }, side, segments }: SideFieldsProps) {
  const here = value[side]
  const change = (more: { segment?: string; prefix?: string | undefined }): void =>
    set({ [side]: { ...here, ...more } } as Change)
  return (
    <div class="form-row">
      <SelectField
        label={side === 'from' ? text.fromSegment : text.toSegment}
        value={here.segment}
        options={segments.map((name) => [name, name])}
        onInput={(segment) => change({ segment })}
        error={errorOf(`${side}/segment`)}
      />
      <WordField
        label={side === 'from' ? text.fromPrefix : text.toPrefix}
        help={text.prefixHelp}
        isOptional
        isMono
        value={here.prefix}
        onInput={(prefix) => change({ prefix })}
        error={errorOf(`${side}/prefix`)}
      />
    </div>
  )
}

type ProtocolChoice = keyof typeof text.protocols

function What({ form: { value, set, errorOf } }: { readonly form: Form<AclRule> }) {
  const { protocol } = value
  const chosen: ProtocolChoice =
    protocol === undefined ? 'any' : typeof protocol === 'number' ? 'other' : protocol
  const choose = (choice: ProtocolChoice): void => {
    if (choice === 'any') set({ protocol: undefined, ports: undefined } as unknown as Change)
    else if (choice === 'other') set({ protocol: 47, ports: undefined } as unknown as Change)
    else if (choice === 'icmp') set({ protocol: 'icmp', ports: undefined } as unknown as Change)
    else set({ protocol: choice })
  }
  return (
    <div class="form-row">
      <SelectField
        label={text.protocol}
        value={chosen}
        options={Object.entries(text.protocols) as [ProtocolChoice, string][]}
        onInput={choose}
        error={errorOf('protocol')}
      />
      {chosen === 'other' && (
        <NumberField
          label={text.number}
          value={Number(protocol)}
          min={1}
          max={255}
          onInput={(number) => set({ protocol: number ?? 0 })}
        />
      )}
      {(chosen === 'tcp' || chosen === 'udp') && (
        <WordsField
          label={text.ports}
          help={text.portsHelp}
          isOptional
          value={value.ports}
          onInput={(ports) => set({ ports } as Change)}
          error={errorOf('ports')}
        />
      )}
    </div>
  )
}
