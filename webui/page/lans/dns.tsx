/** DNS for the hosts of LANs that have DHCP: their domain, and whom the box asks. */
import { useState } from 'preact/hooks'
import type { Dns as DnsConfig } from '../../../firmware/model/device-config.ts'
import type { LansAnswer } from '../../../firmware/model/local-api-lan.ts'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { configText } from '../../text/en-config.ts'
import { lansText as text } from '../../text/en-lans.ts'
import { EditButton } from '../config/edit-button.tsx'
import { EntryForm } from '../config/entry-form.tsx'
import { LinesField, WordField } from '../config/fields.tsx'
import type { SoundConfiguration } from '../config/use-config.ts'

export interface DnsProps {
  readonly configuration: SoundConfiguration
  readonly told: LansAnswer['dns'] | null
}

export function Dns({ configuration, told }: DnsProps) {
  const [isEdited, setEdited] = useState(false)
  const { config, mayEdit } = configuration
  const servers = config.dns?.servers ?? told?.servers ?? []
  const isLent = config.dns?.servers === undefined
  return (
    <Card
      title={text.dns}
      about={text.dnsAbout}
      actions={mayEdit && <EditButton name={text.dns} onClick={() => setEdited(true)} />}
    >
      <KeyValue
        items={[
          [text.domain, config.dns?.domain ?? configText.none],
          [
            text.servers,
            <>
              {servers.length === 0 ? text.nobodyAsked : <code>{servers.join(', ')}</code>}
              {isLent && servers.length > 0 && <span class="quiet"> {text.lentServers}</span>}
            </>,
          ],
        ]}
      />
      {isEdited && (
        <EntryForm<DnsConfig>
          title={text.dns}
          configuration={configuration}
          at={['dns']}
          initial={config.dns ?? {}}
          onClose={() => setEdited(false)}
        >
          {({ value, set, errorOf }) => (
            <>
              <WordField
                label={text.domain}
                help={text.domainHelp}
                isOptional
                value={value.domain}
                onInput={(domain) => set({ domain } as Partial<DnsConfig>)}
                error={errorOf('domain')}
              />
              <LinesField
                label={text.servers}
                help={text.serversHelp}
                isOptional
                value={value.servers}
                onInput={(list) => set({ servers: list } as Partial<DnsConfig>)}
                error={errorOf('servers')}
              />
            </>
          )}
        </EntryForm>
      )}
    </Card>
  )
}
