/** The site as a picture: uplinks, this box, peers, and how each is reached. What it shows stands in a table behind it as well. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PeerStatus, Status, UplinkStatus } from '../../../firmware/model/local-api.ts'
import type { PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import { linkTo } from '../../live/route.ts'
import { liveOf } from '../../live/samples.ts'
import { Card } from '../../part/card.tsx'
import { Icon, Mark } from '../../part/icon.tsx'
import type { IconName } from '../../part/icon-shapes.ts'
import { Table } from '../../part/table.tsx'
import { type Tone, toneIcons } from '../../part/tone.ts'
import { overviewText } from '../../text/en-overview.ts'
import { delay, rate } from '../../text/format.ts'
import { pathsBy, type UplinkState, uplinkState } from '../uplinks/uplink-state.ts'
import { type LineKind, layOut, type Place, shownPeers, uplinkKind } from './site-map.ts'
import './site-picture.css'

const text = overviewText.map
const kinds = ['used', 'ready', 'relayed', 'untried', 'down'] as const

export interface SitePictureProps {
  readonly status: Status
  /** Null until they are read. */
  readonly paths: PathsAnswer | null
}

export function SitePicture({ status, paths }: SitePictureProps) {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const measure = (): void => setWidth(element.clientWidth)
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [])

  const peers = shownPeers(status, paths)
  const uplinks = status.uplinks.map(({ name, isUp }) => ({
    ...{ name, kind: uplinkKind(name, isUp, peers) },
  }))
  const map = layOut(Math.max(width, 1), uplinks, peers)
  const shown = new Set(
    [...uplinks, ...peers.flatMap((peer) => peer.paths)].map(({ kind }) => kind),
  )
  const rest = status.peers.length - peers.length
  return (
    <Card title={text.title} actions={<Legend shown={shown} />}>
      <div class="map" ref={place} style={{ height: `${map.height}px` }}>
        <svg class="map-lines" width={width} height={map.height} aria-hidden="true">
          {map.lines.map(({ key, kind, d }) => (
            <path key={key} d={d} class={`map-line is-${kind}`} />
          ))}
        </svg>
        <ul aria-label={text.uplinks}>
          {status.uplinks.map((uplink, index) => (
            <UplinkNode
              key={uplink.name}
              state={uplinkState(uplink, status.problems, pathsBy(uplink.name, paths))}
              uplink={uplink}
              place={map.uplinks[index]!}
              isNarrow={map.isNarrow}
            />
          ))}
        </ul>
        <BoxNode status={status} place={map.box} />
        <ul aria-label={text.peers}>
          {peers.map(({ peer }, index) => (
            <PeerNode key={peer.name} peer={peer} place={map.peers[index]!} />
          ))}
        </ul>
      </div>
      {rest > 0 && (
        <p class="map-more">
          <a href={linkTo('peers')}>{text.more(rest)}</a>
        </p>
      )}
      {status.peers.length === 0 && <p class="map-more quiet">{text.noPeers}</p>}
      <Table
        isUnseen
        caption={text.table}
        columns={[
          { head: text.columns.peer, cell: ({ peer }) => peer, isRowHead: true },
          { head: text.columns.uplink, cell: ({ uplink }) => uplink },
          { head: text.columns.state, cell: ({ kind }) => text.kinds[kind] },
        ]}
        rows={peers.flatMap(({ peer, paths: its }) =>
          its.map((path) => ({ peer: peer.name, ...path })),
        )}
        keyOf={({ peer, uplink }) => `${peer} ${uplink}`}
      />
    </Card>
  )
}

function Legend({ shown }: { readonly shown: ReadonlySet<LineKind> }) {
  return (
    <ul class="map-legend" aria-hidden="true">
      {kinds
        .filter((kind) => shown.has(kind))
        .map((kind) => (
          <li key={kind}>
            <svg width="28" height="8" viewBox="0 0 28 8" aria-hidden="true" focusable="false">
              <path d="M2 4h24" class={`map-line is-${kind}`} />
            </svg>
            {text.kinds[kind]}
          </li>
        ))}
    </ul>
  )
}

function BoxNode({ status, place }: { readonly status: Status; readonly place: Place }) {
  return (
    <p class="map-node map-box" style={styleOf(place)}>
      <Mark size={26} />
      <b>{status.site ?? overviewText.noSite}</b>
    </p>
  )
}

interface UplinkNodeProps {
  readonly uplink: UplinkStatus
  readonly state: UplinkState
  readonly place: Place
  readonly isNarrow: boolean
}

function UplinkNode({ uplink, state, place, isNarrow }: UplinkNodeProps) {
  const { name, isUp, throughput } = uplink
  const live = liveOf('uplinks', name)
  const rx = rate(live?.rxBitsPerSecond ?? throughput?.rxBitsPerSecond)
  const tx = rate(live?.txBitsPerSecond ?? throughput?.txBitsPerSecond)
  const words = overviewText.uplink
  const fault = isUp === false ? words.noCarrier : state.tone === 'good' ? '' : state.word
  return (
    <Node href={linkTo('uplinks', name)} name={name} tone={state.tone} place={place}>
      {fault || words.rates(rx, tx, isNarrow ? '\n' : '  ')}
    </Node>
  )
}

function PeerNode({ peer, place }: { readonly peer: PeerStatus; readonly place: Place }) {
  const { name, role } = peer
  return (
    <Node
      href={linkTo('peers', name)}
      name={role === 'hub' ? overviewText.peer.hub(name) : name}
      tone={peerTone(peer)}
      place={place}
    >
      {peerText(peer)}
    </Node>
  )
}

function peerTone({ state, reach }: PeerStatus): Tone {
  if (state === 'connecting') return 'idle'
  if (state !== 'up') return 'bad'
  return reach.how === 'relayed' ? 'warn' : 'good'
}

function peerText({
  name,
  state,
  reach,
  rttSeconds,
  uplink,
  lastHeardSeconds,
}: PeerStatus): string {
  const words = overviewText.peer
  if (state === 'connecting') return words.connecting
  if (state === 'unreached') return words.unreached
  if (state === 'down') return words.down(lastHeardSeconds ?? reach.seconds)
  const rtt = delay(liveOf('peers', name)?.latencySeconds ?? rttSeconds)
  if (reach.how === 'relayed') return words.through(rtt, reach.relay ?? '')
  return words.by(rtt, uplink ?? '')
}

interface NodeProps {
  readonly href: string
  readonly name: string
  readonly tone: Tone
  readonly place: Place
  readonly children: ComponentChildren
}

function Node({ href, name, tone, place, children }: NodeProps) {
  const icon: IconName = toneIcons[tone]
  return (
    <li class={`map-place is-${tone}`} style={styleOf(place)}>
      <a class="map-node" href={href}>
        <Icon name={icon} />
        <span>
          <b>{name}</b>
          <span class="map-about">{children}</span>
        </span>
      </a>
    </li>
  )
}

function styleOf({ x, y, width, height }: Place) {
  return { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` }
}
