/** An uplink, made or changed. */
import type { Uplink } from '../../../firmware/model/device-config-uplink.ts'
import type { NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import { useAnswer } from '../../live/answer.ts'
import { Choice } from '../../part/choice.tsx'
import { NumberField, SelectField, SwitchField, TextField } from '../../part/field.tsx'
import { configText } from '../../text/en-config.ts'
import { uplinkFormText as text } from '../../text/en-uplink-form.ts'
import { EntryForm, type Form } from '../config/entry-form.tsx'
import { LinesField, RateField, WordField } from '../config/fields.tsx'
import { NicField } from '../config/nic-field.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'

type Change = Partial<Uplink>

export interface UplinkFormProps {
  readonly configuration: SoundConfiguration
  /** Null: a new one. */
  readonly index: number | null
  /** Of a new one, chosen already. */
  readonly nic?: string
  readonly onClose: () => void
}

export function UplinkForm({ configuration, index, nic = '', onClose }: UplinkFormProps) {
  const { uplinks } = useOpened(configuration)
  const nics = useAnswer<NicsAnswer>('/nics')
  const initial: Uplink =
    index === null ? { name: freeName(uplinks), nic, address: 'dhcp' } : uplinks[index]!
  return (
    <EntryForm<Uplink>
      title={index === null ? text.addTitle : configText.edit(initial.name)}
      configuration={configuration}
      at={['uplinks']}
      index={index}
      initial={initial}
      named="uplinks"
      isRemovable
      onClose={onClose}
    >
      {(form) => {
        const { value, set, errorOf } = form
        return (
          <>
            <TextField
              label={configText.name}
              help={configText.nameHelp}
              value={value.name}
              onInput={(name) => set({ name })}
              error={errorOf('name')}
              maxLength={15}
            />
            <div class="form-row">
              <NicField
                label={text.nic}
                nics={nics.value?.nics ?? []}
                value={value.nic}
                onInput={(chosen) => set({ nic: chosen })}
                error={errorOf('nic')}
              />
              <NumberField
                label={text.vlan}
                help={text.vlanHelp}
                isOptional
                value={value.vlan ?? null}
                min={1}
                max={4094}
                onInput={(vlan) => set({ vlan: vlan ?? undefined } as Change)}
                error={errorOf('vlan')}
              />
            </div>
            <Address form={form} />
            <Nature form={form} />
          </>
        )
      }}
    </EntryForm>
  )
}

function Address({ form: { value, set, errorOf } }: { readonly form: Form<Uplink> }) {
  const isLent = value.address === 'dhcp'
  const gateway = (field: 'gateway' | 'gateway6') => (
    <WordField
      label={text[field]}
      isOptional
      isMono
      value={value[field]}
      onInput={(word) => set({ [field]: word } as Change)}
      error={errorOf(field)}
    />
  )
  return (
    <>
      <div class="field">
        <span class="field-label">{text.how}</span>
        <Choice
          label={text.how}
          value={isLent ? 'dhcp' : 'own'}
          options={[
            ['dhcp', text.dhcp],
            ['own', text.own],
          ]}
          onChange={(how) => {
            const gone = { gateway: undefined, gateway6: undefined } as unknown as Change
            set(how === 'dhcp' ? { ...gone, address: 'dhcp' } : { address: [] })
          }}
        />
      </div>
      {!isLent && (
        <>
          <LinesField
            label={text.address}
            help={text.addressHelp}
            rows={2}
            value={value.address as readonly string[]}
            onInput={(address) => set({ address: address ?? [] })}
            error={errorOf('address')}
          />
          <div class="form-row">
            {gateway('gateway')}
            {gateway('gateway6')}
          </div>
        </>
      )}
    </>
  )
}

function Nature({ form: { value, set, errorOf } }: { readonly form: Form<Uplink> }) {
  return (
    <>
      <div class="form-row">
        <RateField
          label={text.up}
          value={value.up}
          onInput={(up) => set({ up } as Change)}
          error={errorOf('up')}
        />
        <RateField
          label={text.down}
          value={value.down}
          onInput={(down) => set({ down } as Change)}
          error={errorOf('down')}
        />
      </div>
      <SelectField
        label={text.kind}
        value={value.kind ?? 'internet'}
        options={[
          ['internet', text.kinds.internet],
          ['private', text.kinds.private],
        ]}
        onInput={(kind) => set({ kind: kind === 'internet' ? undefined : kind } as Change)}
        error={errorOf('kind')}
      />
      <SwitchField
        label={text.metered}
        help={text.meteredHelp}
        value={value.metered === true}
        onInput={(isMetered) => set({ metered: isMetered || undefined } as Change)}
        error={errorOf('metered')}
      />
      <SwitchField
        label={text.backup}
        help={text.backupHelp}
        value={value.backup === true}
        onInput={(isBackup) => set({ backup: isBackup || undefined } as Change)}
        error={errorOf('backup')}
      />
      <div class="form-row">
        <WordField
          label={text.risk}
          help={text.riskHelp}
          isOptional
          value={value.risk}
          onInput={(risk) => set({ risk } as Change)}
          error={errorOf('risk')}
        />
        <NumberField
          label={text.mtu}
          help={text.mtuHelp}
          isOptional
          value={value.mtu ?? null}
          min={1280}
          max={9216}
          onInput={(mtu) => set({ mtu: mtu ?? undefined } as Change)}
          error={errorOf('mtu')}
        />
      </div>
    </>
  )
}

function freeName(uplinks: readonly Uplink[]): string {
  const taken = new Set(uplinks.map(({ name }) => name))
  return ['wan0', ...uplinks.map((_, index) => `wan${index + 1}`)].find((one) => !taken.has(one))!
}
