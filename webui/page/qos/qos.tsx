/** QoS: of each uplink its rates, who gets what of it while it is full, and what waits for it now; and the profiles. */
import { useState } from 'preact/hooks'
import { defaultProfileName } from '../../../firmware/model/device-config-qos.ts'
import type { Uplink } from '../../../firmware/model/device-config-uplink.ts'
import type { QueuedClass, UplinkQueue } from '../../../firmware/model/local-api-queue.ts'
import { profilesOf } from '../../config/shares.ts'
import { linkTo } from '../../live/route.ts'
import { status } from '../../live/status.ts'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { Notice } from '../../part/notice.tsx'
import { Table } from '../../part/table.tsx'
import { frameText } from '../../text/en.ts'
import { qosText as text } from '../../text/en-qos.ts'
import { bytes, count, delay, rate } from '../../text/format.ts'
import { ConfigPage } from '../config/config-page.tsx'
import { EditButton } from '../config/edit-button.tsx'
import type { SoundConfiguration } from '../config/use-config.ts'
import { Profiles } from './profiles.tsx'
import { ShapingForm } from './shaping-form.tsx'
import { Shares } from './shares.tsx'
import './qos.css'

export function Page() {
  const [shaped, setShaped] = useState<number | null>(null)
  return (
    <ConfigPage title={frameText.pages.qos} about={text.about}>
      {(configuration) => (
        <div class="stack">
          {configuration.config.uplinks.map((uplink, index) => (
            <UplinkCard
              key={uplink.name}
              uplink={uplink}
              configuration={configuration}
              onEdit={() => setShaped(index)}
            />
          ))}
          <Profiles configuration={configuration} />
          <Card title={text.limits}>
            <p>
              {text.limitsText} <a href={linkTo('segments')}>{text.toSegments}</a>
            </p>
          </Card>
          {shaped !== null && (
            <ShapingForm
              configuration={configuration}
              index={shaped}
              onClose={() => setShaped(null)}
            />
          )}
        </div>
      )}
    </ConfigPage>
  )
}

interface UplinkCardProps {
  readonly uplink: Uplink
  readonly configuration: SoundConfiguration
  readonly onEdit: () => void
}

function UplinkCard({ uplink, configuration, onEdit }: UplinkCardProps) {
  const { name, up, down, profile: called = defaultProfileName, marks = 'class' } = uplink
  const profile = profilesOf(configuration.config).find((one) => one.name === called)
  const queue = status.value?.uplinks.find((one) => one.name === name)?.queue ?? null
  return (
    <Card
      title={name}
      actions={configuration.mayEdit && <EditButton name={text.shaping(name)} onClick={onEdit} />}
    >
      <div class="stack">
        <KeyValue
          items={[
            [text.up, up === undefined ? text.unknown : spelt(up)],
            [text.down, down === undefined ? text.unknown : spelt(down)],
            [text.profile, called],
            [text.marks, text.markNames[marks]],
          ]}
        />
        {up === undefined ? (
          <Notice
            tone="warn"
            actions={
              configuration.mayEdit && (
                <Button isSmall onClick={onEdit}>
                  {text.setRate}
                </Button>
              )
            }
          >
            {text.noRate}
          </Notice>
        ) : (
          <>
            {profile !== undefined && (
              <div class="titled">
                <h3>{text.shares(profile.name)}</h3>
                <p class="field-help">{text.sharesAbout}</p>
                <Shares profile={profile} />
              </div>
            )}
            <div class="titled">
              <h3>{text.now}</h3>
              <Queue name={name} queue={queue} />
            </div>
          </>
        )}
      </div>
    </Card>
  )
}

/** `40M` → `40 Mbit/s` */
function spelt(text: string): string {
  return `${text.slice(0, -1)} ${text.slice(-1)}bit/s`
}

function Queue({ name, queue }: { readonly name: string; readonly queue: UplinkQueue | null }) {
  if (queue === null) return <p class="quiet">{text.nothingYet}</p>
  return (
    <div class="flush">
      <Table<QueuedClass>
        caption={`${name}: ${text.now}`}
        rows={queue.classes}
        keyOf={({ class: one }) => one}
        columns={[
          {
            head: text.class,
            isRowHead: true,
            cell: ({ class: one }) => (
              <>
                <i class={`class-key class-${one}`} />
                {text.classes[one]}
              </>
            ),
          },
          { head: text.sends, isNumber: true, cell: (one) => rate(one.sentBitsPerSecond) },
          { head: text.waiting, isNumber: true, cell: (one) => bytes(one.waitingBytes) },
          {
            head: text.delay,
            isNumber: true,
            cell: (one) => delay(one.delay?.p95Seconds ?? null),
          },
          {
            head: text.dropped,
            isNumber: true,
            cell: (one) => count(one.droppedByDelay + one.droppedByFull),
          },
          { head: text.marked, isNumber: true, cell: (one) => count(one.markedPackets) },
        ]}
      />
    </div>
  )
}
