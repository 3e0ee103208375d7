/** What an uplink is and has, and first of all why it does not work, where it does not. */
import type { UplinkStatus } from '../../../firmware/model/local-api.ts'
import type { PathAnswer } from '../../../firmware/model/local-api-path.ts'
import { liveOf } from '../../live/samples.ts'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { Notice } from '../../part/notice.tsx'
import { uplinksText } from '../../text/en-uplinks.ts'
import { delay, rate, ratio } from '../../text/format.ts'
import { EntryButton } from '../config/entry-button.tsx'
import { Remedy } from '../remedy.tsx'
import { mtuRange, type UplinkState } from './uplink-state.ts'
import './uplinks.css'

export interface UplinkCardProps {
  readonly uplink: UplinkStatus
  readonly state: UplinkState
  /** By it, to all peers. */
  readonly paths: readonly PathAnswer[]
}

export function UplinkCard({ uplink, state, paths }: UplinkCardProps) {
  const { name, nic, address, gateway, throughput } = uplink
  const live = liveOf('uplinks', name)
  const text = uplinksText.facts
  const mtu = mtuRange(paths)
  const up = paths.filter((path) => path.state === 'up')
  const rx = rate(live?.rxBitsPerSecond ?? throughput?.rxBitsPerSecond)
  const tx = rate(live?.txBitsPerSecond ?? throughput?.txBitsPerSecond)
  return (
    <Card
      title={name}
      actions={
        <span class="actions">
          {paths.some(({ isMetered }) => isMetered) && (
            <Badge icon="info">{uplinksText.metered}</Badge>
          )}
          {paths.some(({ isBackup }) => isBackup) && (
            <Badge icon="clock">{uplinksText.standby}</Badge>
          )}
          <Badge tone={state.tone}>{state.word}</Badge>
          <EntryButton section="uplinks" name={name} />
        </span>
      }
    >
      <div class="stack">
        {state.why !== null && (
          <Notice tone={state.tone} title={state.why} isLive>
            {state.remedy !== null && <Remedy text={state.remedy} />}
          </Notice>
        )}
        <KeyValue
          items={[
            [text.now, uplink.isUp ? `↓ ${rx}  ↑ ${tx}` : null],
            [text.latency, known(live?.latencySeconds, delay)],
            [text.loss, known(live?.lossRatio, ratio)],
            [text.jitter, known(live?.jitterSeconds, delay)],
            [text.address, address.length === 0 ? null : <Lines texts={address} />],
            [text.gateway, gateway],
            [text.nic, <code key="nic">{nic}</code>],
            [text.mtu, mtu === null ? null : text.mtuText(...mtu)],
            [text.peers, paths.length === 0 ? null : text.peersText(up.length, paths.length)],
          ]}
        />
      </div>
    </Card>
  )
}

/** Null is left out. */
function known(value: number | null | undefined, format: (value: number) => string): string | null {
  return value === null || value === undefined ? null : format(value)
}

function Lines({ texts }: { readonly texts: readonly string[] }) {
  return (
    <ul>
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  )
}
