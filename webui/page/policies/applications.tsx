/** Applications of this network's own, by which policies name flows. */
import { useState } from 'preact/hooks'
import type { Protocol } from '../../../firmware/model/device-config-fields.ts'
import type { Application } from '../../../firmware/model/device-config-steering.ts'
import { knownApplications } from '../../../firmware/model/known-applications.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { TextField } from '../../part/field.tsx'
import { Table } from '../../part/table.tsx'
import { configText } from '../../text/en-config.ts'
import { policiesText } from '../../text/en-policies.ts'
import { EditButton } from '../config/edit-button.tsx'
import { EntryForm } from '../config/entry-form.tsx'
import { LinesField, WordField, WordsField } from '../config/fields.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'

const text = policiesText.applications

export function Applications({ configuration }: { readonly configuration: SoundConfiguration }) {
  const [edited, setEdited] = useState<number | null | undefined>(undefined)
  const { config, mayEdit } = configuration
  const rows = (config.applications ?? []).map((application, index) => ({ application, index }))
  return (
    <Card
      title={text.title}
      about={text.about}
      isFlush
      actions={
        mayEdit && (
          <Button icon="plus" isSmall onClick={() => setEdited(null)}>
            {text.add}
          </Button>
        )
      }
    >
      <Table
        caption={text.title}
        rows={rows}
        keyOf={({ application }) => application.name}
        empty={<p class="card-note quiet">{text.none}</p>}
        columns={[
          { head: configText.name, isRowHead: true, cell: ({ application }) => application.name },
          { head: text.to, cell: ({ application }) => (application.to ?? []).join(', ') },
          {
            head: text.ports,
            cell: ({ application: { protocol, ports } }) =>
              [protocol, (ports ?? []).join(', ')].filter(Boolean).join(' '),
          },
          {
            head: text.names,
            cell: ({ application: { names, dscp } }) =>
              [...(names ?? []), ...(dscp ?? []).map((mark) => `DSCP ${mark}`)].join(', '),
          },
          {
            head: configText.done,
            isUnseenHead: true,
            cell: ({ application, index }) =>
              mayEdit && <EditButton name={application.name} onClick={() => setEdited(index)} />,
          },
        ]}
      />
      <details class="card-note">
        <summary>{text.known(knownApplications.length)}</summary>
        <p class="chips">
          {knownApplications.map(({ name }) => (
            <span key={name} class="chip">
              {name}
            </span>
          ))}
        </p>
      </details>
      {edited !== undefined && (
        <ApplicationForm
          configuration={configuration}
          index={edited}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Card>
  )
}

interface ApplicationFormProps {
  readonly configuration: SoundConfiguration
  readonly index: number | null
  readonly onClose: () => void
}

type Change = Partial<Application>

function ApplicationForm({ configuration, index, onClose }: ApplicationFormProps) {
  const { applications = [] } = useOpened(configuration)
  const initial: Application = index === null ? { name: '' } : applications[index]!
  return (
    <EntryForm<Application>
      title={index === null ? text.addTitle : configText.edit(initial.name)}
      configuration={configuration}
      at={['applications']}
      index={index}
      initial={initial}
      named="applications"
      isRemovable
      onClose={onClose}
    >
      {({ value, set, errorOf }) => (
        <>
          <TextField
            label={configText.name}
            help={configText.nameHelp}
            value={value.name}
            onInput={(name) => set({ name })}
            error={errorOf('name')}
            maxLength={31}
          />
          <LinesField
            label={text.to}
            isOptional
            value={value.to}
            placeholder="10.0.9.0/24"
            onInput={(to) => set({ to } as Change)}
            error={errorOf('to')}
          />
          <div class="form-row">
            <WordField
              label={text.protocol}
              isOptional
              value={value.protocol === undefined ? undefined : String(value.protocol)}
              placeholder="tcp"
              onInput={(word) => set({ protocol: protocolOf(word) } as Change)}
              error={errorOf('protocol')}
            />
            <WordsField
              label={text.ports}
              help={text.portsHelp}
              isOptional
              value={value.ports}
              onInput={(ports) => set({ ports } as Change)}
              error={errorOf('ports')}
            />
          </div>
          <LinesField
            label={text.names}
            help={text.namesHelp}
            isOptional
            value={value.names}
            onInput={(names) => set({ names } as Change)}
            error={errorOf('names')}
          />
          <WordsField
            label={policiesText.form.dscp}
            help={policiesText.form.dscpHelp}
            isOptional
            value={value.dscp}
            onInput={(dscp) => set({ dscp } as Change)}
            error={errorOf('dscp')}
          />
        </>
      )}
    </EntryForm>
  )
}

/** A number where it is one; what is none of both is told by the checks. */
export function protocolOf(word: string | undefined): Protocol | undefined {
  if (word === undefined) return undefined
  return (/^[0-9]+$/.test(word) ? Number(word) : word.toLowerCase()) as Protocol
}
