/** A peer, made or changed: its key, where it is called, and what is behind it. */
import type { Peer } from '../../../firmware/model/device-config.ts'
import { SelectField, SwitchField, TextField } from '../../part/field.tsx'
import { configText } from '../../text/en-config.ts'
import { peerFormText as text } from '../../text/en-uplink-form.ts'
import { EntryForm } from '../config/entry-form.tsx'
import { LinesField, RateField } from '../config/fields.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'

type Change = Partial<Peer>

export interface PeerFormProps {
  readonly configuration: SoundConfiguration
  /** Null: a new one. */
  readonly index: number | null
  readonly onClose: () => void
}

export function PeerForm({ configuration, index, onClose }: PeerFormProps) {
  const { peers, segments } = useOpened(configuration)
  const fresh: Peer = { name: '', wireKey: '', endpoints: [], segments: {} }
  const initial = index === null ? fresh : peers[index]!
  return (
    <EntryForm<Peer>
      title={index === null ? text.addTitle : configText.edit(initial.name)}
      configuration={configuration}
      at={['peers']}
      index={index}
      initial={initial}
      isRemovable
      onClose={onClose}
    >
      {({ value, set, errorOf }) => (
        <>
          <div class="form-row">
            <TextField
              label={text.name}
              help={configText.nameHelp}
              value={value.name}
              onInput={(name) => set({ name })}
              error={errorOf('name')}
              maxLength={31}
            />
            <SelectField
              label={text.role}
              value={value.role ?? 'site'}
              options={[
                ['site', text.roles.site],
                ['hub', text.roles.hub],
              ]}
              onInput={(role) => set({ role: role === 'site' ? undefined : role } as Change)}
              error={errorOf('role')}
            />
          </div>
          <TextField
            label={text.wireKey}
            help={text.wireKeyHelp}
            isMono
            value={value.wireKey}
            onInput={(key) => set({ wireKey: key.trim() })}
            error={errorOf('wireKey')}
            maxLength={64}
          />
          <LinesField
            label={text.endpoints}
            help={text.endpointsHelp}
            rows={2}
            value={value.endpoints}
            onInput={(endpoints) => set({ endpoints: endpoints ?? [] })}
            error={errorOf('endpoints')}
          />
          {segments.map(({ name }) => (
            <LinesField
              key={name}
              label={text.prefixes(name)}
              help={text.prefixesHelp}
              isOptional
              rows={2}
              value={value.segments[name]}
              onInput={(prefixes) => {
                const { [name]: _, ...others } = value.segments
                const all =
                  prefixes === undefined ? others : { ...value.segments, [name]: prefixes }
                set({ segments: all })
              }}
              error={errorOf(`segments/${name}`)}
            />
          ))}
          {value.role === 'hub' && (
            <SwitchField
              label={text.transit}
              help={text.transitHelp}
              value={value.transit === true}
              onInput={(isOn) => set({ transit: isOn || undefined } as Change)}
              error={errorOf('transit')}
            />
          )}
          <RateField
            label={text.limit}
            help={text.limitHelp}
            value={value.limit}
            onInput={(limit) => set({ limit } as Change)}
            error={errorOf('limit')}
          />
        </>
      )}
    </EntryForm>
  )
}
