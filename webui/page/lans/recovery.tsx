/** The recovery port of an appliance: which NIC it is, and its address. Of a machine that has none, nothing is shown. */
import { useState } from 'preact/hooks'
import type { Recovery } from '../../../firmware/model/device-config-box.ts'
import type { NicAnswer, NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { configText } from '../../text/en-config.ts'
import { lansText as text } from '../../text/en-lans.ts'
import { EditButton } from '../config/edit-button.tsx'
import { EntryForm } from '../config/entry-form.tsx'
import { WordField } from '../config/fields.tsx'
import { NicField } from '../config/nic-field.tsx'
import type { SoundConfiguration } from '../config/use-config.ts'

export interface RecoveryCardProps {
  readonly configuration: SoundConfiguration
  readonly told: NicsAnswer['recovery']
  readonly nics: readonly NicAnswer[]
}

export function RecoveryCard({ configuration, told, nics }: RecoveryCardProps) {
  const [isEdited, setEdited] = useState(false)
  const { config, mayEdit } = configuration
  if (told === null && config.recovery === undefined) return null
  const initial = config.recovery ?? { nic: told === null ? '' : `netdev:${told.nic}` }
  return (
    <Card
      title={text.recovery}
      about={text.recoveryAbout}
      actions={mayEdit && <EditButton name={text.recovery} onClick={() => setEdited(true)} />}
    >
      {told === null ? (
        <p class="quiet">{configText.none}</p>
      ) : (
        <KeyValue
          items={[
            [text.nic, <code key="nic">{told.nic}</code>],
            [text.recoveryAddress, <code key="address">{told.address}</code>],
            [text.page, <code key="page">{`https://${told.address.split('/')[0]}/`}</code>],
          ]}
        />
      )}
      {isEdited && (
        <EntryForm<Recovery>
          title={text.recovery}
          configuration={configuration}
          at={['recovery']}
          initial={initial}
          onClose={() => setEdited(false)}
        >
          {({ value, set, errorOf }) => (
            <>
              <NicField
                label={text.nic}
                help={text.recoveryNicHelp}
                nics={nics}
                value={value.nic}
                onInput={(nic) => set({ nic })}
                error={errorOf('nic')}
              />
              <WordField
                label={text.recoveryAddress}
                help={text.recoveryAddressHelp}
                isOptional
                value={value.address}
                onInput={(address) => set({ address } as Partial<Recovery>)}
                error={errorOf('address')}
              />
            </>
          )}
        </EntryForm>
      )}
    </Card>
  )
}
