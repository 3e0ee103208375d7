/** A segment, made or changed. */
import type { Segment } from '../../../firmware/model/device-config.ts'
import { NumberField, SwitchField, TextField } from '../../part/field.tsx'
import { Notice } from '../../part/notice.tsx'
import { configText } from '../../text/en-config.ts'
import { segmentsText as text } from '../../text/en-segments.ts'
import { EntryForm } from '../config/entry-form.tsx'
import { RateField } from '../config/fields.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'

export interface SegmentFormProps {
  readonly configuration: SoundConfiguration
  /** Null: a new one. */
  readonly index: number | null
  readonly onClose: () => void
}

export function SegmentForm({ configuration, index, onClose }: SegmentFormProps) {
  const { segments } = useOpened(configuration)
  const initial: Segment = index === null ? { name: '', vni: freeVni(segments) } : segments[index]!
  const isLastAdmin =
    initial.admin === true && segments.filter(({ admin }) => admin === true).length === 1
  return (
    <EntryForm<Segment>
      title={index === null ? text.addTitle : configText.edit(initial.name)}
      configuration={configuration}
      at={['segments']}
      index={index}
      initial={initial}
      named="segments"
      isRemovable
      onClose={onClose}
    >
      {({ value, set, errorOf }) => (
        <>
          <div class="form-row">
            <TextField
              label={configText.name}
              help={configText.nameHelp}
              value={value.name}
              onInput={(name) => set({ name })}
              error={errorOf('name')}
              maxLength={31}
            />
            <NumberField
              label={text.vni}
              help={text.vniHelp}
              value={value.vni}
              min={1}
              max={0xff_ffff}
              onInput={(vni) => set({ vni: vni ?? (undefined as never) })}
              error={errorOf('vni')}
            />
          </div>
          <SwitchField
            label={text.breakout}
            help={text.breakoutHelp}
            value={value.breakout === true}
            onInput={(breakout) => set({ breakout: breakout || undefined } as Partial<Segment>)}
            error={errorOf('breakout')}
          />
          <SwitchField
            label={text.admin}
            help={text.adminHelp}
            value={value.admin === true}
            onInput={(admin) => set({ admin: admin || undefined } as Partial<Segment>)}
            error={errorOf('admin')}
          />
          {isLastAdmin && value.admin !== true && <Notice tone="warn">{text.adminAlone}</Notice>}
          <div class="form-row">
            <RateField
              label={text.limitUp}
              help={text.limitUpHelp}
              value={value.limit?.up}
              onInput={(up) => set({ limit: { ...value.limit, up } } as Partial<Segment>)}
              error={errorOf('limit/up')}
            />
            <RateField
              label={text.limitDown}
              help={text.limitDownHelp}
              value={value.limit?.down}
              onInput={(down) => set({ limit: { ...value.limit, down } } as Partial<Segment>)}
              error={errorOf('limit/down')}
            />
          </div>
        </>
      )}
    </EntryForm>
  )
}

/** The next hundred: whoever counts so finds it easy to read. */
function freeVni(segments: readonly Segment[]): number {
  const highest = Math.max(0, ...segments.map(({ vni }) => vni))
  return Math.min((Math.floor(highest / 100) + 1) * 100, 0xff_ffff)
}
