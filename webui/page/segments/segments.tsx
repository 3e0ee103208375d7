/** Segments: what each is called, who is in it here and elsewhere, what it may, and how much it takes at most. */
import { useState } from 'preact/hooks'
import type { DeviceConfig, Segment } from '../../../firmware/model/device-config.ts'
import { linkTo } from '../../live/route.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { frameText } from '../../text/en.ts'
import { segmentsText as text } from '../../text/en-segments.ts'
import { ConfigPage } from '../config/config-page.tsx'
import { EditButton } from '../config/edit-button.tsx'
import type { SoundConfiguration } from '../config/use-config.ts'
import { SegmentForm } from './segment-form.tsx'

export function Page() {
  /** Undefined: none is edited; null: a new one. */
  const [edited, setEdited] = useState<number | null | undefined>(undefined)
  return (
    <ConfigPage
      title={frameText.pages.segments}
      about={text.about}
      actions={({ mayEdit }) =>
        mayEdit && (
          <Button icon="plus" onClick={() => setEdited(null)}>
            {text.add}
          </Button>
        )
      }
    >
      {(configuration) => (
        <>
          <Segments configuration={configuration} onEdit={setEdited} />
          {edited !== undefined && (
            <SegmentForm
              configuration={configuration}
              index={edited}
              onClose={() => setEdited(undefined)}
            />
          )}
        </>
      )}
    </ConfigPage>
  )
}

interface SegmentsProps {
  readonly configuration: SoundConfiguration
  readonly onEdit: (index: number) => void
}

function Segments({ configuration, onEdit }: SegmentsProps) {
  const { config, mayEdit } = configuration
  if (config.segments.length === 0) {
    return (
      <Empty icon="segment" title={text.none}>
        <p>{text.noneText}</p>
      </Empty>
    )
  }
  return (
    <div class="cards">
      {config.segments.map((segment, index) => (
        <Card
          key={segment.name}
          title={
            <>
              {segment.name} <code class="quiet small">VNI {segment.vni}</code>
            </>
          }
          actions={mayEdit && <EditButton name={segment.name} onClick={() => onEdit(index)} />}
        >
          <p class="badges">
            {segment.breakout ? (
              <Badge tone="info" icon="globe">
                {text.breakout}
              </Badge>
            ) : (
              <Badge icon="globe">{text.noBreakout}</Badge>
            )}
            {segment.admin && (
              <Badge tone="info" icon="key">
                {text.admin}
              </Badge>
            )}
            {segment.limit !== undefined && <Badge icon="qos">{limitText(segment.limit)}</Badge>}
          </p>
          <Members config={config} segment={segment} />
        </Card>
      ))}
    </div>
  )
}

function limitText({ up, down }: NonNullable<Segment['limit']>): string {
  const parts = [up === undefined ? '' : text.upTo(up), down === undefined ? '' : text.downTo(down)]
  return `${text.limits}: ${parts.filter(Boolean).join(', ')}`
}

const mostShown = 6

function Members({
  config,
  segment,
}: {
  readonly config: DeviceConfig
  readonly segment: Segment
}) {
  const lans = config.lans.filter((lan) => lan.segment === segment.name)
  const peers = config.peers.flatMap(({ name, segments }) =>
    (segments[segment.name] ?? []).map((prefix) => ({ name, prefix })),
  )
  return (
    <div class="halves">
      <div>
        <h3>{text.here}</h3>
        {lans.length === 0 && <p class="quiet small">{text.nothingHere}</p>}
        <ul class="members">
          {lans.map(({ name, address }) => (
            <li key={name}>
              <a href={linkTo('lans')}>{name}</a>
              {address.map((one) => (
                <code key={one}>{one}</code>
              ))}
            </li>
          ))}
        </ul>
      </div>
      <div>
        <h3>{text.elsewhere}</h3>
        {peers.length === 0 && <p class="quiet small">{text.nothingElsewhere}</p>}
        <ul class="members">
          {peers.slice(0, mostShown).map(({ name, prefix }) => (
            <li key={`${name} ${prefix}`}>
              <a href={linkTo('peers', name)}>{name}</a>
              <code>{prefix}</code>
            </li>
          ))}
        </ul>
        {peers.length > mostShown && (
          <p class="quiet small">{text.more(peers.length - mostShown)}</p>
        )}
      </div>
    </div>
  )
}
