/** How an uplink is shaped: its rates, its profile, and how what leaves it is marked. */
import { defaultProfileName } from '../../../firmware/model/device-config-qos.ts'
import type { Uplink } from '../../../firmware/model/device-config-uplink.ts'
import { profilesOf } from '../../config/shares.ts'
import { NumberField, SelectField } from '../../part/field.tsx'
import { qosText as text } from '../../text/en-qos.ts'
import { EntryForm } from '../config/entry-form.tsx'
import { RateField } from '../config/fields.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'

type Change = Partial<Uplink>

export interface ShapingFormProps {
  readonly configuration: SoundConfiguration
  readonly index: number
  readonly onClose: () => void
}

export function ShapingForm({ configuration, index, onClose }: ShapingFormProps) {
  const initial = useOpened(configuration).uplinks[index]!
  return (
    <EntryForm<Uplink>
      title={text.shaping(initial.name)}
      configuration={configuration}
      at={['uplinks']}
      index={index}
      initial={initial}
      onClose={onClose}
    >
      {({ value, set, errorOf }) => (
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
            label={text.profile}
            value={value.profile ?? defaultProfileName}
            options={profilesOf(configuration.config).map(({ name }) => [name, name])}
            onInput={(name) =>
              set({ profile: name === defaultProfileName ? undefined : name } as Change)
            }
            error={errorOf('profile')}
          />
          <SelectField
            label={text.marks}
            help={text.marksHelp}
            value={value.marks ?? 'class'}
            options={[
              ['class', text.markNames.class],
              ['copy', text.markNames.copy],
              ['none', text.markNames.none],
            ]}
            onInput={(marks) => set({ marks: marks === 'class' ? undefined : marks } as Change)}
            error={errorOf('marks')}
          />
          <NumberField
            label={text.internet}
            help={text.internetHelp}
            isOptional
            value={value.internet ?? null}
            min={10}
            max={100}
            onInput={(internet) => set({ internet: internet ?? undefined } as Change)}
            error={errorOf('internet')}
          />
        </>
      )}
    </EntryForm>
  )
}
