/** LANs: each with its addresses and who has one; DNS for them; and the NICs of the box with their roles. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Lan } from '../../../firmware/model/device-config.ts'
import type { LanAnswer, LansAnswer, NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import { useAnswer } from '../../live/answer.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { Meter } from '../../part/meter.tsx'
import { frameText } from '../../text/en.ts'
import { lansText as text } from '../../text/en-lans.ts'
import { rate } from '../../text/format.ts'
import { ConfigPage } from '../config/config-page.tsx'
import { EditButton } from '../config/edit-button.tsx'
import type { SoundConfiguration } from '../config/use-config.ts'
import { UplinkForm } from '../uplinks/uplink-form.tsx'
import { Carrier } from './carrier.tsx'
import { Dns } from './dns.tsx'
import { LanForm } from './lan-form.tsx'
import { Leases } from './leases.tsx'
import { Nics } from './nics.tsx'
import { RecoveryCard } from './recovery.tsx'
import './lans.css'

type Edited = {
  readonly kind: 'lan' | 'uplink'
  readonly index: number | null
  readonly nic?: string
}

const againMs = { lans: 10_000, nics: 30_000 }

export function Page() {
  const [edited, setEdited] = useState<Edited | null>(null)
  const lans = useAnswer<LansAnswer>('/lans', { everyMs: againMs.lans })
  const nics = useAnswer<NicsAnswer>('/nics', { everyMs: againMs.nics })
  const close = (): void => setEdited(null)
  return (
    <ConfigPage
      title={frameText.pages.lans}
      about={text.about}
      actions={({ mayEdit }) =>
        mayEdit && (
          <Button icon="plus" onClick={() => setEdited({ kind: 'lan', index: null })}>
            {text.add}
          </Button>
        )
      }
    >
      {(configuration) => (
        <div class="stack">
          <Lans
            configuration={configuration}
            told={lans.value?.lans ?? []}
            onEdit={(index) => setEdited({ kind: 'lan', index })}
          />
          <Dns configuration={configuration} told={lans.value?.dns ?? null} />
          <RecoveryCard
            configuration={configuration}
            told={nics.value?.recovery ?? null}
            nics={nics.value?.nics ?? []}
          />
          <Nics
            told={nics.value?.nics ?? null}
            recovery={nics.value?.recovery?.nic ?? null}
            error={nics.error}
            mayEdit={configuration.mayEdit}
            onUse={(kind, nic) => setEdited({ kind, index: null, nic })}
          />
          {edited?.kind === 'lan' && (
            <LanForm
              configuration={configuration}
              index={edited.index}
              nics={nics.value?.nics ?? []}
              {...(edited.nic === undefined ? {} : { nic: edited.nic })}
              onClose={close}
            />
          )}
          {edited?.kind === 'uplink' && (
            <UplinkForm
              configuration={configuration}
              index={edited.index}
              {...(edited.nic === undefined ? {} : { nic: edited.nic })}
              onClose={close}
            />
          )}
        </div>
      )}
    </ConfigPage>
  )
}

interface LansProps {
  readonly configuration: SoundConfiguration
  readonly told: readonly LanAnswer[]
  readonly onEdit: (index: number) => void
}

function Lans({ configuration, told, onEdit }: LansProps) {
  const { config, mayEdit } = configuration
  if (config.lans.length === 0) {
    return (
      <Empty icon="lan" title={text.none}>
        <p>{text.noneText}</p>
      </Empty>
    )
  }
  return (
    <>
      {config.lans.map((lan, index) => (
        <LanCard
          key={lan.name}
          lan={lan}
          told={told.find(({ name }) => name === lan.name) ?? null}
          edit={mayEdit && <EditButton name={lan.name} onClick={() => onEdit(index)} />}
        />
      ))}
    </>
  )
}

interface LanCardProps {
  readonly lan: Lan
  /** Null: the box has not said, or does not have it yet. */
  readonly told: LanAnswer | null
  readonly edit: ComponentChildren
}

function LanCard({ lan, told, edit }: LanCardProps) {
  const { name, address, segment, nic, vlan, mtu } = lan
  const traffic = told?.throughput ?? null
  return (
    <Card
      title={
        <>
          {name} <Carrier isUp={told?.isUp ?? null} />
        </>
      }
      actions={edit}
    >
      <div class="stack">
        <KeyValue
          items={[
            [text.address, address.map((one) => <code key={one}>{one} </code>)],
            [text.segment, segment],
            [
              text.nic,
              <>
                <code>{nic}</code>, {vlan === undefined ? text.untagged : text.vlanTag(vlan)}
              </>,
            ],
            [text.mtu, mtu],
            [
              text.traffic,
              traffic === null
                ? null
                : `${text.fromHosts(rate(traffic.rxBitsPerSecond))}, ${text.toHosts(rate(traffic.txBitsPerSecond))}`,
            ],
          ]}
        />
        {lan.dhcp === undefined ? (
          <p class="quiet">{text.noDhcp}</p>
        ) : (
          <>
            {told?.range != null && (
              <div class="lent">
                <p>{text.lent(told.leases.length, told.range.size)}</p>
                <Meter
                  value={told.leases.length / told.range.size}
                  label={text.lent(told.leases.length, told.range.size)}
                  {...(told.leases.length > told.range.size * 0.9 ? { tone: 'warn' as const } : {})}
                />
                <p class="quiet small">
                  {lan.dhcp.from} – {lan.dhcp.to}
                </p>
              </div>
            )}
            <Leases lan={name} leases={told?.leases ?? []} />
          </>
        )}
      </div>
    </Card>
  )
}
