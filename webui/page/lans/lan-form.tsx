/** A LAN, made or changed: where it is plugged in, its addresses, and what the box lends there. */
import type { Lan, LanDhcp } from '../../../firmware/model/device-config.ts'
import type { NicAnswer } from '../../../firmware/model/local-api-lan.ts'
import { rangeFor } from '../../config/range.ts'
import { NumberField, SelectField, SwitchField, TextField } from '../../part/field.tsx'
import { configText } from '../../text/en-config.ts'
import { lansText as text } from '../../text/en-lans.ts'
import { EntryForm, type Form } from '../config/entry-form.tsx'
import { LinesField } from '../config/fields.tsx'
import { NicField } from '../config/nic-field.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'

type Change = Partial<Lan>

export interface LanFormProps {
  readonly configuration: SoundConfiguration
  readonly index: number | null
  readonly nics: readonly NicAnswer[]
  /** Chosen already. */
  readonly nic?: string
  readonly onClose: () => void
}

export function LanForm({ configuration, index, nics, nic = '', onClose }: LanFormProps) {
  const { lans, segments } = useOpened(configuration)
  const fresh: Lan = {
    name: freeName(lans),
    nic,
    segment: segments[0]?.name ?? '',
    address: [],
  }
  const initial = index === null ? fresh : lans[index]!
  return (
    <EntryForm<Lan>
      title={index === null ? text.addTitle : configText.edit(initial.name)}
      configuration={configuration}
      at={['lans']}
      index={index}
      initial={initial}
      isRemovable
      onClose={onClose}
    >
      {(form) => {
        const { value, set, errorOf } = form
        return (
          <>
            <div class="form-row">
              <TextField
                label={configText.name}
                help={configText.nameHelp}
                value={value.name}
                onInput={(name) => set({ name })}
                error={errorOf('name')}
                maxLength={15}
              />
              <SelectField
                label={text.segment}
                value={value.segment}
                options={segments.map(({ name }) => [name, name])}
                onInput={(segment) => set({ segment })}
                error={errorOf('segment')}
              />
            </div>
            <div class="form-row">
              <NicField
                label={text.nic}
                help={text.nicHelp}
                nics={nics}
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
            <LinesField
              label={text.address}
              help={text.addressHelp}
              value={value.address}
              rows={2}
              placeholder="10.1.0.1/24"
              onInput={(address) => set({ address: address ?? [] })}
              error={errorOf('address')}
            />
            <Dhcp form={form} />
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
          </>
        )
      }}
    </EntryForm>
  )
}

function Dhcp({ form: { value, set, errorOf } }: { readonly form: Form<Lan> }) {
  const { dhcp } = value
  const change = (more: { [Name in keyof LanDhcp]?: LanDhcp[Name] | undefined }): void =>
    set({ dhcp: { ...dhcp, ...more } as LanDhcp })
  return (
    <>
      <SwitchField
        label={text.dhcp}
        help={text.dhcpHelp}
        value={dhcp !== undefined}
        onInput={(isOn) => set({ dhcp: isOn ? rangeFor(value.address) : undefined } as Change)}
        error={dhcp === undefined ? errorOf('dhcp') : null}
      />
      {dhcp !== undefined && (
        <div class="form-row">
          <TextField
            label={text.from}
            value={dhcp.from}
            onInput={(from) => change({ from: from.trim() })}
            error={errorOf('dhcp/from')}
            isMono
          />
          <TextField
            label={text.to}
            value={dhcp.to}
            onInput={(to) => change({ to: to.trim() })}
            error={errorOf('dhcp/to')}
            isMono
          />
          <NumberField
            label={text.lease}
            help={text.leaseHelp}
            isOptional
            value={dhcp.leaseSeconds ?? null}
            min={120}
            max={604_800}
            onInput={(seconds) => change({ leaseSeconds: seconds ?? undefined })}
            error={errorOf('dhcp/leaseSeconds')}
          />
        </div>
      )}
    </>
  )
}

function freeName(lans: readonly Lan[]): string {
  const taken = new Set(lans.map(({ name }) => name))
  return ['lan0', ...lans.map((_, index) => `lan${index + 1}`)].find((name) => !taken.has(name))!
}
